package recorded

import (
	"os"
	"slices"
	"testing"

	"cordon/internal/evaluate"
	"cordon/internal/evaluate/fleet"
	"cordon/internal/evaluate/source"
	"cordon/internal/record"
)

// attacks are the sets of the folder of captures, or the test is skipped.
func attacks(t *testing.T) []Set {
	t.Helper()
	folder := os.Getenv("CORDON_CAPTURES")
	if folder == "" {
		t.Skip("skipped: no captures")
	}
	sets, err := Attacks(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(sets) == 0 {
		t.Skip("skipped: no captures")
	}
	return sets
}

// Without addresses, ports and times that anybody has seen before, verdicts are
// the same but for the names, to the milli-nat.
func TestWithoutMetadata(t *testing.T) {
	moved := source.Remap{Shift: 400*record.Day + 7*record.Hour, Key: 11, Ports: source.PortsOrdinary}
	for _, s := range attacks(t) {
		t.Run(s.Name, func(t *testing.T) {
			plain, err1 := s.Alone(t.Context(), source.Remap{})
			other, err2 := s.Alone(t.Context(), moved)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			if d := Differ(plain, other, moved.Shift); !d.None() || d.Verdicts == 0 {
				t.Errorf("with other addresses, ports and times: %+v, want verdicts, and all of them again", d)
			}
		})
	}
}

// Among other terminals a capture comes to what it comes to alone, and nobody
// else is held to be part of it.
func TestAmongFleet(t *testing.T) {
	among := Among{Fleet: fleet.Fleet{Terminals: 2000, Seed: 7, Partitions: 8}, History: 10 * record.Minute, Longest: 20 * record.Minute}
	sets := slices.DeleteFunc(attacks(t), func(s Set) bool { return s.Name == gtriName }) // takes a day before it attacks
	for _, s := range sets {
		duration, err := s.Length(&among)
		if err != nil {
			t.Fatal(err)
		}
		among.Fleet.Duration = max(among.Fleet.Duration, duration)
	}
	without, err := fleet.Simulate(t.Context(), among.Fleet)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sets {
		m, err := s.Merge(t.Context(), among)
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		c := m.Compare(without)
		if c.Alone.Malicious != 1 || c.Merged.Malicious != 1 || c.Worse > 0 || c.Others != (Count{}) {
			t.Errorf("%s: got %+v, want its terminal MALICIOUS in both, no worse, and nobody else", m.Set, c)
		}
	}
}

// said are verdicts on two terminals of a set, as they may come out of a run.
func said(change ...func([]evaluate.Statement)) *fleet.Result {
	list := []evaluate.Statement{
		{Terminal: record.Pseudonym{1}, Case: record.ID{1}, Sequence: 1, Status: record.StatusRaised, Class: record.ClassWatch, Evidence: 9000, At: 100 * record.Second},
		{Terminal: record.Pseudonym{1}, Case: record.ID{1}, Sequence: 2, Status: record.StatusUpdated, Class: record.ClassMalicious, Evidence: 21000, At: 160 * record.Second,
			Exceptions: []record.ExceptionID{record.SuspicionOfDDoSAttack}},
		{Terminal: record.Pseudonym{2}, Case: record.ID{2}, Sequence: 1, Status: record.StatusRaised, Class: record.ClassMalfunctioning, Evidence: 0, At: 130 * record.Second},
	}
	for _, f := range change {
		f(list)
	}
	return &fleet.Result{Statements: list, Terminals: map[record.Pseudonym]bool{{1}: true, {2}: true},
		Warnings: []evaluate.Warning{{Terminal: record.Pseudonym{1}, ExceptionID: record.SuspicionOfDDoSAttack, At: 120 * record.Second}}}
}

func TestDiffer(t *testing.T) {
	later := func(by record.Micros) *fleet.Result {
		r := said(func(s []evaluate.Statement) {
			for i := range s {
				s[i].At += by
			}
		})
		r.Warnings[0].At += by
		return r
	}
	for _, test := range []struct {
		what  string
		other *fleet.Result
		shift record.Micros
		want  Difference
	}{
		{"the same", said(), 0, Difference{Verdicts: 3}},
		{"the same in another order", said(slices.Reverse[[]evaluate.Statement]), 0, Difference{Verdicts: 3}},
		{"an hour later", later(record.Hour), record.Hour, Difference{Verdicts: 3}},
		{"a second later than shifted", later(record.Hour + record.Second), record.Hour, Difference{Verdicts: 3, Changed: 6, Early: 2}},
		{"other evidence", said(func(s []evaluate.Statement) { s[1].Evidence++ }), 0, Difference{Verdicts: 3, Evidence: 1}},
		{"another exception", said(func(s []evaluate.Statement) { s[1].Exceptions = nil }), 0, Difference{Verdicts: 3, Changed: 2}},
		{"nothing", &fleet.Result{}, 0, Difference{Verdicts: 3, Changed: 3, Early: 1}},
	} {
		got := Differ(said(), test.other, test.shift)
		if got != test.want || got.None() != (test.want.Changed+test.want.Evidence+test.want.Early == 0) {
			t.Errorf("%s: got %+v, none %t; want %+v", test.what, got, got.None(), test.want)
		}
	}
}

func TestCompare(t *testing.T) {
	bystander := record.Pseudonym{9}
	raised := evaluate.Statement{Terminal: bystander, Case: record.ID{9}, Sequence: 1, Status: record.StatusRaised, Class: record.ClassWatch, At: 200 * record.Second}
	with := func(r *fleet.Result, more ...evaluate.Statement) *fleet.Result {
		r.Statements = append(r.Statements, more...)
		return r
	}
	for _, test := range []struct {
		what          string
		merged, quiet *fleet.Result
		worse         int
		others        Count
	}{
		{"no change", said(), &fleet.Result{}, 0, Count{}},
		{"a bystander as without the set", with(said(), raised), with(&fleet.Result{}, raised), 0, Count{}},
		{"a bystander", with(said(), raised), &fleet.Result{}, 0, Count{Watch: 1}},
		{"a pane later", said(func(s []evaluate.Statement) { s[1].At += slack }), &fleet.Result{}, 0, Count{}},
		{"more than a pane later", said(func(s []evaluate.Statement) { s[1].At += slack + 1 }), &fleet.Result{}, 1, Count{}},
		{"a lower class", said(func(s []evaluate.Statement) { s[1].Class = record.ClassWatch }), &fleet.Result{}, 1, Count{}},
		{"no exception", said(func(s []evaluate.Statement) { s[1].Exceptions = nil }), &fleet.Result{}, 1, Count{}},
		{"nothing", &fleet.Result{}, &fleet.Result{}, 2, Count{}},
	} {
		m := &Merged{Alone: said(), Merged: test.merged, start: 60 * record.Second}
		c := m.Compare(test.quiet)
		if c.Worse != test.worse || c.Others != test.others {
			t.Errorf("%s: got %d worse, others %+v; want %d, %+v", test.what, c.Worse, c.Others, test.worse, test.others)
		}
		if c.Alone.Malicious != 1 || c.Alone.Malfunctioning != 1 || c.Alone.First == nil || *c.Alone.First != 100*record.Second || *c.Alone.Early != 60*record.Second {
			t.Errorf("%s: alone %+v, want one of each class, after 100 s, warned after 60 s", test.what, c.Alone)
		}
	}
}
