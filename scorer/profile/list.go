package profile

import (
	"bytes"
	"net/netip"
	"slices"
	"strconv"

	"cordon/scorer/pane"
)

// list is a destination list: who is on it, found by address. Its prefixes are few
// in length, so that a look-up is a few probes.
type list struct {
	lines   int
	lengths []int // of prefixes, IPv4 and IPv6 alike
	at      map[netip.Prefix][]listed
	names   map[pane.Key]int32
}

// listed is a line of a list.
type listed struct {
	Destination
	confidence int32 // per cent
}

// parseList reads lines of a destination (ParseDestination) and a confidence in per
// cent, 100 where it is left out. Empty lines, and what follows a number sign, are
// skipped. One line that cannot be read makes the list unreadable: half a list
// would be taken for a whole one.
func parseList(content []byte) (*list, bool) {
	l := &list{at: map[netip.Prefix][]listed{}, names: map[pane.Key]int32{}}
	for line := range bytes.Lines(content) {
		line, _, _ = bytes.Cut(line, []byte("#"))
		words := bytes.Fields(line)
		if len(words) == 0 {
			continue
		}
		d, err := ParseDestination(string(words[0]))
		confidence := 100
		if len(words) == 2 && err == nil {
			confidence, err = strconv.Atoi(string(words[1]))
		}
		if err != nil || len(words) > 2 || confidence < 0 || confidence > 100 {
			return nil, false
		}
		l.add(listed{d, int32(confidence)})
	}
	return l, true
}

// add adds a line.
func (l *list) add(d listed) {
	l.lines++
	if d.Name.Form != pane.FormNone {
		l.names[d.Name] = max(l.names[d.Name], d.confidence)
		return
	}
	l.at[d.Prefix] = append(l.at[d.Prefix], d)
	if !slices.Contains(l.lengths, d.Prefix.Bits()) {
		l.lengths = append(l.lengths, d.Prefix.Bits())
	}
}

// confidence returns with what confidence a destination is on the list, 0 where it
// is not.
func (l *list) confidence(k pane.Key) int32 {
	if k.Form == pane.FormName {
		return l.names[pane.Key{Form: k.Form, Protocol: k.Protocol, Port: k.Port, Address: k.Address}]
	}
	most, address := int32(0), k.Addr()
	for _, length := range l.lengths {
		prefix, err := address.Prefix(length)
		if err != nil { // of the other family
			continue
		}
		for _, d := range l.at[prefix] {
			if d.service(k) {
				most = max(most, d.confidence)
			}
		}
	}
	return most
}
