package simulate

import "net/netip"

// noAddress is the address of a record that names none.
var noAddress netip.Addr

// supi returns the subscriber of a terminal, in the test network.
func supi(terminal int32) string {
	b := [20]byte([]byte("imsi-001010000000000"))
	digits(b[10:], int64(terminal)+1)
	return string(b[:])
}

// pei returns the equipment of a terminal: type allocation code, serial number
// and check digit (TS 23.003 annex B). Serial numbers repeat after a million.
func (f *Fleet) pei(terminal int32) string {
	device := &f.terminals[terminal]
	code := device.code
	if code == "" {
		code = f.classOf(device).typeAllocationCode
	}
	b := [20]byte([]byte("imei-000000000000000"))
	copy(b[5:], code)
	digits(b[13:19], (int64(terminal)+1+int64(device.equipment))%1_000_000)
	sum := 0
	for i, c := range b[5:19] {
		n := int(c - '0')
		if i%2 == 1 {
			n *= 2
		}
		sum += n/10 + n%10
	}
	b[19] = byte('0' + (10-sum%10)%10)
	return string(b[:])
}

// digits writes a number with leading zeros.
func digits(dst []byte, n int64) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
}

// ueAddress returns the address of a terminal.
func ueAddress(terminal int32) netip.Addr {
	n := uint32(terminal) + 1
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}
