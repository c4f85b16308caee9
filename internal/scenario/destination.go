package scenario

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// destinations are the remote ends of traffic, taken in turn.
type destinations struct {
	first       netip.Addr
	addresses   uint64 // how many, from first on
	port, ports uint64
}

// scanned is where a scan goes unless the line says otherwise: the addresses
// set aside for benchmarks (RFC 2544), which nobody has.
const scanned = "198.18.0.0/15"

// nth returns the destination of the i-th flow: all addresses in turn, then the
// next port.
func (d destinations) nth(i uint64) (netip.Addr, int32) {
	address := d.first
	if step := i % d.addresses; step != 0 {
		b := address.AsSlice()
		tail := b[len(b)-4:]
		binary.BigEndian.PutUint32(tail, binary.BigEndian.Uint32(tail)+uint32(step))
		address, _ = netip.AddrFromSlice(b)
	}
	turn := i
	if d.ports > 1 && d.addresses > 1 {
		turn = i / d.addresses
	}
	return address, int32(d.port + turn%d.ports)
}

// parseDestinations reads "203.0.113.5:443", "203.0.113.1-15:123",
// "198.18.0.0/15:23", "203.0.113.7:1-60000", "[2001:db8::1]:443", or an
// address without a port.
func parseDestinations(text string) (destinations, error) {
	host, ports := text, ""
	if rest, bracketed := strings.CutPrefix(text, "["); bracketed {
		var closed bool
		if host, ports, closed = strings.Cut(rest, "]"); !closed {
			return destinations{}, fmt.Errorf("%q: the bracket is not closed", text)
		}
		ports = strings.TrimPrefix(ports, ":")
	} else if strings.Count(text, ":") == 1 {
		host, ports, _ = strings.Cut(text, ":")
	}
	d, err := parseHosts(host)
	if err == nil && ports != "" {
		d.port, d.ports, err = parsePorts(ports)
	}
	if err != nil {
		return destinations{}, fmt.Errorf("%q: %w", text, err)
	}
	return d, nil
}

func parseHosts(host string) (destinations, error) {
	bad := fmt.Errorf("want an address, 203.0.113.1-15 or 198.18.0.0/15")
	d := destinations{addresses: 1, ports: 1}
	if prefix, err := netip.ParsePrefix(host); err == nil {
		free := prefix.Addr().BitLen() - prefix.Bits()
		d.first, d.addresses = prefix.Masked().Addr(), 1<<min(free, 20)
		return d, nil
	}
	low, high, ranged := strings.Cut(host, "-")
	var err error
	if d.first, err = netip.ParseAddr(low); err != nil || d.first.Zone() != "" {
		return d, bad
	}
	if ranged {
		last, err := strconv.ParseUint(high, 10, 8)
		from := uint64(d.first.AsSlice()[len(d.first.AsSlice())-1])
		if err != nil || last < from {
			return d, bad
		}
		d.addresses = last - from + 1
	}
	return d, nil
}

func parsePorts(text string) (first, count uint64, err error) {
	low, high, ranged := strings.Cut(text, "-")
	first, err = strconv.ParseUint(low, 10, 16)
	last := first
	if err == nil && ranged {
		last, err = strconv.ParseUint(high, 10, 16)
	}
	if err != nil || last < first {
		return 0, 1, fmt.Errorf("want a port or a range of ports")
	}
	return first, last - first + 1, nil
}
