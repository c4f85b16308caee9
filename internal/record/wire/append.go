package wire

import (
	"encoding/binary"
	"net/netip"
)

// AppendInt appends an int.
func AppendInt(dst []byte, n int32) []byte {
	return binary.AppendUvarint(dst, uint64(uint32(n)<<1^uint32(n>>31)))
}

// AppendLong appends a long.
func AppendLong(dst []byte, n int64) []byte {
	return binary.AppendUvarint(dst, uint64(n)<<1^uint64(n>>63))
}

// AppendBool appends a boolean.
func AppendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// AppendString appends a string.
func AppendString(dst []byte, s string) []byte {
	return append(AppendLong(dst, int64(len(s))), s...)
}

// AppendEnum appends the value of a Go enum of count symbols; a value it does
// not have becomes UNKNOWN, the last symbol.
func AppendEnum(dst []byte, value uint8, count int32) []byte {
	if value == 0 || int32(value) >= count {
		return AppendInt(dst, count-1)
	}
	return AppendInt(dst, int32(value)-1)
}

// Indices of a union with null, as they are written.
const (
	null = 0
	some = 2
)

// AppendNull appends the null of a union with null.
func AppendNull(dst []byte) []byte { return append(dst, null) }

// AppendSome appends the index that says a value follows.
func AppendSome(dst []byte) []byte { return append(dst, some) }

// AppendOptString appends a string, or null where it is empty.
func AppendOptString(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, null)
	}
	return AppendString(append(dst, some), s)
}

// AppendAddr appends the bytes of an address, none where it is not valid.
func AppendAddr(dst []byte, addr netip.Addr) []byte {
	switch {
	case addr.Is4():
		b := addr.As4()
		return append(AppendLong(dst, int64(len(b))), b[:]...)
	case addr.IsValid():
		b := addr.As16()
		return append(AppendLong(dst, int64(len(b))), b[:]...)
	}
	return AppendLong(dst, 0)
}

// AppendOptAddr appends the bytes of an address, or null where it is not valid.
func AppendOptAddr(dst []byte, addr netip.Addr) []byte {
	if !addr.IsValid() {
		return append(dst, null)
	}
	return AppendAddr(append(dst, some), addr)
}
