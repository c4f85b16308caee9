package evaluate

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
)

// Terminals and times of the tests; minutes count from a fixed day.
const day0 = record.Micros(1_767_225_600_000_000) // 2026-01-01

func minute(n float64) record.Micros { return day0 + record.Micros(n*float64(record.Minute)) }

func terminal(n byte) record.Pseudonym { return record.Pseudonym{15: n} }

func alarm(who byte, class record.Class, at float64, named ...record.ExceptionID) Alarm {
	a := Alarm{Terminal: terminal(who), Class: class, At: minute(at)}
	for _, id := range named {
		a.Named = append(a.Named, Named{id, a.At})
	}
	return a
}

func episode(who byte, label Label, start, end float64, id record.ExceptionID) Episode {
	e := Episode{Terminal: terminal(who), Label: label, Start: minute(start), ExceptionID: id}
	if end > 0 {
		e.End = minute(end)
	}
	return e
}

const (
	scan  = record.WrongDestinationAddress
	flood = record.SuspicionOfDDoSAttack
	loop  = record.TooFrequentServiceAccess

	malicious      = record.ClassMalicious
	malfunctioning = record.ClassMalfunctioning
	watch          = record.ClassWatch
)

func TestEpisodes(t *testing.T) {
	type want struct {
		found, right bool
		after        float64 // minutes
		called       record.Class
	}
	for name, c := range map[string]struct {
		episodes []Episode
		alarms   []Alarm
		want     []want
		false    int
	}{
		"found": {[]Episode{episode(1, Malicious, 10, 20, scan)}, []Alarm{alarm(1, malicious, 12, scan)},
			[]want{{true, true, 2, malicious}}, 0},
		"at the very start and the very end of the grace": {
			[]Episode{episode(1, Malicious, 10, 20, scan), episode(2, Malicious, 10, 20, scan)},
			[]Alarm{alarm(1, malicious, 10, scan), alarm(2, malicious, 25, scan)},
			[]want{{true, true, 0, malicious}, {true, true, 15, malicious}}, 0},
		"too late is missed and false": {[]Episode{episode(1, Malicious, 10, 20, scan)}, []Alarm{alarm(1, malicious, 25.1, scan)},
			[]want{{}}, 1},
		"an empty end lasts for ever": {[]Episode{episode(1, Malicious, 10, 0, scan)}, []Alarm{alarm(1, malicious, 9999, scan)},
			[]want{{true, true, 9989, malicious}}, 0},
		"a verdict before the start finds nothing": {[]Episode{episode(1, Malicious, 10, 20, scan)}, []Alarm{alarm(1, malicious, 9, scan)},
			[]want{{}}, 1},
		"a case of before that tells something new finds it, and stays false": {
			[]Episode{episode(1, Malicious, 10, 20, flood)},
			[]Alarm{{Terminal: terminal(1), Class: malicious, At: minute(9), Named: []Named{{scan, minute(9)}, {flood, minute(11)}}}},
			[]want{{true, true, 1, malicious}}, 1},
		"a source that is not listed is benign": {nil, []Alarm{alarm(7, malicious, 5, scan), alarm(7, watch, 3)}, nil, 2},
		"another exception is found, not right": {[]Episode{episode(1, Malicious, 10, 20, scan)}, []Alarm{alarm(1, malicious, 12, flood)},
			[]want{{true, false, 2, malicious}}, 0},
		"the exception comes later": {
			[]Episode{episode(1, Malicious, 10, 20, scan)},
			[]Alarm{{Terminal: terminal(1), Class: malicious, At: minute(11), Named: []Named{{flood, minute(11)}, {scan, minute(13)}}}},
			[]want{{true, true, 1, malicious}}, 0},
		"only watched": {[]Episode{episode(1, Malicious, 10, 20, scan)}, []Alarm{alarm(1, watch, 12, scan)},
			[]want{{false, false, 0, watch}}, 0},
		"malfunction called malice is a confusion": {[]Episode{episode(1, Malfunctioning, 10, 20, loop)}, []Alarm{alarm(1, malicious, 12, scan)},
			[]want{{false, false, 0, malicious}}, 0},
		"malfunction called both is found and confused": {[]Episode{episode(1, Malfunctioning, 10, 20, loop)},
			[]Alarm{alarm(1, malfunctioning, 11, loop), alarm(1, malicious, 12, scan)},
			[]want{{true, true, 1, malicious}}, 0},
		"overlapping episodes share an alarm": {
			[]Episode{episode(1, Malicious, 10, 20, scan), episode(1, Malicious, 12, 30, flood)},
			[]Alarm{{Terminal: terminal(1), Class: malicious, At: minute(13), Named: []Named{{scan, minute(13)}, {flood, minute(14)}}}},
			[]want{{true, true, 3, malicious}, {true, true, 1, malicious}}, 0},
		"a standing case finds the next episode by its new exception": {
			[]Episode{episode(1, Malicious, 10, 0, scan), episode(1, Malicious, 40, 50, flood)},
			[]Alarm{{Terminal: terminal(1), Class: malicious, At: minute(11), Named: []Named{{scan, minute(11)}, {flood, minute(41)}}}},
			[]want{{true, true, 1, malicious}, {true, true, 1, malicious}}, 0},
		"the first of several alarms counts": {[]Episode{episode(1, Malicious, 10, 0, scan)},
			[]Alarm{alarm(1, malicious, 30, scan), alarm(1, malicious, 12), alarm(1, watch, 11)},
			[]want{{true, true, 2, malicious}}, 0},
		"a source that is not in the input is missed": {[]Episode{{Label: Malicious, Start: minute(1)}}, nil, []want{{}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := Evaluate(Input{Episodes: c.episodes, Alarms: c.alarms, Terminals: 9, Days: 1, End: minute(60), Grace: 5 * record.Minute})
			for i, w := range c.want {
				o := r.Outcomes[i]
				got := want{o.Found, o.Right, float64(o.After) / float64(record.Minute), o.CalledAs}
				if got != w {
					t.Errorf("episode %d: got %+v, want %+v", i, got, w)
				}
			}
			if len(r.False) != c.false {
				t.Errorf("false verdicts: got %d, want %d", len(r.False), c.false)
			}
		})
	}
}

func TestConfusionAndFalseVerdicts(t *testing.T) {
	r := Evaluate(Input{
		Episodes: []Episode{episode(1, Malicious, 10, 20, scan), episode(2, Malfunctioning, 10, 20, loop), episode(3, Malicious, 10, 20, flood)},
		Alarms: []Alarm{
			alarm(1, malicious, 11, scan), alarm(2, malicious, 11, scan), // one confused
			alarm(1, malicious, 50, flood), // false: long over
			alarm(8, watch, 5), alarm(8, malfunctioning, 6, loop), alarm(9, watch, 7),
		},
		Terminals: 10, Days: 100, End: minute(60), Grace: record.Minute,
	})
	want := []Confusion{
		{Label: Malicious, Malicious: 1, None: 1},
		{Label: Malfunctioning, Malicious: 1},
		{Label: Benign, Malfunctioning: 1, Watch: 1, None: 5},
	}
	if !slices.Equal(r.Confusion, want) {
		t.Errorf("confusion: got %+v, want %+v", r.Confusion, want)
	}
	for i, n := range []int{1, 1, 2} { // malicious, malfunctioning, watch
		if r.Labels[i].False != n {
			t.Errorf("%s: got %d false verdicts, want %d", r.Labels[i].Name, r.Labels[i].False, n)
		}
	}
	for _, g := range r.Exceptions {
		if want := map[string]int{flood.String(): 1, loop.String(): 1}[g.Name]; g.False != want {
			t.Errorf("%s: got %d false verdicts, want %d", g.Name, g.False, want)
		}
	}
	if got, want := *r.Labels[0].FalseRate, 1/(100-30.0/1440); !near(got, want, 1e-9) {
		t.Errorf("rate of false MALICIOUS: got %g, want %g a day", got, want)
	}
}

func TestDays(t *testing.T) {
	for name, c := range map[string]struct {
		episodes []Episode
		want     Days // in minutes
	}{
		"none":             {nil, Days{Benign: 100}},
		"one":              {[]Episode{episode(1, Malicious, 10, 20, scan)}, Days{Benign: 90, Malicious: 10}},
		"empty end":        {[]Episode{episode(1, Malicious, 40, 0, scan)}, Days{Benign: 80, Malicious: 20}},
		"beyond the input": {[]Episode{episode(1, Malfunctioning, 40, 90, loop)}, Days{Benign: 80, Malfunctioning: 20}},
		"overlapping":      {[]Episode{episode(1, Malicious, 10, 30, scan), episode(1, Malicious, 20, 40, flood), episode(1, Malicious, 12, 15, scan)}, Days{Benign: 70, Malicious: 30}},
		"both labels":      {[]Episode{episode(1, Malicious, 10, 30, scan), episode(1, Malfunctioning, 20, 40, loop)}, Days{Benign: 70, Malicious: 20, Malfunctioning: 20}},
		"two terminals":    {[]Episode{episode(1, Malicious, 10, 30, scan), episode(2, Malicious, 10, 30, scan)}, Days{Benign: 60, Malicious: 40}},
		"not in the input": {[]Episode{{Label: Malicious, Start: minute(1)}}, Days{Benign: 100}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Evaluate(Input{Episodes: c.episodes, Days: 100.0 / 1440, End: minute(60)}).Days
			for _, p := range [][2]float64{{got.Benign, c.want.Benign}, {got.Malicious, c.want.Malicious}, {got.Malfunctioning, c.want.Malfunctioning}} {
				if !near(p[0]*1440, p[1], 1e-9) {
					t.Errorf("got %+v, want %+v minutes", got, c.want)
				}
			}
		})
	}
}

func TestQuantiles(t *testing.T) {
	for _, c := range []struct {
		list        []record.Micros
		median, p90 float64
	}{
		{[]record.Micros{5}, 5, 5},
		{[]record.Micros{4, 1, 3, 2}, 2, 4},
		{[]record.Micros{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 5, 9},
		{[]record.Micros{0, 0, 0}, 0, 0},
	} {
		for i := range c.list {
			c.list[i] *= record.Second
		}
		if got := *quantile(c.list, 50); got != c.median {
			t.Errorf("median of %v: got %g, want %g", c.list, got, c.median)
		}
		if got := *quantile(c.list, 90); got != c.p90 {
			t.Errorf("p90 of %v: got %g, want %g", c.list, got, c.p90)
		}
	}
	if got := quantile(nil, 50); got != nil {
		t.Errorf("median of nothing: got %g, want none", *got)
	}
}

// A case that changes its class is an alarm of each class, and one that is
// raised again as well; what it tells on the way joins the alarm that stands.
func TestAlarms(t *testing.T) {
	statement := func(sequence int64, status record.VerdictStatus, class record.Class, at float64, evidence int64, named ...record.ExceptionID) Statement {
		return Statement{Terminal: terminal(1), Case: record.ID{1}, Sequence: sequence, Status: status, Class: class, At: minute(at), Evidence: evidence, Exceptions: named}
	}
	all := []Statement{
		statement(1, record.StatusRaised, watch, 1, 13, scan),
		statement(2, record.StatusUpdated, watch, 2, 15, scan),
		statement(3, record.StatusUpdated, malicious, 3, 25, scan),
		statement(4, record.StatusUpdated, malicious, 4, 22, scan, flood),
		statement(5, record.StatusCleared, malicious, 9, 2),
		statement(6, record.StatusRaised, malicious, 20, 21, scan),
	}
	want := []Alarm{
		{Terminal: terminal(1), Class: watch, At: minute(1), Until: minute(3), Named: []Named{{scan, minute(1)}}, Evidence: 15},
		{Terminal: terminal(1), Class: malicious, At: minute(3), Until: minute(9), Named: []Named{{scan, minute(3)}, {flood, minute(4)}}, Evidence: 25},
		{Terminal: terminal(1), Class: malicious, At: minute(20), Named: []Named{{scan, minute(20)}}, Evidence: 21},
	}
	rapid.Check(t, func(r *rapid.T) {
		// In whatever order they come, and however often.
		handed := rapid.Permutation(append(slices.Clone(all), all[2], all[4])).Draw(r, "statements")
		got := Alarms(handed)
		if len(got) != len(want) {
			r.Fatalf("got %+v, want %+v", got, want)
		}
		for i := range got {
			if got[i].Terminal != want[i].Terminal || got[i].Class != want[i].Class || got[i].At != want[i].At ||
				got[i].Until != want[i].Until || got[i].Evidence != want[i].Evidence || !slices.Equal(got[i].Named, want[i].Named) {
				r.Fatalf("alarm %d: got %+v, want %+v", i, got[i], want[i])
			}
		}
	})
}

func TestTail(t *testing.T) {
	var tail Tail
	for _, e := range []struct {
		who  byte
		nats int64
	}{{1, 9_000}, {1, 12_500}, {1, 3_000}, {2, 20_000}, {3, 90_000}} {
		tail.Evidence(terminal(e.who), e.nats)
	}
	attacked := func(id record.Pseudonym) bool { return id == terminal(3) }
	if got, want := tail.Counts(attacked), []int{2, 2, 2, 1, 1, 1, 1}; !slices.Equal(got, want) {
		t.Errorf("tail: got %v, want %v at %v nats", got, want, TailNats)
	}
	if got := tail.Most(attacked); got != 20_000 {
		t.Errorf("most: got %d, want 20000", got)
	}
}
