package scenario

import (
	"crypto/sha256"
	"fmt"

	"cordon/internal/backtest"
	"cordon/internal/feed"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// cutEvery is how often the scorer commits its state, by the wall clock: its
// default. The other stages commit with what they decide.
const cutEvery = 30 * record.Second

// Places among the stages.
const (
	collectorStage = 0
	scorerStage    = 1
)

// Variation is a way of running a scenario that must not change what is
// confirmed.
type Variation struct {
	Name       string
	Partitions int32
	Shuffle    uint64 // seed of the order of arrival; 0: in order
	Restarts   []Restart
}

// Restart kills a stage at a time, and starts it from what it had committed.
type Restart struct {
	Stage int // in flow order
	At    record.Micros
}

// Result is what came out of a run.
type Result struct {
	Verdicts []*record.Verdict          // in the order of each partition
	Commands []*record.IsolationCommand // of both modes, likewise
	Deferred bool                       // a guard held a command back

	scenario *Scenario
	names    map[record.Pseudonym]string
	facts    []fact
	run      *backtest.Run
	moments  []record.Micros // when verdicts were written
	from, to record.Micros   // between which records arrived
}

// Usual is the variation that the expectations of a file are about.
func (s *Scenario) Usual() Variation {
	return Variation{Name: "as written", Partitions: s.partitions}
}

// Run runs the scenario from nothing to its end.
func (s *Scenario) Run(v Variation) (*Result, error) {
	stages, err := s.stages()
	if err != nil {
		return nil, err
	}
	r := &Result{scenario: s}
	if r.names, err = s.pseudonyms(); err != nil {
		return nil, err
	}
	if r.run, err = backtest.New(backtest.Settings{Stages: stages, Partitions: v.Partitions, Sink: r.take, Keep: true}); err != nil {
		return nil, err
	}
	d := deliver(s, v)
	r.from, r.to = d.start, d.end+busy
	p := player{Result: r}
	for i := range d.arrivals {
		if err := p.play(&d.arrivals[i]); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", s.Name, d.arrivals[i].line, err)
		}
	}
	if err := p.flush(); err != nil {
		return nil, err
	}
	if s.until == 0 {
		at, sends := d.last()
		r.run.Log().SetTime(at)
		if err := r.run.Log().Append(sends); err != nil {
			return nil, err
		}
	}
	return r, r.run.Drain()
}

// player brings arrivals before the stages, a second of them at a time.
type player struct {
	*Result
	second  record.Micros // of what is pending
	pending []stream.Send
	now     record.Micros
	cut     record.Micros // when the scorer last committed
}

func (p *player) play(a *arrival) error {
	if second := a.at.Floor(record.Second); second != p.second || a.act != nil {
		if err := p.flush(); err != nil {
			return err
		}
		p.second = second
	}
	p.now = a.at
	if a.act == nil {
		p.pending = append(p.pending, a.sends...)
		return nil
	}
	p.run.Log().SetTime(p.now)
	return p.perform(a)
}

// flush lets the stages work through what is pending.
func (p *player) flush() error {
	p.run.Log().SetTime(p.now)
	if err := p.run.Log().Append(p.pending); err != nil {
		return err
	}
	p.pending = p.pending[:0]
	if err := p.run.Drain(); err != nil {
		return err
	}
	if p.now-p.cut < cutEvery {
		return nil
	}
	p.cut = p.now
	return p.run.Cut(scorerStage)
}

// perform does an act.
func (p *player) perform(a *arrival) error {
	log := p.run.Log()
	switch a.act.kind {
	case restart:
		return p.run.Restart(a.act.stage)
	case decide:
		return p.decide(a)
	case answer:
		return p.answer(a)
	case provision:
		return p.provision(a.act)
	case garbage:
		return log.Append([]stream.Send{{Topic: stream.TelemetryRaw, Value: a.act.bytes}})
	case stop:
		p.run.Stop(collectorStage, p.rawPartition(a.act.terminal))
	case begin:
		return p.run.StartAgain(collectorStage, p.rawPartition(a.act.terminal))
	case fail, heal:
		p.run.Fail(collectorStage, p.rawPartition(a.act.terminal), a.act.kind == fail)
	case erase:
		at := stream.Partition{Topic: stream.TelemetryRaw, ID: p.rawPartition(a.act.terminal)}
		log.Trim(at, log.End(at))
	}
	return nil
}

// rawPartition is where the traffic of a terminal lies in this run.
func (p *player) rawPartition(t *terminal) int32 {
	key := feed.Key(&raw.Telemetry{SUPI: t.supi, UEAddress: t.address})
	return stream.KeyPartition(key, p.run.Log().Partitions(stream.TelemetryRaw))
}

// decide writes an operator's decision.
func (p *player) decide(a *arrival) error {
	d := a.act.decision
	d.Operator, d.ReasonCode, d.At = "operator-1", "SCENARIO", a.at
	if a.act.terminal != nil {
		d.Terminal = p.pseudonym(a.act.terminal.name)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "decision %d %v", a.line, a.at))
	d.DecisionID = record.ID(sum[:16])
	return p.write(stream.Send{Topic: stream.OperatorDecisions, Key: decisionKey(&d)}, &d)
}

// decisionKey is what a decision replaces an older one under: subject and kind.
func decisionKey(d *record.OperatorDecision) []byte {
	subject := d.InternalGroupID + d.TypeAllocationCode + d.Destination
	if subject == "" || !d.Terminal.IsZero() {
		subject = d.Terminal.String() + subject
	}
	return []byte(subject + d.Kind.String())
}

// answer writes a policy system's answer to the newest command about a terminal.
func (p *player) answer(a *arrival) error {
	terminal := p.pseudonym(a.act.terminal.name)
	for i := len(p.Commands) - 1; i >= 0; i-- {
		c := p.Commands[i]
		if c.Terminal != terminal {
			continue
		}
		ack := record.CommandAck{
			CommandID: c.CommandID, Terminal: terminal, Sequence: c.Sequence, State: a.act.state, System: "pcf-1", At: a.at,
		}
		n := p.run.Log().Partitions(stream.IsolationAcks)
		return p.write(stream.Send{Topic: stream.IsolationAcks, Partition: stream.KeyPartition(terminal[:], n), Key: terminal[:]}, &ack)
	}
	return fmt.Errorf("no command about %s has been given yet", a.act.terminal.name)
}

// write appends a record as the value of s.
func (p *player) write(s stream.Send, rec any) (err error) {
	if s.Value, err = record.Append(nil, rec); err != nil {
		return err
	}
	return p.run.Log().Append([]stream.Send{s})
}

// pseudonym finds a terminal's by its name; zero where its SUPI is not valid.
func (r *Result) pseudonym(name string) record.Pseudonym {
	for p, n := range r.names {
		if n == name {
			return p
		}
	}
	return record.Pseudonym{}
}
