package detect

import (
	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/scorer/pane"
)

// Releases counts, over a minute, who releases sessions, and of which slices: what
// befalls so many at once is done to them (a core that starts again, which may take a
// minute to drop everybody).
type Releases struct {
	panes [releasePanes]releases
	last  pane.Number // the newest of them
}

// releases are those of one pane.
type releases struct {
	slices    [releaseSlices]sliceCount
	terminals int64
}

type sliceCount struct {
	label uint32
	count int64
}

const (
	releasePanes  = 6
	releaseSlices = 16
	// releasesNeeded is the least fleet that the gate can tell anything of.
	releasesNeeded = 20
)

// Begin begins pane n, later than all before it.
func (g *Releases) Begin(n pane.Number) {
	for range min(n-g.last, releasePanes) {
		g.last++
		g.panes[g.last%releasePanes] = releases{}
	}
	if g.last < n { // nothing of what is kept is of the last minute
		g.panes, g.last = [releasePanes]releases{}, n
	}
}

// Add takes a terminal's events of the pane.
func (g *Releases) Add(events []pane.Event) {
	now := &g.panes[g.last%releasePanes]
	any := false
	for i := range events {
		e := &events[i]
		if e.Kind == record.KindSession && record.SessionEvent(e.What) == record.SessionReleased {
			any = true
			now.add(sliceCount{e.Slice, 1})
		}
	}
	if any {
		now.terminals++
	}
}

// add counts releases of a slice; beyond releaseSlices they count for nobody.
func (r *releases) add(c sliceCount) {
	for i := range r.slices {
		if s := &r.slices[i]; s.count == 0 || s.label == c.label {
			s.label = c.label
			s.count += c.count
			return
		}
	}
}

// Hold reports whether session churn is held in the pane, of so many terminals: a
// fifth of them release on several slices in it, half of them on any, or two fifths
// within the minute.
func (g *Releases) Hold(all int64) bool {
	if all < releasesNeeded {
		return false
	}
	minute := int64(0)
	for i := range g.panes {
		minute += g.panes[i].terminals
	}
	now := &g.panes[g.last%releasePanes]
	return minute*5 > all*2 || now.terminals*2 > all || now.terminals*5 > all && now.several()
}

// several reports whether a second slice has at least a quarter of the releases that
// the first one has.
func (r *releases) several() bool {
	most, second := int64(0), int64(0)
	for _, s := range r.slices {
		switch {
		case s.count > most:
			most, second = s.count, most
		case s.count > second:
			second = s.count
		}
	}
	return second*4 >= most
}

// Append appends the counts in their stored form.
func (g *Releases) Append(b []byte) []byte {
	b = wire.AppendInt(b, int32(g.last))
	for i := range g.panes {
		p := &g.panes[i]
		b = wire.AppendLong(b, p.terminals)
		for _, s := range p.slices {
			if s.count > 0 {
				b = wire.AppendInt(wire.AppendLong(b, s.count), int32(s.label))
			}
		}
		b = wire.AppendLong(b, 0)
	}
	return b
}

// Read reads what Append wrote, and reports whether it could.
func (g *Releases) Read(r *wire.Reader) bool {
	*g = Releases{last: pane.Number(r.Int())}
	if g.last < 0 {
		return false
	}
	for i := range g.panes {
		p := &g.panes[i]
		p.terminals = r.Long()
		for at := 0; ; at++ {
			count := r.Long()
			if count == 0 || r.Failed() {
				break
			}
			if at == releaseSlices {
				return false
			}
			p.slices[at] = sliceCount{uint32(r.Int()), count}
		}
	}
	return !r.Failed()
}
