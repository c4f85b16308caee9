package profile

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// Destination is a rule about remote ends: addresses or a domain, and where they are
// given a protocol and ports.
type Destination struct {
	Prefix   netip.Prefix // invalid where Name is set
	Name     pane.Key     // of the domain; FormNone where Prefix is set
	Protocol uint8        // 0: any
	From, To uint16       // ports; 0, 0: any
}

// errDestination says what a destination looks like.
var errDestination = errors.New("want ADDRESS, CIDR or DOMAIN, with :PORT and /tcp or /udp where they matter")

// ParseDestination reads the text of a decision or of a destination list: an
// address, a CIDR or a registrable domain, then :PORT, then /tcp or /udp where they
// matter; an IPv6 address with a port in square brackets.
func ParseDestination(text string) (Destination, error) {
	var d Destination
	if before, found := strings.CutSuffix(text, "/tcp"); found {
		text, d.Protocol = before, pane.TCP
	} else if before, found := strings.CutSuffix(text, "/udp"); found {
		text, d.Protocol = before, pane.UDP
	}
	host, port := splitPort(text)
	if port != "" {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil || number == 0 {
			return d, errDestination
		}
		d.From, d.To = uint16(number), uint16(number)
	}
	return d, d.setHost(host)
}

// splitPort separates the port, empty where there is none.
func splitPort(text string) (host, port string) {
	if inside, found := strings.CutPrefix(text, "["); found {
		host, rest, _ := strings.Cut(inside, "]")
		return host, strings.TrimPrefix(rest, ":")
	}
	if strings.Count(text, ":") == 1 {
		host, port, _ = strings.Cut(text, ":")
		return host, port
	}
	return text, ""
}

// setHost reads an address, a CIDR or a domain.
func (d *Destination) setHost(host string) error {
	if address, err := netip.ParseAddr(host); err == nil && address.Zone() == "" {
		d.Prefix = netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen())
		return nil
	}
	if prefix, err := netip.ParsePrefix(host); err == nil {
		d.Prefix = prefix.Masked()
		return nil
	}
	if host == "" || strings.ContainsAny(host, "/: ") {
		return errDestination
	}
	d.Name = pane.NameOf(strings.ToLower(strings.TrimSuffix(host, ".")))
	return nil
}

// destinationOf reads a rule of a profile; one that cannot be read allows nothing.
func destinationOf(r *record.AllowRule) (Destination, bool) {
	host := r.AddressPrefix
	if host == "" {
		host = r.Domain
	}
	d := Destination{Protocol: uint8(r.Protocol.Or(0)), From: uint16(r.PortFrom.Or(0))}
	d.To = uint16(r.PortTo.Or(int32(d.From)))
	return d, d.setHost(host) == nil
}

// Matches reports whether a destination is meant. A domain means the questions for
// its name alone: which addresses belong to it, telemetry does not say.
func (d *Destination) Matches(k pane.Key) bool {
	if d.Name.Form != pane.FormNone {
		return k.Form == pane.FormName && k.Address == d.Name.Address
	}
	return d.service(k) && d.Prefix.Contains(k.Addr())
}

// service reports whether protocol and port are meant.
func (d *Destination) service(k pane.Key) bool {
	return (d.Protocol == 0 || d.Protocol == k.Protocol) && (d.To == 0 || k.Port >= d.From && k.Port <= d.To)
}
