package pane

import (
	"encoding/binary"
	"math/bits"
	"net/netip"

	"cordon/internal/record"
)

// Form says what the Address of a Key holds.
type Form uint8

// Forms of an address.
const (
	FormNone  Form = iota // no address is known
	FormIPv4              // the last 4 bytes
	FormIPv6              // all 16 bytes
	FormToken             // keyed token of another terminal's address
	FormName              // hash of a registrable domain that was asked for
)

// Key names a destination: what a terminal can contact, and D1 counts once.
type Key struct {
	Address  [16]byte
	Port     uint16 // 0: any port, or a protocol without ports
	Protocol uint8  // IANA number
	Form     Form
	Inbound  bool // the far end opened the flows; Port is 0
}

// Protocols that detectors tell apart (IANA).
const (
	ICMP   = 1
	TCP    = 6
	UDP    = 17
	ICMPv6 = 58
)

// KeyOf returns the destination of a flow.
func KeyOf(f *record.Flow) Key {
	k := Key{Port: uint16(f.RemotePort), Protocol: uint8(f.Protocol)}
	switch a := f.RemoteAddress.Unmap(); {
	case a.Is4():
		b := a.As4()
		copy(k.Address[12:], b[:])
		k.Form = FormIPv4
	case a.Is6():
		k.Address = a.As16()
		k.Form = FormIPv6
	case !f.RemoteToken.IsZero():
		k.Address = f.RemoteToken
		k.Form = FormToken
	}
	return k
}

// Addr returns the address of the key; invalid where it has none or a token.
func (k Key) Addr() netip.Addr {
	switch k.Form {
	case FormIPv4:
		return netip.AddrFrom4([4]byte(k.Address[12:]))
	case FormIPv6:
		return netip.AddrFrom16(k.Address)
	}
	return netip.Addr{}
}

// AnyPort returns the key with the port left open.
func (k Key) AnyPort() Key {
	k.Port = 0
	return k
}

// End returns a label of the remote end, whatever protocol and port: only equality
// counts. 0 where no address is known, or a name is meant.
func (k Key) End() uint32 {
	if k.Form == FormNone || k.Form == FormName {
		return 0
	}
	end := Key{Address: k.Address, Form: k.Form}
	return max(uint32(end.Hash(Seed{})), 1)
}

// Seed keys the hash of one terminal. It is made from the pseudonym, which the
// terminal cannot know, so that nobody can choose destinations that fall out
// of the sample.
type Seed struct{ low, high uint64 }

// SeedOf returns the seed of a terminal.
func SeedOf(p record.Pseudonym) Seed {
	return Seed{binary.LittleEndian.Uint64(p[:8]), binary.LittleEndian.Uint64(p[8:])}
}

// Hash returns the keyed hash by which the key is sampled and remembered.
func (k Key) Hash(s Seed) uint64 {
	a := binary.LittleEndian.Uint64(k.Address[:8]) ^ s.low
	b := binary.LittleEndian.Uint64(k.Address[8:]) ^ s.high
	c := uint64(k.Port) | uint64(k.Protocol)<<16 | uint64(k.Form)<<24
	h := mix(a^0x9e3779b97f4a7c15, b^0xc2b2ae3d27d4eb4f)
	hash := mix(h^c, 0x165667b19e3779f9) ^ mix(h^0x27d4eb2f165667c5, c^s.low)
	if k.Inbound || k.Form == FormName {
		return hash | inboundBit
	}
	return hash &^ inboundBit
}

// inboundBit is set in the hash of what the far end opened, and of names: where a
// pane has more destinations than room, those go first. Strangers that connect to
// a terminal must not push out what it does itself.
const inboundBit = 1 << 63

// NameOf returns the destination that stands for a domain that was asked for.
func NameOf(domain string) Key {
	const prime = 0x100000001b3 // FNV-1a
	a, b := uint64(0xcbf29ce484222325), uint64(0x9e3779b97f4a7c15)
	for i := range len(domain) {
		c := uint64(domain[i])
		a, b = (a^c)*prime, (b^c)*prime
	}
	k := Key{Form: FormName, Protocol: UDP, Port: 53}
	binary.LittleEndian.PutUint64(k.Address[:8], a)
	binary.LittleEndian.PutUint64(k.Address[8:], mix(b, prime))
	return k
}

// mix folds the 128-bit product of two words.
func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}
