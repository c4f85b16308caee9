package peer

import (
	"cordon/internal/record/wire"
	"cordon/scorer/pane"
)

// Member is what is kept of a terminal for its group, 16 bytes.
type Member struct {
	day            pane.Number // that firsts and the levels are of, since 1970; 0: none
	firsts         uint8       // new destinations that answered
	usual          uint8       // of them on its days before, the older the less
	uplink, starts uint8       // highest levels per pane
	firmware       uint32      // last version that the device reported, as a label; 0: none
	updated        pane.Number // when that last changed; 0: never
}

// Today is what a pane of a terminal adds to its day.
type Today struct {
	Firsts         int
	Uplink, Starts uint8 // levels, see detect.LevelOf
	Trusted        bool  // nothing stands against the terminal: it may teach
}

// Group is the narrowest group of a terminal that has enough members.
type Group struct {
	key     uint64
	Members int64 // 0: there is none that has enough
	All     int64 // terminals of any kind
	Known   bool  // what follows is known
	// Usual is what a new destination is worth less where they are common:
	// P99.9 of new ones in a terminal-day.
	Usual uint8
	// Uplink and Starts are levels: P99.9 and P99.99 of the highest amounts per pane
	// of a terminal-day; 0: not known.
	Uplink, Starts         uint8
	UplinkMost, StartsMost uint8
}

// Mixed reports whether the group is that of terminals of any kind: what is normal
// for it is what the busiest kind does.
func (g *Group) Mixed() bool { return g.key == all }

// firstsLevel spreads counts over the levels of a histogram: one bin each up to 62.
func firstsLevel(count uint8) uint8 { return min(count, 63) * 4 }

// Usual returns how many new destinations a day are usual for a terminal of the
// group: P99.9 of it, or what the terminal itself had lately, if that is less. A
// group of all kinds knows terminals that meet strangers all day; a meter among them
// does not.
func (m *Member) Usual(g *Group) uint8 { return min(g.Usual, m.usual) }

// Tells reports whether the terminal's destinations are worth counting: whoever
// meets strangers all day knows everybody, and would fill the counts with them.
func (m *Member) Tells() bool { return m.firsts < tellsMost }

// tellsMost is how many new destinations a terminal tells of in a day.
const tellsMost = 16

// Add adds a pane to the terminal's day. What it sends teaches only while it is
// trusted; how many strangers it meets always does, for that can take no more from
// the evidence than is usual in the group as well.
func (m *Member) Add(t Today) {
	m.firsts = uint8(min(int(m.firsts)+t.Firsts, 255))
	if t.Trusted {
		m.uplink, m.starts = max(m.uplink, t.Uplink), max(m.starts, t.Starts)
	}
}

// Append appends what is kept of a terminal.
func (m *Member) Append(b []byte) []byte {
	b = append(wire.AppendInt(b, int32(m.day)), m.firsts, m.usual, m.uplink, m.starts)
	return wire.AppendInt(wire.AppendInt(b, int32(m.firmware)), int32(m.updated))
}

// Read reads what Append wrote.
func (m *Member) Read(r *wire.Reader) {
	var b [4]byte
	m.day = pane.Number(r.Int())
	r.Fixed(b[:])
	m.firsts, m.usual, m.uplink, m.starts = b[0], b[1], b[2], b[3]
	m.firmware, m.updated = uint32(r.Int()), pane.Number(r.Int())
}
