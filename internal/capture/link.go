package capture

import "encoding/binary"

// Link types of pcap (the LINKTYPE_ registry of tcpdump.org).
const (
	linkNull     = 0   // BSD loopback: address family in the host's order
	linkEthernet = 1   //
	linkRawBSD   = 12  // raw IP as some BSDs number it
	linkRawOpen  = 14  // raw IP as OpenBSD numbers it
	linkRaw      = 101 //
	linkLoop     = 108 // OpenBSD loopback: address family in network order
	linkSLL      = 113 // Linux cooked, version 1
	linkIPv4     = 228 //
	linkIPv6     = 229 //
	linkSLL2     = 276 // Linux cooked, version 2
)

// Ethertypes.
const (
	etherIPv4  = 0x0800
	etherIPv6  = 0x86dd
	etherVLAN  = 0x8100 // IEEE 802.1Q
	etherQinQ  = 0x88a8 // IEEE 802.1ad
	etherQinQ2 = 0x9100 // the same before it was a standard
)

// ipOffset returns where the IP header begins in a frame of the link type.
func ipOffset(link uint32, frame []byte) (int, fate) {
	switch link {
	case linkEthernet:
		return behindTags(frame, 12, 14)
	case linkSLL:
		return behindTags(frame, 14, 16)
	case linkSLL2:
		return behindTags(frame, 0, 20)
	case linkNull, linkLoop:
		return behindFamily(frame)
	case linkRaw, linkRawBSD, linkRawOpen, linkIPv4, linkIPv6:
		return 0, fateFlow
	}
	return 0, fateLink
}

// behindTags skips VLAN tags; the first ethertype is at kind, what it speaks of
// at start.
func behindTags(frame []byte, kind, start int) (int, fate) {
	const maxTags = 8 // more than any switch stacks
	if len(frame) < start {
		return 0, fateMalformed
	}
	for range maxTags {
		switch binary.BigEndian.Uint16(frame[kind:]) {
		case etherIPv4, etherIPv6:
			return start, fateFlow
		case etherVLAN, etherQinQ, etherQinQ2:
			if len(frame) < start+4 {
				return 0, fateMalformed
			}
			kind, start = start+2, start+4
		default:
			return 0, fateNotIP
		}
	}
	return 0, fateMalformed
}

// behindFamily skips the address family of a loopback frame. Its values differ
// between systems and its order is the capturing host's; a family fits in one
// byte either way.
func behindFamily(frame []byte) (int, fate) {
	if len(frame) < 4 {
		return 0, fateMalformed
	}
	switch frame[0] | frame[3] {
	case 2, 10, 24, 28, 30: // AF_INET; AF_INET6 of Linux, NetBSD, FreeBSD, Darwin
		return 4, fateFlow
	}
	return 0, fateNotIP
}

// sentToGroup reports whether the link layer says that a frame, which is long
// enough for its header, went to all or several stations.
func sentToGroup(link uint32, frame []byte) bool {
	const broadcast, multicast = 1, 2 // packet types of Linux cooked captures
	switch link {
	case linkEthernet:
		return frame[0]&1 != 0
	case linkSLL:
		return frame[1] == broadcast || frame[1] == multicast
	case linkSLL2:
		return frame[10] == broadcast || frame[10] == multicast
	}
	return false
}
