package scenario

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"cordon/collector/pseudonym"
	collector "cordon/collector/task"
	enforcer "cordon/enforcer/task"
	"cordon/internal/backtest"
	"cordon/internal/config"
	"cordon/internal/identity"
	"cordon/internal/record"
	"cordon/internal/stream"
	scorer "cordon/scorer/task"
)

// cutEvery is how often the scorer commits its state, by the wall clock: its
// default. The other stages commit with what they decide.
const cutEvery = 30 * record.Second

// cachedStandIns is how many stand-ins a collector remembers here: it has few
// terminals, and is started often.
const cachedStandIns = 1 << 10

// scorerStage is the scorer's place among the stages.
const scorerStage = 1

// Variation is a way of running a scenario that must not change what is
// confirmed.
type Variation struct {
	Name       string
	Partitions int32
	Shuffle    uint64 // seed of the order of arrival; 0: in order
	Restarts   []Restart
}

// Restart kills a stage, and starts it from what it had committed.
type Restart struct {
	Stage    int // in flow order
	Permille int // of the scenario's length
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
}

// Usual is the variation that the expectations of a file are about.
func (s *Scenario) Usual() Variation {
	return Variation{Name: "as written", Partitions: s.partitions}
}

// Variations lists the ways of running s whose confirmed verdicts have to be
// those of the Usual one.
func (s *Scenario) Variations() []Variation {
	var list []Variation
	for _, n := range []int32{1, 4, 16} {
		if n != s.partitions {
			list = append(list, Variation{Name: fmt.Sprintf("%d partitions", n), Partitions: n})
		}
	}
	list = append(list, Variation{Name: "shuffled", Partitions: s.partitions, Shuffle: 1})
	points := []int{130, 370, 500, 630, 870}
	for stage, name := range stageNames {
		v := Variation{Name: name + " restarted", Partitions: s.partitions}
		for _, p := range points {
			v.Restarts = append(v.Restarts, Restart{stage, p})
		}
		list = append(list, v)
	}
	all := Variation{Name: "16 partitions, shuffled, all restarted", Partitions: 16, Shuffle: 2}
	for i, p := range points {
		all.Restarts = append(all.Restarts, Restart{i % len(stageNames), p})
	}
	return append(list, all)
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
	case garbage:
		return log.Append([]stream.Send{{Topic: stream.TelemetryRaw, Value: a.act.bytes}})
	}
	return nil
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
	return p.write(stream.OperatorDecisions, 0, []byte(d.Terminal.String()+d.Kind.String()), &d)
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
		return p.write(stream.IsolationAcks, stream.KeyPartition(terminal[:], n), terminal[:], &ack)
	}
	return fmt.Errorf("no command about %s has been given yet", a.act.terminal.name)
}

func (p *player) write(topic stream.Topic, partition int32, key []byte, rec any) error {
	value, err := record.Append(nil, rec)
	if err != nil {
		return err
	}
	return p.run.Log().Append([]stream.Send{{Topic: topic, Partition: partition, Key: key, Value: value}})
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

// pseudonyms derives who is who.
func (s *Scenario) pseudonyms() (map[record.Pseudonym]string, error) {
	d, err := pseudonym.NewDeriver(pseudonym.TestKey(), 0, 0)
	if err != nil {
		return nil, err
	}
	names := map[record.Pseudonym]string{}
	for _, t := range s.terminals {
		if supi, err := identity.ParseSUPI(t.supi); err == nil {
			names[d.Terminal(supi)] = t.name
		}
	}
	return names, nil
}

// stages makes the three stages with the scenario's settings.
func (s *Scenario) stages() ([]*stream.Stage, error) {
	small := collector.DefaultSettings()
	small.Keys.Cache = cachedStandIns
	c, err := load(s, "collector", small)
	if err != nil {
		return nil, err
	}
	sc, err := load(s, "scorer", scorer.DefaultSettings())
	if err != nil {
		return nil, err
	}
	e, err := load(s, "enforcer", enforcer.DefaultSettings())
	if err != nil {
		return nil, err
	}
	first, err := collector.Stage(c, pseudonym.TestKey())
	if err != nil {
		return nil, err
	}
	second, err := scorer.Stage(sc)
	if err != nil {
		return nil, err
	}
	third, err := enforcer.Stage(e)
	if err != nil {
		return nil, err
	}
	return []*stream.Stage{first, second, third}, nil
}

// load sets keys the way the environment would, so that they are checked as
// strictly as a user's.
func load[T any](s *Scenario, program string, defaults T) (T, error) {
	all := config.Default[T]()
	all.Settings = defaults
	keys, err := config.Keys(all)
	if err != nil {
		return defaults, err
	}
	environ := []string{}
	for _, set := range s.settings {
		if set.program != program {
			continue
		}
		at := slices.IndexFunc(keys, func(k config.Key) bool { return k.Name == set.key })
		if at < 0 {
			return defaults, fmt.Errorf("%s:%d: %s has no key %s", s.Name, set.line, program, set.key)
		}
		environ = append(environ, keys[at].Env+"="+set.value)
	}
	p, err := config.Load(config.Options[T]{Program: program, Defaults: all, Environ: environ})
	if err != nil {
		return defaults, fmt.Errorf("%s: %s: %w", s.Name, program, err)
	}
	return p.Settings, nil
}

// Leaks searches every topic but telemetry.raw for the identities the scenario
// names: as they are, as hex and as base64, in keys and values. It returns where
// it found one.
func (r *Result) Leaks() []string {
	marks := r.scenario.marks()
	var found []string
	log := r.run.Log()
	for _, topic := range stream.Topics(1) {
		if topic.Topic == stream.TelemetryRaw {
			continue
		}
		for p := int32(0); p < log.Partitions(topic.Topic); p++ {
			for offset := int64(0); ; {
				b, next, more := log.Fetch(stream.Partition{Topic: topic.Topic, ID: p}, offset)
				if !more {
					break
				}
				offset = next
				for _, rec := range b.Records {
					for _, m := range marks {
						if bytes.Contains(rec.Key, m.form) || bytes.Contains(rec.Value, m.form) {
							found = append(found, fmt.Sprintf("%s[%d] at %d holds the %s of %s", topic.Topic, p, rec.Offset, m.what, m.who))
						}
					}
				}
			}
		}
	}
	return found
}

// title is the file's name without its folder and ending.
func (s *Scenario) title() string {
	name := s.Name[strings.LastIndexByte(s.Name, '/')+1:]
	return strings.TrimSuffix(name, ".txt")
}
