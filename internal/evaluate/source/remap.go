package source

import (
	"encoding/binary"
	"hash/fnv"
	"net/netip"
	"strings"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// Ports says which ports are mapped.
type Ports int

// What may happen to ports.
const (
	PortsKept Ports = iota
	// PortsOrdinary are all but those of time, name and address services, which
	// the scorer knows by their numbers.
	PortsOrdinary
	PortsAll
)

// Remap says how the records of a source are rewritten. The zero value leaves
// them as they are.
type Remap struct {
	// Shift is added to every time.
	Shift record.Micros
	// Key chooses the map of addresses and ports; 0: addresses are kept.
	Key uint64
	// Ports that are mapped.
	Ports Ports
	// Rename gives subscribers of the test network 001-01 numbers from 9·10^9 on,
	// which no simulated fleet uses.
	Rename bool
}

// Remapped is a source whose records are rewritten.
type Remapped struct {
	source    Source
	rules     Remap
	addresses map[netip.Addr]netip.Addr
	ports     map[int32]int32
	names     map[string]string
}

// NewRemapped rewrites the records of a source.
func NewRemapped(s Source, rules Remap) *Remapped {
	return &Remapped{source: s, rules: rules, addresses: map[netip.Addr]netip.Addr{}, ports: portMap(rules.Ports, rules.Key), names: map[string]string{}}
}

// Next implements Source.
func (r *Remapped) Next(t *raw.Telemetry) error {
	if err := r.source.Next(t); err != nil {
		return err
	}
	t.Shift(r.rules.Shift)
	if r.rules.Rename {
		t.SUPI = r.name(t.SUPI)
	}
	if r.rules.Key != 0 {
		t.UEAddress = r.address(t.UEAddress)
		t.Session.OtherUEAddress = r.address(t.Session.OtherUEAddress)
		t.Flow.RemoteAddress = r.address(t.Flow.RemoteAddress)
	}
	if f := &t.Flow; t.Kind == record.KindFlow && hasPorts(f.Protocol) {
		f.RemotePort = r.port(f.RemotePort)
		if f.LocalPort.Set {
			f.LocalPort.Value = r.port(f.LocalPort.Value)
		}
	}
	return nil
}

// hasPorts reports whether the protocol is TCP or UDP: the ports of others tell
// of something else.
func hasPorts(protocol int32) bool { return protocol == 6 || protocol == 17 }

// name is what a subscriber is called.
func (r *Remapped) name(supi string) string {
	const network = "imsi-001010"
	number, ok := strings.CutPrefix(supi, network)
	if !ok {
		return supi
	}
	name, ok := r.names[supi]
	if !ok {
		name = network[:len(network)-1] + "9" + number
		r.names[strings.Clone(supi)] = name
	}
	return name
}

func (r *Remapped) port(p int32) int32 {
	if to, ok := r.ports[p]; ok {
		return to
	}
	return p
}

func (r *Remapped) address(a netip.Addr) netip.Addr {
	if !a.IsValid() {
		return a
	}
	to, ok := r.addresses[a]
	if !ok {
		to = mapAddress(a, r.rules.Key)
		r.addresses[a] = to
	}
	return to
}

// mapAddress maps addresses one to one so that two keep the length of the prefix
// that they share, in the manner of Crypto-PAn (Xu et al., 2002): a bit is turned
// round as a hash of the bits before it says. What kind of address it is stays,
// for it says where the far end is: the first octet, two where special ranges
// begin with it, and the last octet of a private one, which may be a broadcast.
func mapAddress(a netip.Addr, key uint64) netip.Addr {
	a = a.Unmap()
	if a.IsMulticast() || a.IsLinkLocalUnicast() || a.IsLoopback() || a.IsUnspecified() {
		return a
	}
	bytes := a.AsSlice()
	first, last := 16, 8*len(bytes)
	if a.Is4() {
		switch first = 8; bytes[0] {
		case 0, 255:
			return a
		case 100, 169, 172, 192, 198, 203: // RFC 6890
			first = 16
		}
		if a.IsPrivate() {
			last = 24
		}
	}
	out := append([]byte(nil), bytes...)
	for bit := first; bit < last; bit++ {
		if turns(bytes, bit, key) {
			out[bit/8] ^= 0x80 >> (bit % 8)
		}
	}
	to, _ := netip.AddrFromSlice(out)
	return to
}

// turns is a bit that depends on the key and the bits before one.
func turns(bytes []byte, bit int, key uint64) bool {
	prefix := make([]byte, 0, 32)
	prefix = binary.LittleEndian.AppendUint64(prefix, key)
	prefix = append(prefix, byte(bit))
	prefix = append(prefix, bytes[:bit/8]...)
	prefix = append(prefix, bytes[bit/8]&^(0xff>>(bit%8)))
	h := fnv.New64a()
	h.Write(prefix)
	n := h.Sum64()
	return (n^n>>29^n>>47)&1 == 1
}

// services are ports that the scorer knows: DNS, DHCP, NTP, SSDP, mDNS, LLMNR.
var services = map[int32]bool{53: true, 67: true, 68: true, 123: true, 546: true, 547: true, 853: true, 1900: true, 5353: true, 5355: true}

// portMap maps ports one to one: it turns the list of those that take part round,
// in steps that reach all of them. Port 0 stands for none.
func portMap(which Ports, key uint64) map[int32]int32 {
	if which == PortsKept {
		return nil
	}
	var list []int32
	for p := int32(1); p <= 65535; p++ {
		if which == PortsAll || !services[p] {
			list = append(list, p)
		}
	}
	n := uint64(len(list))
	step := n/3 + key%997
	for gcd(step, n) != 1 {
		step++
	}
	all := make(map[int32]int32, n)
	for i, p := range list {
		all[p] = list[(uint64(i)*step+key%n+1)%n]
	}
	return all
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
