package simulate

import (
	"fmt"
	"io"
	"net/netip"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// Fleet makes up records one after the other. It belongs to one goroutine.
type Fleet struct {
	terminals    []terminal
	activities   []activity
	queue        queue // of activities, by when their next record comes
	cells, areas []string
	dice         dice // of choices that are the fleet's
	trouble      trouble
	lifelike     bool
	end          record.Micros
	truth        []Truth
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
	f := &Fleet{
		dice:      newDice(s.Seed, 0),
		lifelike:  s.Lifelike,
		end:       s.Start + s.Duration,
		terminals: make([]terminal, s.Terminals),
	}
	f.cells, f.areas = cellNames(s.Terminals)
	f.populate(&s)
	f.plan(&s)
	for _, a := range s.Attacks {
		if err := f.attack(a, s.Start+a.Offset); err != nil {
			return nil, err
		}
	}
	f.queue.order()
	return f, nil
}

// Next fills in the record that comes next. io.EOF ends the fleet. t holds
// nothing of former calls, and shares no memory with later ones.
func (f *Fleet) Next(t *raw.Telemetry) error {
	if len(f.queue) == 0 {
		return io.EOF
	}
	top := f.queue[0]
	a := &f.activities[top.activity]
	*t = raw.Telemetry{OccurredAt: a.at}
	a.at = a.does.write(f, a, t)
	arrival := a.at
	if t.Kind == record.KindFlow && a.at < never {
		// What was held up does not overtake, and is not held up again.
		arrival = max(a.at+f.delay(f.of(a)), top.at)
	}
	if a.at > a.stop || arrival > f.end {
		f.queue.pop()
		return nil
	}
	f.queue.moveTop(arrival)
	return nil
}

// populate gives every terminal its class, its place and its habits.
func (f *Fleet) populate(s *Settings) {
	f.activities = make([]activity, 0, 5*s.Terminals)
	for i, c := range assign(s.Terminals, &f.dice) {
		device := &f.terminals[i]
		device.dice = newDice(s.Seed, uint64(i)+1)
		device.class, device.broken = c, never
		device.cell = int32(device.dice.below(int64(len(f.cells))))
		attached := s.Start + record.Micros(device.dice.below(int64(attachWithin-sessionDelay)))
		device.ready = attached + sessionDelay
		f.add(int32(i), attach{}, attached)
		if classes[c].moves {
			f.add(int32(i), movement{}, device.ready)
		}
		for _, h := range classes[c].habits {
			soon := device.dice.below(int64(min(h.every, habitWithin)))
			f.add(int32(i), h, device.ready+1+record.Micros(soon))
		}
	}
}

// add lets a terminal begin a behaviour at a time, and returns its activity.
func (f *Fleet) add(terminal int32, b behaviour, at record.Micros) *activity {
	f.activities = append(f.activities, activity{does: b, terminal: terminal, stop: f.end})
	a := &f.activities[len(f.activities)-1]
	a.at = b.begin(f, a, at)
	if a.at <= f.end {
		f.queue = append(f.queue, entry{at: a.at, activity: int32(len(f.activities) - 1)})
	}
	return a
}

// attack chooses terminals of the kind's classes and lets it happen to them.
func (f *Fleet) attack(attack Attack, at record.Micros) error {
	k := kindNamed(attack.Kind)
	var suitable []int32
	for i := range f.terminals {
		if !f.terminals[i].chosen && k.fits(classes[f.terminals[i].class]) {
			suitable = append(suitable, int32(i))
		}
	}
	if len(suitable) < attack.Count {
		return fmt.Errorf("attack %q: count: have %d, but only %d terminals of the fleet are suitable and not yet chosen", attack.Kind, attack.Count, len(suitable))
	}
	for i := range attack.Count {
		j := i + int(f.dice.below(int64(len(suitable)-i)))
		suitable[i], suitable[j] = suitable[j], suitable[i]
		if err := f.strike(k, suitable[i], at); err != nil {
			return err
		}
	}
	return nil
}

// strike lets an attack happen to one terminal and writes down the truth.
func (f *Fleet) strike(k *kind, terminal int32, at record.Micros) error {
	device := &f.terminals[terminal]
	device.chosen = true
	start := max(at+record.Micros(f.dice.below(int64(attackSpread))), device.ready+1)
	does := k.does
	if k.breaks {
		device.broken = start
		does = loop{}
	}
	a := f.add(terminal, does, start)
	if a.at > f.end {
		return fmt.Errorf("attack %q: offset: too late to be seen before the end", k.name)
	}
	truth := Truth{Source: supi(terminal), Label: k.label, Start: start, ExceptionID: k.exception}
	if k.lasts > 0 && start+k.lasts < f.end {
		a.stop = start + k.lasts
		truth.End = a.stop
	}
	f.truth = append(f.truth, truth)
	return nil
}

func (k *kind) fits(c *class) bool {
	for _, on := range k.on {
		if on == c {
			return true
		}
	}
	return false
}

// ueAddress returns the address of a terminal.
func ueAddress(terminal int32) netip.Addr {
	n := uint32(terminal) + 1
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}
