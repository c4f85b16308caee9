package detect

import (
	"fmt"

	"cordon/internal/record"
	"cordon/internal/record/wire"
	"cordon/scorer/pane"
)

// Find explains what stands against the destination with the most evidence.
func (d *Destinations) Find(f Family, _ pane.Number) Finding {
	b := &d.blamed
	c := &b.count
	found := Finding{Feature: "newDestinationFailing", Reference: record.ReferencePrior, Exception: record.WrongDestinationAddress}
	switch {
	case b.key.Inbound:
		found.Feature = FeatureInbound
	case b.answered:
		found.Feature = FeatureAnswered
	}
	if b.peers {
		found.Reference = record.ReferencePeer
	}
	found.Samples = []string{blamedInWords(b.key)}
	switch f {
	case Novelty:
		found.Unit, found.Value, found.Expected = "attempts", int64(c.tried), int64(c.ok)
		found.Samples = append(found.Samples, fmt.Sprintf("%d attempts, %d answered", c.tried, c.ok))
	case Beaconing:
		found.Feature, found.Exception = "contactRhythm", record.UnexpectedLongLiveFlow
		found.Unit, found.Value = "gaps", int64(c.gaps)
		found.Samples = append(found.Samples, fmt.Sprintf("%d gaps of %d s in the mean", c.gaps, c.mean/1000))
	case Volume:
		found.Feature, found.Unit, found.Reference = FeatureTransfer, "bytes", record.ReferenceLimit
		found.Value, found.Expected = int64(c.dl), inboundLimit
	case Exfiltration:
		found.Feature, found.Exception = "uplinkToNewDestination", record.UnexpectedLargeRateFlow
		found.Unit, found.Value, found.Expected = "bytes", int64(c.ul), int64(exfiltrationPanes*c.normal)
		found.Samples = append(found.Samples, fmt.Sprintf("%d bytes up, %d down", c.ul, c.dl))
	}
	return found
}

// blamedInWords names a destination without a name that could be anybody's.
func blamedInWords(k pane.Key) string {
	switch {
	case k.Form == pane.FormName:
		return "a domain that was asked for"
	case !k.Addr().IsValid():
		return "another terminal"
	case k.Inbound:
		return "opened by " + k.Addr().String()
	}
	return fmt.Sprintf("%s port %d, protocol %d", k.Addr(), k.Port, k.Protocol)
}

// Append appends what is kept in its stored form: panes by their distance from the
// one the terminal was last seen in.
func (d *Destinations) Append(b []byte, last pane.Number) []byte {
	b = wire.AppendInt(wire.AppendInt(b, int32(d.retry.Value)), d.retries)
	for _, n := range [...]pane.Number{d.retry.At, d.lastRetry, d.last, d.blamed.last} {
		b = pane.AppendNumber(b, n, last)
	}
	if d.blamed.last != 0 {
		b = d.blamed.append(b)
	}
	for i := range d.slots {
		b = d.slots[i].append(b, last)
	}
	return d.repetition.append(d.outage.append(b, last), last)
}

// Read reads what Append wrote, and reports whether it could.
func (d *Destinations) Read(r *wire.Reader, last pane.Number) bool {
	*d = Destinations{}
	d.retry.Value, d.retries = Nats(r.Int()), r.Int()
	for _, n := range [...]*pane.Number{&d.retry.At, &d.lastRetry, &d.last, &d.blamed.last} {
		*n = pane.ReadNumber(r, last)
	}
	if d.blamed.last != 0 {
		d.blamed.read(r)
	}
	for i := range d.slots {
		d.slots[i].read(r, last)
	}
	d.outage.read(r, last)
	d.repetition.read(r, last)
	return !r.Failed()
}

// Bits of what a stored slot or evidence tells.
const (
	tellsUsed = 1 << iota
	tellsExcused
	tellsCustomary
	tellsVictim
	tellsAnswered
	tellsRich
	tellsPeers
	tellsFlooded
)

// tellsProven is in place of tellsAnswered in a slot.
const tellsProven = tellsAnswered

// bit returns a bit where it is set.
func bit(set bool, b byte) byte {
	if set {
		return b
	}
	return 0
}

func (v *verdictOn) append(b []byte) []byte {
	b = append(b, bit(v.answered, tellsAnswered)|bit(v.rich, tellsRich)|bit(v.peers, tellsPeers)|bit(v.victim, tellsFlooded))
	b = v.key.Append(b)
	for _, n := range v.nats {
		b = wire.AppendInt(b, int32(n))
	}
	c := &v.count
	for _, n := range [...]uint64{uint64(c.tried), uint64(c.ok), uint64(c.flows), uint64(c.gaps), uint64(c.mean), c.ul, c.dl, c.normal} {
		b = wire.AppendLong(b, int64(n))
	}
	return b
}

func (v *verdictOn) read(r *wire.Reader) {
	var b [1]byte
	r.Fixed(b[:])
	v.answered, v.rich, v.peers = b[0]&tellsAnswered != 0, b[0]&tellsRich != 0, b[0]&tellsPeers != 0
	v.victim = b[0]&tellsFlooded != 0
	v.key.Read(r)
	for i := range v.nats {
		v.nats[i] = Nats(r.Int())
	}
	c := &v.count
	c.tried, c.ok, c.flows = uint32(r.Long()), uint32(r.Long()), uint32(r.Long())
	c.gaps, c.mean = int32(r.Long()), int32(r.Long())
	c.ul, c.dl, c.normal = uint64(r.Long()), uint64(r.Long()), uint64(r.Long())
}

func (s *slot) append(b []byte, last pane.Number) []byte {
	if !s.used {
		return append(b, 0)
	}
	b = append(b, tellsUsed|bit(s.excused, tellsExcused)|bit(s.customary, tellsCustomary)|bit(s.victim, tellsVictim)|bit(s.proven, tellsProven), s.failedPanes, s.okPanes)
	b = s.key.Append(b)
	b = pane.AppendNumber(pane.AppendNumber(b, s.first, last), s.last, last)
	for _, n := range [...]int64{
		int64(s.sup), s.contact, int64(s.mean), int64(s.gaps), int64(s.rhythm), int64(s.tried), int64(s.ok),
		int64(s.early[0]), int64(s.early[1]), int64(s.flows), int64(s.ul), int64(s.dl),
	} {
		b = wire.AppendLong(b, n)
	}
	return b
}

func (s *slot) read(r *wire.Reader, last pane.Number) {
	var b [3]byte
	r.Fixed(b[:1])
	*s = slot{}
	if b[0]&tellsUsed == 0 {
		return
	}
	r.Fixed(b[1:])
	s.used, s.excused, s.customary, s.victim = true, b[0]&tellsExcused != 0, b[0]&tellsCustomary != 0, b[0]&tellsVictim != 0
	s.proven = b[0]&tellsProven != 0
	s.failedPanes, s.okPanes = b[1], b[2]
	s.key.Read(r)
	s.first, s.last = pane.ReadNumber(r, last), pane.ReadNumber(r, last)
	s.sup, s.contact, s.mean, s.gaps = Nats(r.Long()), r.Long(), int32(r.Long()), int32(r.Long())
	s.rhythm, s.tried, s.ok = Nats(r.Long()), uint32(r.Long()), uint32(r.Long())
	s.early = [2]uint16{uint16(r.Long()), uint16(r.Long())}
	s.flows, s.ul, s.dl = uint32(r.Long()), uint64(r.Long()), uint64(r.Long())
}
