package detect

import (
	"fmt"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// Find explains what stands against the destination with the most evidence.
func (d *Destinations) Find(f Family, _ pane.Number) Finding {
	b := &d.blamed
	found := Finding{Reference: record.ReferencePrior, Samples: []string{blamedInWords(b.key)}}
	if b.peers {
		found.Reference = record.ReferencePeer
	}
	switch f {
	case Novelty:
		b.findNovelty(&found)
	case Beaconing:
		b.findBeacon(&found)
	case Exfiltration:
		b.findExfiltration(&found)
	}
	return found
}

// findNovelty explains D4: which share of the attempts failed, or was answered; over
// half decides between the two.
func (v *verdictOn) findNovelty(found *Finding) {
	c := &v.count
	found.Exception = record.WrongDestinationAddress
	failed, attempted := int64(c.tried-min(c.ok, c.tried)), max(int64(c.tried), 1)
	switch {
	case v.key.Inbound:
		found.Feature, found.Unit, found.Value = FeatureInbound, "connections", int64(c.ok)
		found.Samples = append(found.Samples, fmt.Sprintf("%d bytes in, %d out", c.dl, c.ul))
	case v.key.Form == pane.FormName:
		found.Feature, found.Unit = "questionSize", "bytes per question"
		found.Value, found.Expected = int64(c.ul/uint64(max(c.flows, 1))), tunnelQuestion-1
		found.Samples = append(found.Samples, fmt.Sprintf("%d questions of %d bytes", c.flows, c.ul))
	case v.answered:
		found.Feature, found.Unit, found.Value, found.Expected = FeatureAnswered, "per cent answered", 100-failed*100/attempted, 50
	default:
		found.Feature, found.Unit, found.Value, found.Expected = "newDestinationFailing", "per cent failed", failed*100/attempted, 50
	}
	if c.tried > 0 {
		found.Samples = append(found.Samples, fmt.Sprintf("%d attempts, %d answered", c.tried, c.ok))
	}
	if p := &c.peers; p.members > 0 {
		found.Samples = append(found.Samples, fmt.Sprintf("peers %d, of them users %d, usual %s nats", p.members, p.users, inFull(p.usual)))
	}
}

// findBeacon explains D5.
func (v *verdictOn) findBeacon(found *Finding) {
	c := &v.count
	found.Exception = record.UnexpectedLongLiveFlow
	if v.key.Form == pane.FormName {
		found.Feature, found.Unit, found.Value = "questionPanes", "panes with questions", int64(c.rhythm/Nat)
		return
	}
	found.Feature, found.Unit, found.Value = "contactRhythm", "gaps", int64(c.gaps)
	found.Samples = append(found.Samples, fmt.Sprintf("%d s in the mean", c.mean/1000),
		fmt.Sprintf("rhythm %s nats × surprise %s ÷ 6", inFull(c.rhythm), inFull(c.surprise)))
	if c.limit > 0 {
		found.Samples = append(found.Samples, fmt.Sprintf("with novelty at most %d nats", c.limit))
	}
}

// findExfiltration explains D6.
func (v *verdictOn) findExfiltration(found *Finding) {
	c := &v.count
	found.Feature, found.Exception = "uplinkToNewDestination", record.UnexpectedLargeRateFlow
	found.Unit, found.Value, found.Expected = "bytes", int64(c.ul), int64(exfiltrationPanes*max(c.normal, 1))
	if v.key.Form == pane.FormName {
		found.Expected = tunnelBytes
	}
	found.Samples = append(found.Samples, fmt.Sprintf("%d bytes up, %d down", c.ul, c.dl), fmt.Sprintf("surprise %s nats", inFull(c.surprise)))
}

// FindInbound explains the volume that a stranger who was let in transferred.
func (d *Destinations) FindInbound() Finding {
	c := &d.blamed.count
	return Finding{
		Feature: FeatureTransfer, Unit: "bytes", Value: int64(c.dl), Expected: inboundLimit, Reference: record.ReferenceLimit,
		Samples: []string{blamedInWords(d.blamed.key)},
	}
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
