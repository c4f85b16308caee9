package task

import (
	"slices"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/scorer/detect"
	"cordon/scorer/feature"
	"cordon/scorer/judge"
	"cordon/scorer/pane"
)

// Warnings, by place in terminal.warned.
const (
	warningScan = iota
	warningFlood
)

// floodWarning is the evidence of one open pane that warns of a flood
// (architecture section 4). It takes more than six times the limits.
const (
	floodWarning = 4 * detect.Nat
	floodExcess  = 6
)

// warningSpan is the least time between two warnings of one kind for one
// terminal (contracts section 5).
const warningSpan = record.Minute

// peek is scratch memory for looking at open panes.
type peek struct {
	reader feature.Reader
	vector feature.Vector
	seen   []pane.Key
	known  detect.Destinations // a copy: what it learns of open panes is thrown away
}

// warn looks at the open panes of a terminal that just sent something nobody
// answered, and warns where they alone say enough. What it finds decides
// nothing: the panes are judged when the watermark passes them.
func (t *Task) warn(n pane.Number, number int32, entered bool, out *stream.Effects) {
	term := t.roster.at(number)
	if entered && t.detectors.Scan != nil && t.due(term, warningScan) {
		t.warnOfScan(n, term, out)
	}
	slot := t.ring.Find(n, &term.open)
	loud := slot.UnansweredUL > floodExcess*t.rule.Flood.Bytes || slot.UnansweredPackets > floodExcess*t.rule.Flood.Packets
	if loud && t.detectors.Flood != nil && t.due(term, warningFlood) {
		t.warnOfFlood(n, term, out)
	}
}

// due reports whether a warning may be given at the time of the record.
func (t *Task) due(term *terminal, warning int) bool {
	last := term.warned[warning]
	return last == 0 || t.telemetry.OccurredAt >= last+warningSpan
}

// warnOfScan warns when the standing evidence and the first contacts of the
// open panes reach what makes a scan malicious.
func (t *Task) warnOfScan(n pane.Number, term *terminal, out *stream.Effects) {
	levels := term.evidence.At(t.ring.First() - 1)
	standing := levels.Of[detect.Scanning]
	contacts := detect.Nats(0)
	for m := t.ring.First(); m <= n; m++ {
		if slot := t.ring.Find(m, &term.open); slot != nil {
			contacts += detect.Nats(slot.Kept())
		}
	}
	if standing+contacts*t.rule.Scan.MostPerContact() < t.rule.Malicious {
		return
	}
	m := t.openContacts(n, term)
	m.Strangers = term.evidence.Strangers()
	scan := t.rule.Scan.Among(m.Strangers)
	nats := scan.Standing(standing + scan.Evidence(&feature.Vector{TCP: m.TCP, Other: m.Other}))
	if nats >= t.rule.Malicious {
		reason := t.rule.ScanReason(&m, nats, nil)
		t.sendWarning(term, warningScan, reason, out)
	}
}

// openContacts counts the first contacts of the open panes up to n, each
// destination once, as if the panes had been closed.
func (t *Task) openContacts(n pane.Number, term *terminal) judge.Measured {
	var m judge.Measured
	p := &t.peek
	p.seen, p.known = p.seen[:0], detect.Destinations{}
	if d := t.roster.destinations.look(term.parts.destinations); d != nil {
		p.known = *d
	}
	for at := t.ring.First(); at <= n; at++ {
		slot := t.ring.Find(at, &term.open)
		if slot == nil {
			continue
		}
		v := &p.vector
		open := feature.Pane{Number: at, Table: t.ring.Table(at), Slot: slot}
		p.reader.Read(open, t.vouched(term, open), v)
		p.known.Excuse(v)
		t.excuseDown(v)
		for i := range v.Suspects {
			if s := &v.Suspects[i]; s.Contact && slices.Contains(p.seen, s.Key) {
				v.Contacts(s.Protocol).Failed--
			} else if s.Contact {
				p.seen = append(p.seen, s.Key)
			}
		}
		p.seen = append(p.seen, v.Answering...)
		m.TCP.Failed, m.TCP.Answered = m.TCP.Failed+v.TCP.Failed, m.TCP.Answered+v.TCP.Answered
		m.Other.Failed, m.Other.Answered = m.Other.Failed+v.Other.Failed, m.Other.Answered+v.Other.Answered
	}
	return m
}

// excuseDown takes back what failed because it is down for everybody, as far as the
// panes closed so far tell.
func (t *Task) excuseDown(v *feature.Vector) {
	for i := range v.Seen {
		if s := &v.Seen[i]; s.Failed && t.settings.Gate.Enabled && t.peers.Down(&s.Key, v.Pane) {
			v.Excuse(s)
		}
	}
}

// warnOfFlood warns when the unanswered uplink of the open pane is worth 4 nats.
func (t *Task) warnOfFlood(n pane.Number, term *terminal, out *stream.Effects) {
	v := &t.peek.vector
	slot := t.ring.Find(n, &term.open)
	open := feature.Pane{Number: n, Table: t.ring.Table(n), Slot: slot}
	t.peek.reader.Read(open, t.vouched(term, open), v)
	nats := t.rule.Flood.Evidence(v)
	if nats < floodWarning {
		return
	}
	m := judge.Measured{FloodPanes: 1, UnansweredBytes: v.UnansweredBytes.Value, UnansweredPackets: v.UnansweredPackets.Value}
	t.sendWarning(term, warningFlood, t.rule.FloodReason(&m, nats), out)
}

// sendWarning sends a warning with the time of the record that decided it.
func (t *Task) sendWarning(term *terminal, warning int, reason record.Reason, out *stream.Effects) {
	at := t.telemetry.OccurredAt
	term.warned[warning] = at
	t.counts.warnings[warning]++
	exceptions := [...]record.ExceptionID{record.WrongDestinationAddress, record.SuspicionOfDDoSAttack}
	t.send(out, stream.Send{Topic: stream.VerdictsEarly, Partition: t.partition, Key: term.id[:]}, &record.EarlyWarning{
		Terminal: term.id, KeyEpoch: t.telemetry.KeyEpoch, ExceptionID: exceptions[warning],
		Evidence: reason.Contribution, Reasons: []record.Reason{reason}, OccurredAt: at,
	})
}
