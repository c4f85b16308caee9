package simulate

import (
	"fmt"

	"cordon/internal/record"
)

// attack chooses terminals of the kind's classes and lets it happen to them.
func (f *Fleet) attack(attack Attack, at record.Micros) error {
	k := kindNamed(attack.Kind)
	only := named(f.classes, attack.Class)
	if attack.Class != "" && only == nil {
		return fmt.Errorf("attack %q: class: have %q, want one of %s", attack.Kind, attack.Class, nameList(f.classes))
	}
	suitable := f.suitable(k, only)
	if len(suitable) < attack.Count {
		return fmt.Errorf("attack %q: count: have %d, but only %d terminals of the fleet are suitable and not yet chosen", attack.Kind, attack.Count, len(suitable))
	}
	for i := range attack.Count {
		j := i + int(f.dice.below(int64(len(suitable)-i)))
		suitable[i], suitable[j] = suitable[j], suitable[i]
		start := at + record.Micros(f.dice.below(int64(attackSpread)))
		if err := f.strike(k, suitable[i], start); err != nil {
			return err
		}
		f.start(k.does[i%len(k.does)], suitable[i])
		for _, beside := range k.also {
			f.start(beside, suitable[i])
		}
	}
	return nil
}

// suitable returns the terminals that are not yet chosen and of a class; nil: of
// those that the kind is meant for.
func (f *Fleet) suitable(k *kind, only *class) []int32 {
	var all []int32
	for i := range f.terminals {
		c := f.classOf(&f.terminals[i])
		if f.terminals[i].struck == nil && (c == only || only == nil && k.fits(c)) {
			all = append(all, int32(i))
		}
	}
	return all
}

// strike lets an attack happen to one terminal from a time on, or once it has a
// session, and writes down the truth.
func (f *Fleet) strike(k *kind, terminal int32, at record.Micros) error {
	device := &f.terminals[terminal]
	device.struck, device.from, device.until = k, max(at, device.ready+1), f.end
	device.dark, device.portal = false, false // one evil at a time
	if device.from+seenWithin > f.end {
		return fmt.Errorf("attack %q: offset: too late to be seen before the end", k.name)
	}
	truth := Truth{
		Source: supi(terminal), Kind: k.name, Class: f.classOf(device).name,
		Label: k.label, Start: device.from, ExceptionID: k.exception,
	}
	if k.lasts > 0 && device.from+k.lasts < f.end {
		device.until = device.from + k.lasts
		truth.End = device.until
	}
	f.truth = append(f.truth, truth)
	return nil
}

// seenWithin is how soon the first record of an attack occurs, at the latest.
const seenWithin = 10 * record.Second

// start lets a terminal that was struck begin with something.
func (f *Fleet) start(does behaviour, terminal int32) {
	device := &f.terminals[terminal]
	a := f.add(terminal, does, device.from)
	a.stop, a.attack = device.until, true
}

// silence ends the life of terminals that the network lets in no more.
func (f *Fleet) silence() {
	for i := range f.activities {
		a := &f.activities[i]
		if k := f.of(a).struck; k != nil && k.silences && !a.attack {
			a.stop = f.of(a).from
		}
	}
}
