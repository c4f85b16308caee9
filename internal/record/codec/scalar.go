package codec

import (
	"bytes"
	"net/netip"
	"reflect"
)

type boolShape struct{}

func (boolShape) toNative(v reflect.Value) any { return v.Bool() }

func (boolShape) fromNative(v reflect.Value, native any) error {
	b, ok := native.(bool)
	if !ok {
		return ErrUndecodable
	}
	v.SetBool(b)
	return nil
}

type intShape struct{}

func (intShape) toNative(v reflect.Value) any { return int32(v.Int()) }

func (intShape) fromNative(v reflect.Value, native any) error {
	n, ok := native.(int32)
	if !ok {
		return ErrUndecodable
	}
	v.SetInt(int64(n))
	return nil
}

type longShape struct{}

func (longShape) toNative(v reflect.Value) any { return v.Int() }

func (longShape) fromNative(v reflect.Value, native any) error {
	n, ok := native.(int64)
	if !ok {
		return ErrUndecodable
	}
	v.SetInt(n)
	return nil
}

// timeShape is a long that plain JSON writes as a point in time.
type timeShape struct{ longShape }

type stringShape struct{}

func (stringShape) toNative(v reflect.Value) any { return v.String() }

func (stringShape) fromNative(v reflect.Value, native any) error {
	s, ok := native.(string)
	if !ok {
		return ErrUndecodable
	}
	v.SetString(s)
	return nil
}

// bytesShape copies: what goavro gives aliases the input.
type bytesShape struct{}

func (bytesShape) toNative(v reflect.Value) any { return v.Bytes() }

func (bytesShape) fromNative(v reflect.Value, native any) error {
	b, ok := native.([]byte)
	if !ok {
		return ErrUndecodable
	}
	v.SetZero()
	if len(b) > 0 {
		v.SetBytes(bytes.Clone(b))
	}
	return nil
}

// fixedShape is an array of bytes.
type fixedShape struct{}

func (fixedShape) toNative(v reflect.Value) any {
	b := make([]byte, v.Len())
	reflect.Copy(reflect.ValueOf(b), v)
	return b
}

func (fixedShape) fromNative(v reflect.Value, native any) error {
	b, ok := native.([]byte)
	if !ok || len(b) != v.Len() {
		return ErrUndecodable
	}
	reflect.Copy(v, reflect.ValueOf(b))
	return nil
}

// addrShape is an address of 4 or 16 bytes. No byte at all is no address: a
// field that must be there may still be of no use.
type addrShape struct{}

func (addrShape) toNative(v reflect.Value) any {
	return v.Interface().(netip.Addr).AsSlice()
}

func (addrShape) fromNative(v reflect.Value, native any) error {
	b, ok := native.([]byte)
	if !ok {
		return ErrUndecodable
	}
	addr, ok := netip.AddrFromSlice(b)
	if !ok && len(b) > 0 {
		return ErrUndecodable
	}
	v.Set(reflect.ValueOf(addr))
	return nil
}

// enumShape keeps the rule value = (index + 1) mod count.
type enumShape struct {
	symbols []string
	values  map[string]uint64
}

func newEnum(symbols []string) enumShape {
	e := enumShape{symbols: symbols, values: make(map[string]uint64, len(symbols))}
	for i, symbol := range symbols {
		e.values[symbol] = uint64((i + 1) % len(symbols))
	}
	return e
}

func (e enumShape) symbol(v reflect.Value) string {
	value := v.Uint()
	if value == 0 || value >= uint64(len(e.symbols)) {
		return e.symbols[len(e.symbols)-1]
	}
	return e.symbols[value-1]
}

func (e enumShape) toNative(v reflect.Value) any { return e.symbol(v) }

func (e enumShape) fromNative(v reflect.Value, native any) error {
	symbol, ok := native.(string)
	if !ok {
		return ErrUndecodable
	}
	v.SetUint(e.values[symbol])
	return nil
}
