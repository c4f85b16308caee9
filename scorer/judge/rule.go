package judge

import (
	"cordon/internal/record"
	"cordon/scorer/detect"
	"cordon/scorer/pane"
)

// Rule is the decision rule with its thresholds. A terminal that is wrongly
// called malicious loses its connection, so the thresholds stand for one wrong
// call in a million terminal-days (detection reference 3.3 and 3.9).
type Rule struct {
	Malicious    detect.Nats // evidence of all families together (20 nats)
	Families     int         // families of weight that this takes, unless one decides by itself (2)
	Family       detect.Nats // evidence that makes a family count (3 nats)
	Broken       detect.Nats // evidence of faults that makes a terminal MALFUNCTIONING (12 nats)
	Watch        detect.Nats // evidence worth watching (12 nats) …
	WatchOutside detect.Nats // … of it outside the volume family (6 nats)
	Clear        detect.Nats // evidence at which a case calms down (6 nats)
	ClearScan    pane.Number // how long after the last scan evidence, or session churn (1 h)
	ClearFlood   pane.Number // how long after the last flood evidence (10 min)
	ClearOther   pane.Number // how long after the last evidence of any other family (24 h)
	ClearFault   pane.Number // how long after the last sign of a fault (30 min)
	Scan         detect.Scan
	Flood        detect.Flood
	Uplink       detect.Envelope
	Starts       detect.Envelope
}

// Spans of the life of a case.
const (
	// updateSpan is the least time between two verdicts that bring nothing of
	// weight (contracts section 5).
	updateSpan = pane.Number(record.Minute / pane.Length)
	// reopenSpan is how long after its end a case is taken up again under the
	// same name.
	reopenSpan = pane.Number(record.Day / pane.Length)
	// trendPanes is how far a trend looks back, and trendNats what it takes.
	trendPanes = 6
	trendNats  = 2 * detect.Nat
	// levelStep is the change of a level that is worth a verdict.
	levelStep = 10
)

// Class is the decision rule of the design: MALICIOUS needs 20 nats and two
// families, or a scan or session churn alone; MALFUNCTIONING needs 12 nats of
// faults, which never count as malice; WATCH needs 12 nats, of it 6 outside the
// volume family; else there is no case (ClassUnknown). 6 of the nats of a
// MALICIOUS case must be deeds: where or what the device is, what it says of itself,
// or others of it, and who turned to it, together with volume is not enough.
func (r *Rule) Class(l detect.Levels) record.Class {
	switch {
	case l.Sum() >= r.Malicious && l.Deeds() >= r.WatchOutside && (l.Counted(r.Family) >= r.Families || l.Alone() >= r.Malicious):
		return record.ClassMalicious
	case l.Malfunction() >= r.Broken:
		return record.ClassMalfunctioning
	case l.Sum() >= r.Watch && l.OutsideVolume() >= r.WatchOutside:
		return record.ClassWatch
	}
	return record.ClassUnknown
}

// Score turns evidence into the probability, in per mille, that the terminal
// is malicious: logit = ln 1e-5 + 0.7 × evidence (reference 3.5). It is based
// on evidence and not calibrated on cases.
func Score(evidence detect.Nats) int32 {
	const prior = -11_513 // ln 1e-5
	return detect.Permille(prior + evidence*7/10)
}

// clearTime returns how long a family must have said nothing before a case that
// it is part of ends.
func (r *Rule) clearTime(f detect.Family) pane.Number {
	switch f {
	case detect.Scanning, detect.Churn:
		return r.ClearScan
	case detect.Flooding:
		return r.ClearFlood
	case detect.Volume: // it cannot keep open what it could not open
		return 0
	}
	return r.ClearOther
}
