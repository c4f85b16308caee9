package simulate

import (
	"encoding/binary"
	"net/netip"
)

// IANA protocol numbers.
const (
	tcp = 6
	udp = 17
)

// service is a far end that terminals speak with: one or more hosts.
type service struct {
	domain   string
	protocol int32
	port     int32
	first    netip.Addr // hosts follow each other
	hosts    int64
	// anyone: each conversation is with a host of its own; otherwise a terminal
	// keeps to one.
	anyone bool
	dead   int64 // so many of the hosts never answer, in a lifelike fleet
	flaky  int64 // so many of a thousand conversations fail for no reason
	mute   bool  // no host ever answers
	// rotates: its hosts move to other addresses now and then, for they stand in
	// a content network.
	rotates bool
	plain   bool // nothing names the domain on the wire
}

// host returns the address of a host of the service.
func (s *service) host(n int64) netip.Addr { return after(s.first, n) }

// after returns the IPv4 address n above a: all terminals have IPv4 sessions.
func after(a netip.Addr, n int64) netip.Addr {
	b := a.As4()
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])+uint32(n))
	return netip.AddrFrom4(b)
}

// The operator's resolvers, and what every device may need. Benign hosts lie in
// 198.18.0.0/16 of the benchmark range (RFC 2544).
var (
	resolver    = service{protocol: udp, port: 53, first: netip.MustParseAddr("198.18.0.53"), hosts: 2}
	timeServer  = service{domain: "time.example.net", protocol: udp, port: 123, first: netip.MustParseAddr("198.18.0.123"), hosts: 4, dead: 1, plain: true}
	updates     = service{domain: "updates.example.org", protocol: tcp, port: 443, first: netip.MustParseAddr("198.18.2.1"), hosts: 8, rotates: true}
	publicCloud = service{domain: "cdn.example.org", protocol: tcp, port: 443, first: netip.MustParseAddr("198.18.128.0"), hosts: 16_384, anyone: true, flaky: 15}
)

// captivePortal is what answers for every host where a network wants a person to
// agree first.
var captivePortal = service{protocol: tcp, port: 443, first: netip.MustParseAddr("198.18.0.80"), hosts: 1, plain: true}

// peerHosts are the homes from which people look at their cameras.
var peerHosts = netip.MustParseAddr("198.18.64.0")

// ownHosts begin the addresses of servers of one's own classes, 256 for each.
var ownHosts = netip.MustParseAddr("198.18.192.10")

// otherSite is how far above a main server's hosts those lie that stand in for
// them, and overrunPerMille how many conversations of a thousand they can take.
const (
	otherSite       = 100
	overrunPerMille = 700
)

// The main server of each class.
var (
	headEnd      = service{domain: "head-end.example.com", protocol: tcp, port: 4059, first: netip.MustParseAddr("198.18.16.10"), hosts: 2, plain: true}
	fleetBroker  = service{domain: "fleet.example.com", protocol: tcp, port: 8883, first: netip.MustParseAddr("198.18.17.10"), hosts: 4}
	cameraCloud  = service{domain: "video.example.com", protocol: tcp, port: 443, first: netip.MustParseAddr("198.18.18.10"), hosts: 16, rotates: true}
	acquirer     = service{domain: "acquirer.example.com", protocol: tcp, port: 443, first: netip.MustParseAddr("198.18.19.10"), hosts: 2}
	gatewayCloud = service{domain: "manage.example.com", protocol: tcp, port: 7547, first: netip.MustParseAddr("198.18.20.10"), hosts: 1}
	plantServer  = service{domain: "plant.example.com", protocol: tcp, port: 4840, first: netip.MustParseAddr("198.18.21.10"), hosts: 1, plain: true}
	rendezvous   = service{domain: "p2p.example.com", protocol: udp, port: 32100, first: netip.MustParseAddr("198.18.23.10"), hosts: 6, plain: true}
	healthCloud  = service{domain: "health.example.com", protocol: tcp, port: 443, first: netip.MustParseAddr("198.18.22.10"), hosts: 4, rotates: true}
)

// The far ends of attacks lie apart from benign ones: hosts that are scanned or
// that strangers reach through a terminal in 198.19.0.0/16 of the benchmark range,
// the network of the carpet in 198.51.100.0/24, a proxy's customers in
// 192.0.2.0/24 and everything else in 203.0.113.0/24 (RFC 5737).
var (
	scanTargets   = targets{netip.MustParseAddr("198.19.0.0"), 32_768}
	telnetPorts   = []int32{23, 23, 23, 23, 23, 23, 23, 23, 23, 2323}
	udpVictim     = targets{netip.MustParseAddr("203.0.113.80"), 1}
	synVictim     = targets{netip.MustParseAddr("203.0.113.81"), 1}
	pulseVictim   = targets{netip.MustParseAddr("203.0.113.83"), 1}
	carpetVictims = targets{netip.MustParseAddr("198.51.100.0"), 256}
	webVictim     = service{domain: "shop.example", protocol: tcp, port: 80, first: netip.MustParseAddr("203.0.113.82"), hosts: 1, plain: true}
	commandServer = service{protocol: tcp, port: 4321, first: netip.MustParseAddr("203.0.113.66"), hosts: 1, plain: true}
	silentServer  = service{protocol: tcp, port: 6667, first: netip.MustParseAddr("203.0.113.65"), hosts: 1, plain: true, mute: true}
	dropServer    = service{protocol: tcp, port: 8443, first: netip.MustParseAddr("203.0.113.67"), hosts: 1, plain: true}
	slowDrop      = service{protocol: tcp, port: 443, first: netip.MustParseAddr("203.0.113.68"), hosts: 1, plain: true}
	miningPool    = service{protocol: tcp, port: 3333, first: netip.MustParseAddr("203.0.113.72"), hosts: 3, plain: true}
	mimicHost     = netip.MustParseAddr("203.0.113.70")
	relayed       = service{protocol: tcp, port: 443, first: netip.MustParseAddr("198.19.128.0"), hosts: 32_768, anyone: true, plain: true}
	customers     = service{protocol: tcp, port: 1080, first: netip.MustParseAddr("192.0.2.1"), hosts: 250, anyone: true, plain: true}
)

// targets are the addresses an attack is aimed at.
type targets struct {
	first netip.Addr
	count int64
}
