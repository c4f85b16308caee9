package capture

import (
	"fmt"
	"net/netip"
	"strings"
)

// Terminal says which subscriber a terminal of the input became.
type Terminal struct {
	Source string // the address, or the SUPI, as the input names it
	SUPI   string // empty: the input names an address and nothing else
}

// String hides the terminal's identity from logs and errors.
func (Terminal) String() string { return "[redacted]" }

// maxTerminals bounds the terminals that are told apart, lest a scan of 10/8
// with forged senders fill the memory. A country's largest operator has more,
// a capture does not.
const maxTerminals = 1 << 22

// names gives test identities to addresses, in order of first appearance.
type names struct {
	list     []Terminal
	bySource map[string]int // index in list
	byAddr   map[netip.Addr]int
	taken    map[string]bool // SUPIs in list
	assigned int
}

func newNames() names {
	return names{bySource: map[string]int{}, byAddr: map[netip.Addr]int{}, taken: map[string]bool{}}
}

// of names the terminal of the item and returns its number, from 1; 0: the
// record speaks of no terminal. False: there are too many.
func (n *names) of(i *item) (int, bool) {
	if i.terminal.IsValid() {
		at, ok := n.assign(i.terminal)
		if ok {
			i.record.SUPI = n.list[at].SUPI
		}
		return at + 1, ok
	}
	source := i.record.SUPI
	if source == "" && i.record.UEAddress.IsValid() {
		source = i.record.UEAddress.String()
	}
	if source == "" {
		return 0, true
	}
	at, known := n.bySource[source]
	if !known {
		if len(n.list) >= maxTerminals {
			return 0, false
		}
		at = len(n.list)
		// The texts may alias a whole record, which is not to be kept for them.
		n.add(Terminal{Source: strings.Clone(source), SUPI: strings.Clone(i.record.SUPI)})
	}
	return at + 1, true
}

// assign returns the index of the address, which gets a SUPI of the test
// network 001-01 (TS 23.003 2.2) that no terminal has so far.
func (n *names) assign(a netip.Addr) (int, bool) {
	if at, known := n.byAddr[a]; known {
		return at, true
	}
	if len(n.list) >= maxTerminals {
		return 0, false
	}
	supi := ""
	for supi == "" || n.taken[supi] {
		n.assigned++
		supi = fmt.Sprintf("imsi-00101%010d", n.assigned)
	}
	n.byAddr[a] = len(n.list)
	n.add(Terminal{Source: a.String(), SUPI: supi})
	return n.byAddr[a], true
}

func (n *names) add(t Terminal) {
	if t.SUPI == t.Source || t.SUPI == "" {
		n.bySource[t.Source] = len(n.list)
	}
	if t.SUPI != "" {
		n.taken[t.SUPI] = true
	}
	n.list = append(n.list, t)
}
