package simulate

import (
	"io"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// Fleet makes up records one after the other. It belongs to one goroutine.
type Fleet struct {
	terminals    []terminal
	classes      []*class // the kinds of device there are
	mimics       []habit  // what an evasive-mimic does, by class
	activities   []activity
	queue        queue // of activities, by when their next record comes
	cells, areas []string
	dice         dice // of choices that are the fleet's
	trouble      trouble
	lifelike     bool
	report       record.Micros // between reports of an open flow
	// numbers are those of the next records, by kind; kinds of one source share.
	numbers [record.KindClock + 1]int64
	repeats bool // the next record is the last one once more
	repeat  raw.Telemetry
	end     record.Micros
	truth   []Truth
}

const (
	// attachWithin is how long it takes until all have attached.
	attachWithin = 30 * record.Second
	// habitWithin is how soon after the session every habit shows once, unless
	// its own pause is shorter.
	habitWithin = 15 * record.Minute
	// attackSpread is how far terminals of one attack begin apart.
	attackSpread = 5 * record.Second
)

// New returns a fleet. An error names the setting and what is asked of it.
func New(s Settings) (*Fleet, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	if s.ReportInterval == 0 {
		s.ReportInterval = reportEvery
	}
	mix, err := mixed(s.Classes)
	if err != nil {
		return nil, err
	}
	f := &Fleet{
		classes:   mix,
		mimics:    mimicked(mix),
		dice:      newDice(s.Seed, 0),
		lifelike:  s.Lifelike,
		report:    s.ReportInterval,
		end:       s.Start + s.Duration,
		terminals: make([]terminal, s.Terminals),
	}
	f.cells, f.areas = cellNames(s.Terminals)
	f.populate(&s)
	f.befall(&s)
	for _, a := range s.Attacks {
		if err := f.attack(a, s.Start+a.Offset); err != nil {
			return nil, err
		}
	}
	f.silence()
	f.queue.order()
	return f, nil
}

// Next fills in the record that comes next. io.EOF ends the fleet. t holds
// nothing of former calls, and shares no memory with later ones.
func (f *Fleet) Next(t *raw.Telemetry) error {
	if f.repeats {
		f.repeats, *t = false, f.repeat
		return nil
	}
	for len(f.queue) > 0 {
		top := f.queue[0]
		a := &f.activities[top.activity]
		if a.at > a.stop {
			f.queue.pop()
			continue
		}
		if f.interrupted(a) {
			f.plan(a, top)
			continue
		}
		*t = raw.Telemetry{OccurredAt: a.at}
		a.at = a.does.write(f, a, t)
		d := &f.of(a).dice
		f.plan(a, top)
		if !f.sampled(d, t) {
			continue
		}
		f.number(t)
		if f.lifelike && a.userPlane && d.chance(repeatPerMille) {
			f.repeats, f.repeat = true, *t
		}
		return nil
	}
	return io.EOF
}

// plan puts the next record of an activity, which is the first of the queue, in
// its place.
func (f *Fleet) plan(a *activity, top entry) {
	arrival := a.at
	if a.userPlane && a.at < never {
		// What was held up does not overtake, and is not held up again.
		arrival = max(a.at+f.delay(f.of(a)), top.at)
	}
	if a.at > a.stop || arrival > f.end {
		f.queue.pop()
		return
	}
	f.queue.moveTop(arrival)
}

// interrupted reports whether a record can't be, for its terminal has no session
// or no electricity at that time; then what it belongs to starts anew after it.
func (f *Fleet) interrupted(a *activity) bool {
	device := f.of(a)
	if device.dark && a.at >= f.trouble.power.from && a.at < f.trouble.power.to+upWithin {
		if _, comesUp := a.does.(*restart); comesUp {
			return false
		}
		a.at = a.does.begin(f, a, f.trouble.power.to+upWithin+record.Micros(device.dice.below(int64(upWithin))))
		return true
	}
	if !a.userPlane || a.at <= device.gap || a.at > device.gapEnd {
		return false
	}
	a.at = a.does.begin(f, a, device.gapEnd+record.Millisecond)
	return true
}

// number gives a record the next number of its source.
func (f *Fleet) number(t *raw.Telemetry) {
	source := &f.numbers[min(t.Kind, record.Kind(len(f.numbers)-1))]
	switch t.Kind {
	case record.KindRadioFailure: // of the same source as registrations
		source = &f.numbers[record.KindRegistration]
	}
	t.SourceSequence = record.Some(*source)
	*source++
}

// populate gives every terminal its class, its place and its habits.
func (f *Fleet) populate(s *Settings) {
	f.activities = make([]activity, 0, 7*s.Terminals)
	for i, c := range assign(f.classes, s.Terminals, &f.dice) {
		device := &f.terminals[i]
		device.dice = newDice(s.Seed, uint64(i)+1)
		device.class, device.recast = c, never
		device.cell = int32(device.dice.below(int64(len(f.cells))))
		attached := s.Start + record.Micros(device.dice.below(int64(attachWithin-sessionDelay)))
		device.ready = attached + sessionDelay
		f.add(int32(i), attach{}, attached)
		f.live(int32(i))
	}
}

// live adds what a terminal does once it has a session.
func (f *Fleet) live(i int32) {
	device := &f.terminals[i]
	c := f.classOf(device)
	if c.moves {
		f.add(i, movement{}, device.ready)
	}
	for _, h := range c.habits {
		soon := device.dice.below(int64(min(h.every, habitWithin)))
		f.add(i, h, device.ready+1+record.Micros(soon))
	}
	for _, b := range c.also {
		f.add(i, b, device.ready+1)
	}
	f.add(i, renewal{}, device.ready)
	if c.connects > 0 {
		f.add(i, connection{}, device.ready)
	}
	if c.manages > 0 {
		f.add(i, reporting{}, device.ready+record.Micros(device.dice.below(int64(c.manages))))
	}
	if device.dice.chance(badRadioPerMille) {
		f.add(i, &badRadio, device.ready)
	}
}

// badRadio is where a few terminals stand: some failures an hour.
var badRadio = weakRadio{every: 20 * record.Minute, jitter: wholly}

// badRadioPerMille is how many of a thousand stand there.
const badRadioPerMille = 10

// add lets a terminal begin a behaviour at a time, and returns its activity.
func (f *Fleet) add(terminal int32, b behaviour, at record.Micros) *activity {
	f.activities = append(f.activities, activity{does: b, terminal: terminal, stop: f.end})
	a := &f.activities[len(f.activities)-1]
	_, signalling := b.(interface{ signals() })
	a.userPlane = !signalling
	a.at = b.begin(f, a, at)
	if a.at <= f.end {
		f.queue = append(f.queue, entry{at: a.at, activity: int32(len(f.activities) - 1)})
	}
	return a
}
