package simulation

import (
	"cmp"
	"fmt"
	"slices"

	"cordon/internal/record"
)

// Plan describes a run: what probes write, what the deployment is, what happens
// to it. A run is a function of its plan.
type Plan struct {
	Seed      uint64
	InputSeed uint64
	// Instances is how many of each program are started, in flow order.
	Instances [3]int
	// Intervals are the times between two checkpoints of each program.
	Intervals [3]record.Micros
	Faults    []Fault
	// After is how long everything runs on when the last record has come.
	After record.Micros
}

// FaultKind is what happens.
type FaultKind uint8

// Kinds of faults.
const (
	Crash        FaultKind = iota // kill -9 of an instance, which is started again after For
	Freeze                        // SIGSTOP of an instance for For
	Leave                         // an instance is stopped in good order, and started again after For
	Join                          // one more instance of the program
	Refuse                        // requests of the program fail for For, some of them after they were done
	Unreadable                    // fetches of the program fail for For
	Abort                         // the next checkpoint of the program cannot be written
	LateMarkers                   // commits are told to readers late, for For
	Reread                        // a fetch of the program begins before its position
	SlowProgress                  // collectors hear of one another late, for For
	faultKinds
)

var faultNames = [...]string{"crash", "SIGSTOP", "orderly stop", "one instance more", "requests fail", "fetches fail",
	"checkpoint cannot be written", "markers are late", "fetch from an earlier offset", "progress is read late"}

// Fault is one thing that happens to a deployment.
type Fault struct {
	Kind  FaultKind
	Stage int // program, in flow order
	Slot  int // which of its instances, modulo how many there are
	// At is when it happens, or from when on it waits for an instance to come to
	// Point.
	At    record.Micros
	Point Point
	Phase Phase
	For   record.Micros
}

// stageNames are the programs in flow order.
var stageNames = [...]string{"collector", "scorer", "enforcer"}

// String tells the fault as a line of a story.
func (f Fault) String() string {
	text := fmt.Sprintf("the fault begins: %s, %s", stageNames[f.Stage], faultNames[f.Kind])
	if f.Point != anywhere {
		text += fmt.Sprintf(", when it comes to %q (%s)", pointNames[f.Point], phaseNames[f.Phase])
	}
	if f.For > 0 {
		text += fmt.Sprintf(", for %.3f s", seconds(f.For))
	}
	return text
}

// clockText writes a time as seconds since the run began.
func clockText(at record.Micros) string { return fmt.Sprintf("%.3f s", seconds(at-epoch)) }

func seconds(m record.Micros) float64 { return float64(m) / float64(record.Second) }

// runsPerInput is how many plans share an input, and so its quiet run.
const runsPerInput = 8

// MakePlan returns the plan of a seed for its input.
func MakePlan(seed uint64, in *Input) *Plan {
	d := newDice(seed, 2)
	p := &Plan{Seed: seed, InputSeed: seed / runsPerInput}
	for i := range p.Instances {
		p.Instances[i] = 1 + d.IntN(3)
		if d.one(8) {
			p.Instances[i] = 4 + d.IntN(5)
		}
	}
	p.After = 30 * record.Second // no longer, or sources that write Clocks would be missed
	if in.Kind == Loose && d.one(2) {
		p.After = d.between(2*record.Minute, 6*record.Minute)
	}
	p.Intervals = [3]record.Micros{
		d.pick(200*record.Millisecond, 700*record.Millisecond, 2*record.Second, 2*record.Second),
		d.pick(2*record.Second, 6*record.Second, 15*record.Second, 30*record.Second),
		d.pick(300*record.Millisecond, record.Second, 3*record.Second),
	}
	p.Faults = d.faults(in)
	return p
}

// faults draws a handful of faults, now and then dozens.
func (d dice) faults(in *Input) (all []Fault) {
	n := d.IntN(7)
	if d.one(8) {
		n = 8 + d.IntN(20)
	}
	left := aloneAtMost
	for range n {
		f := d.fault(in)
		if f.Stage == 0 && in.Kind != Loose {
			f.At = max(f.At, in.Known)
			if f.Kind.leavesAlone() {
				f.For = min(f.For, left)
				left = max(left-f.For-min(f.For, sessionTimeout), 0)
			}
		}
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
	return all
}

// leavesAlone reports whether a partition can be without an owner that reads it
// and says so, while the fault lasts.
func (k FaultKind) leavesAlone() bool {
	switch k {
	case Crash, Freeze, Leave, Refuse, Unreadable:
		return true
	}
	return false
}

func (d dice) pick(of ...record.Micros) record.Micros { return of[d.IntN(len(of))] }

// aloneAtMost bounds how long a raw partition can be without an owner, however
// the faults of a plan come together: before anybody gives it up
// (stream.SilentAfter). Only in a Loose input it may take longer.
const aloneAtMost = 80 * record.Second

// fault draws one of the faults.
func (d dice) fault(in *Input) Fault {
	f := Fault{
		Kind: FaultKind(d.IntN(int(faultKinds))), Stage: d.IntN(3), Slot: d.IntN(8),
		At: d.between(in.Start, in.last()), Phase: Phase(d.IntN(int(phases))),
	}
	switch d.IntN(6) {
	case 0, 1:
		f.Kind = Crash
	case 2:
		f.Kind = Freeze
	}
	longest := 60 * record.Second
	if in.Kind == Loose {
		longest = 4 * record.Minute
	}
	f.For = d.between(0, d.pick(record.Second, 10*record.Second, longest))
	if f.Kind <= Leave && !d.one(3) {
		f.Point = Point(1 + d.IntN(int(points)-1))
	}
	if f.Kind == Leave || f.Kind == Join {
		f.Point = anywhere
	}
	return f
}
