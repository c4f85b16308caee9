package pane

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Infrastructure knows which remote ends serve every terminal of an operator,
// so that their failure says nothing about the terminal: 15 unreachable time
// servers alone would give 41 nats of scan evidence (IoT-23 34-1).
type Infrastructure struct {
	services []service
}

// service is one line of the operator's list.
type service struct {
	prefix   netip.Prefix
	port     uint16 // 0: any
	protocol uint8  // 0: any
}

// NewInfrastructure reads the operator's list: entries of the form CIDR,
// CIDR:port or CIDR:port/tcp|udp; IPv6 with a port in square brackets.
func NewInfrastructure(list []string) (Infrastructure, error) {
	var i Infrastructure
	for _, entry := range list {
		s, err := parseService(entry)
		if err != nil {
			return Infrastructure{}, fmt.Errorf("infrastructure entry %q: %w", entry, err)
		}
		i.services = append(i.services, s)
	}
	return i, nil
}

// parseService reads one entry of the operator's list.
func parseService(entry string) (service, error) {
	var s service
	rest := entry
	if before, found := strings.CutSuffix(entry, "/tcp"); found {
		rest, s.protocol = before, TCP
	} else if before, found := strings.CutSuffix(entry, "/udp"); found {
		rest, s.protocol = before, UDP
	}
	cidr, port, err := splitPort(rest)
	if err != nil {
		return s, err
	}
	s.port = port
	if !strings.Contains(cidr, "/") {
		address, err := netip.ParseAddr(cidr)
		if err != nil {
			return s, fmt.Errorf("neither address nor CIDR")
		}
		s.prefix = netip.PrefixFrom(address, address.BitLen())
		return s, nil
	}
	if s.prefix, err = netip.ParsePrefix(cidr); err != nil {
		return s, fmt.Errorf("neither address nor CIDR")
	}
	return s, nil
}

// splitPort separates "CIDR:port" and "[CIDR]:port".
func splitPort(text string) (string, uint16, error) {
	at := strings.LastIndexByte(text, ':')
	bracketed := strings.HasPrefix(text, "[")
	if at < 0 || (!bracketed && strings.Count(text, ":") > 1) {
		return strings.Trim(text, "[]"), 0, nil
	}
	if bracketed && !strings.Contains(text[:at], "]") {
		return strings.Trim(text, "[]"), 0, nil
	}
	port, err := strconv.ParseUint(text[at+1:], 10, 16)
	if err != nil || port == 0 {
		return "", 0, fmt.Errorf("port: want 1 to 65535")
	}
	return strings.Trim(text[:at], "[]"), uint16(port), nil
}

// Service reports whether the destination is a time, name or address service
// or on the operator's list. Such a destination is never a first contact; a
// flood towards it is still a flood.
func (i *Infrastructure) Service(k Key) bool {
	return k.wellKnown() || i.listed(k)
}

// wellKnown reports whether the port is that of a time, name or address service.
func (k Key) wellKnown() bool {
	if k.Protocol == TCP {
		return k.Port == 53 || k.Port == 853 // DNS, DNS over TLS (RFC 7858)
	}
	if k.Protocol != UDP {
		return false
	}
	switch k.Port {
	case 53, 853, // DNS (RFC 1035), DNS over QUIC (RFC 9250)
		67, 68, 546, 547, // DHCP (RFC 2131), DHCPv6 (RFC 9915)
		123: // NTP (RFC 5905)
		return true
	case 1900, 5353, 5355: // SSDP, mDNS (RFC 6762), LLMNR (RFC 4795)
		// They find neighbours. Towards the internet they are the ports of
		// reflectors, which bots look for.
		return k.Addr().IsPrivate()
	}
	return false
}

// listed reports whether the destination is on the operator's list.
func (i *Infrastructure) listed(k Key) bool {
	if len(i.services) == 0 {
		return false
	}
	address := k.Addr()
	for _, s := range i.services {
		if (s.port == 0 || s.port == k.Port) && (s.protocol == 0 || s.protocol == k.Protocol) && s.prefix.Contains(address) {
			return true
		}
	}
	return false
}

// OnLink reports whether the address never leaves the terminal's own link:
// multicast, broadcast (of a private network of usual size), link-local,
// loopback, unspecified. Traffic to it can't be answered and says nothing.
func (k Key) OnLink() bool {
	a := k.Address
	switch k.Form {
	case FormIPv4:
		return a[12] >= 224 || a[12] == 127 || a[12] == 0 || (a[12] == 169 && a[13] == 254) ||
			a[15] == 255 && k.Addr().IsPrivate()
	case FormIPv6:
		address := netip.AddrFrom16(a)
		return address.IsMulticast() || address.IsLinkLocalUnicast() || address.IsLoopback() || address.IsUnspecified()
	}
	return false
}
