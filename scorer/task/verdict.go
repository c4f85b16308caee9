package task

import (
	"crypto/sha256"
	"encoding/binary"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/scorer/detect"
	"cordon/scorer/pane"
)

// tell sends the verdict on a terminal's case at the end of pane n.
func (t *Task) tell(term *terminal, status record.VerdictStatus, n pane.Number, out *stream.Effects) {
	c := t.roster.caseOf(term)
	coverage := t.coverage.recent().coverage()
	v := record.Verdict{
		Terminal: term.id, KeyEpoch: term.context.KeyEpoch,
		StateGeneration: t.generation, Sequence: term.sequence, Status: status,
		DecidedAt:   n.End() + t.clock.lateness,
		Criticality: t.criticality(term), EmergencySession: term.is(flagEmergency),
		Coverage: coverage, ConfigDigest: t.digest,
		TypeAllocationCode: t.names.strings[term.context.TypeAllocationCode],
		InternalGroupID:    t.names.strings[term.context.InternalGroupID],
		DNN:                t.names.strings[term.context.DNN],
		SNSSAI:             t.names.strings[term.context.SNSSAI],
		TrackingAreaCode:   t.names.strings[term.context.TrackingAreaCode],
	}
	if id := term.context.PDUSession; id != 0 {
		v.PDUSessionID = record.Some(int32(id) - 1)
	}
	t.rule.Write(c, t.roster.standing(term), n, &v)
	v.VerdictID = t.verdictID(&v)
	v.Confidence = confidence(history{n - term.first, firm(t.roster.standing(term).At(n)), term.context.Unsampled}, coverage)
	t.counts.verdicts[status][v.Class]++
	t.send(out, stream.Send{Topic: stream.Verdicts, Partition: t.partition, Key: term.id[:]}, &v)
}

// verdictID names a case: the same case has the same name in every run.
func (t *Task) verdictID(v *record.Verdict) record.ID {
	b := append([]byte("cordon verdict\x00"), v.Terminal[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(v.StateGeneration))
	b = append(b, v.ConfigDigest[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(v.FirstEvidenceAt))
	sum := sha256.Sum256(b)
	return record.ID(sum[:len(record.ID{})])
}

// firmConfidence is the least confidence of evidence that needs no history:
// scans and unanswered floods (reference 3.5).
const firmConfidence = 80

// firm reports whether there is evidence that needs no history: scans, floods and
// hard limits (reference 3.5).
func firm(l detect.Levels) bool {
	return l.Of[detect.Scanning]+l.Of[detect.Flooding]+l.Of[detect.Churn]+l.Of[detect.Profile] > 0 || l.Faults[detect.Access] > 0
}

// history is what the confidence in a verdict depends on beside the coverage.
type history struct {
	known     pane.Number // since the terminal was first seen
	firm      bool        // there is evidence that needs no history
	unsampled uint8       // per cent of its traffic that was not measured
}

// confidence returns 100 × √(days of history ÷ 7) × coverage × share of the traffic
// that was measured. Late, lost and rejected records are part of the coverage.
func confidence(h history, c record.Coverage) int32 {
	const week = int64(7 * record.Day / pane.Length)
	percent := int32(squareRoot(10_000 * min(int64(h.known), week) / week))
	if h.firm {
		percent = max(percent, firmConfidence)
	}
	return percent * c.Permille / 1000 * (100 - int32(h.unsampled)) / 100
}

// squareRoot returns √x, cut; x ≥ 0.
func squareRoot(x int64) int64 {
	root := int64(0)
	for (root+1)*(root+1) <= x {
		root++
	}
	return root
}

// progressKey is the key of every Progress: the newest of a partition counts.
const progressKey = "progress"

// progress tells how far the partition has been judged, and does the work that
// is due once an hour and once a day.
func (t *Task) progress(out *stream.Effects) {
	now := t.clock.watermark
	t.census.advance(pane.Of(now))
	p := record.Progress{
		Time: now, StateGeneration: t.generation, Coverage: t.coverage.progress.coverage(),
		Sources: t.clock.waits(), Terminals: t.census.total(),
	}
	t.coverage.progress = tally{}
	if hour := now.Floor(record.Hour); hour != t.swept {
		p.Populations = t.populations(pane.Of(now))
		if hour.Floor(record.Day) != t.swept.Floor(record.Day) {
			t.evict(pane.Of(now))
		}
		t.swept = hour
	}
	if t.names.full() {
		t.sweepNames()
	}
	t.counts.progress++
	t.send(out, stream.Send{Topic: stream.Verdicts, Partition: t.partition, Key: []byte(progressKey)}, &p)
}

// evict forgets terminals that were silent for longer than anything is kept.
func (t *Task) evict(n pane.Number) {
	for number := range t.roster.terminals.Len() {
		term := t.roster.look(number)
		if term.place != 0 { // it has an open case
			continue
		}
		if term.is(flagLive) && term.open == (pane.Refs{}) && term.expired(n) {
			t.census.leave(term)
			t.vigils.remove(number)
			t.cut.removed = append(t.cut.removed, terminalKey(kindTerminal, term.id))
			t.roster.remove(number)
		}
	}
}
