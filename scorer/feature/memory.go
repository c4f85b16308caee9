package feature

import (
	"math/bits"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// Spans of memory.
const (
	// contactedSpan is how long a destination that failed is no first contact
	// again (once in 24 h, detection reference 3.12).
	contactedSpan = pane.Number(record.Day / pane.Length)
	// answeredSpan is the age after which an answer makes a destination known
	// (3.12, 10), and the length of one generation of answered ones.
	answeredSpan = pane.Number(record.Day / pane.Length)
	// knownSpan is how long a known destination stays so without an answer: one
	// to two spans.
	knownSpan = pane.Number(7 * record.Day / pane.Length)
	// holdSpan is how long a failing known destination excuses failures on its
	// protocol and port (3.12, 8).
	holdSpan = pane.Number(10 * record.Minute / pane.Length)
)

// words of one filter: 512 bits, half full at about 88 destinations.
const words = 8

// halfFull is the number of set bits at which a filter hides one new
// destination in 16; then a new generation begins, so that a scanner or a rich
// terminal forgets early instead of being blind for long.
const halfFull = words * 64 / 2

// filter is a Bloom filter of four hashes.
type filter [words]uint64

// has reports whether the hash was added, or may have been.
func (f *filter) has(hash uint64) bool {
	for range 4 {
		if f[hash>>6%words]&(1<<(hash%64)) == 0 {
			return false
		}
		hash >>= 9
	}
	return true
}

// add adds a hash. It takes the low bits: the high ones of a sampled hash are
// small by selection.
func (f *filter) add(hash uint64) {
	for range 4 {
		f[hash>>6%words] |= 1 << (hash % 64)
		hash >>= 9
	}
}

// full reports whether it is time for a new generation.
func (f *filter) full() bool {
	set := 0
	for _, w := range f {
		set += bits.OnesCount64(w)
	}
	return set >= halfFull
}

// Hold excuses failures on the protocol and port of a known destination that
// failed: an outage sends terminals to fallbacks that fail as well.
type Hold struct {
	Until    pane.Number // first pane that is not excused
	Port     uint16
	Protocol uint8
}

// Memory is what is remembered of a terminal's destinations, 488 bytes. A
// false "remembered" hides one contact, never invents one.
type Memory struct {
	contacted      [2]filter // failed first contacts; [0] is the present generation
	answered       [3]filter // that answered; [2] ended at answeredEnd[1]
	known          [2]filter // answered again at least 24 h later
	contactedSince pane.Number
	answeredSince  pane.Number // start of answered[0], the end of answered[1]
	answeredEnd    pane.Number // end of answered[2]
	knownSince     pane.Number
	holds          [4]Hold
}

// Known reports whether a destination answered on at least two occasions 24 h
// apart.
func (m *Memory) Known(hash uint64) bool { return m.known[0].has(hash) || m.known[1].has(hash) }

// Met reports whether a destination is remembered at all, so that a contact is
// no first one.
func (m *Memory) Met(hash uint64) bool {
	return m.answered[0].has(hash) || m.answered[1].has(hash) || m.answered[2].has(hash) ||
		m.contacted[0].has(hash) || m.contacted[1].has(hash) || m.Known(hash)
}

// Answered reports whether a destination answered before.
func (m *Memory) Answered(hash uint64) bool {
	return m.answered[0].has(hash) || m.answered[1].has(hash) || m.answered[2].has(hash) || m.Known(hash)
}

// Age begins the generations that are due at pane n, before it is read.
func (m *Memory) Age(n pane.Number) {
	if n-m.contactedSince >= contactedSpan || m.contacted[0].full() {
		m.contacted[1] = m.contacted[0]
		if n-m.contactedSince >= 2*contactedSpan {
			m.contacted[1] = filter{}
		}
		m.contacted[0], m.contactedSince = filter{}, n
	}
	if n-m.answeredSince >= answeredSpan || m.answered[0].full() {
		m.answered[2], m.answered[1], m.answered[0] = m.answered[1], m.answered[0], filter{}
		m.answeredEnd, m.answeredSince = m.answeredSince, n
	}
	if n-m.knownSince >= knownSpan || m.known[0].full() {
		m.known[1] = m.known[0]
		if n-m.knownSince >= 2*knownSpan {
			m.known[1] = filter{}
		}
		m.known[0], m.knownSince = filter{}, n
	}
}
