package fleet

import (
	"strings"
	"testing"

	"cordon/internal/record"
	"cordon/internal/simulate"
)

// small is a fleet that a test can afford.
var small = Fleet{Terminals: 60, Duration: 90 * record.Minute, Seed: 7, Each: 1, Partitions: 2, Baselines: true}

func TestSimulate(t *testing.T) {
	r, err := Simulate(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(r.Ours.Outcomes), len(simulate.Kinds()); got != want {
		t.Errorf("%d episodes, want one of each of %d kinds", got, want)
	}
	kinds := map[string]bool{}
	for _, o := range r.Ours.Outcomes {
		kinds[o.Kind] = true
		if o.Class == "" || o.Terminal.IsZero() {
			t.Errorf("%s: class %q, terminal %s; want both", o.Kind, o.Class, o.Terminal)
		}
		if o.Kind == "scan" && (!o.Found || !o.Early || !o.Right) {
			t.Errorf("scan: found %t, early %t, right exception %t; want all", o.Found, o.Early, o.Right)
		}
	}
	if len(kinds) != len(simulate.Kinds()) {
		t.Errorf("kinds told apart: %v, want %v", kinds, simulate.Kinds())
	}
	if days := r.Ours.Days.Benign + r.Ours.Days.Malicious + r.Ours.Days.Malfunctioning; days < 3.4 || days > 60*1.5/24 {
		t.Errorf("%.2f terminal-days, want a little less than 60 terminals by 1.5 h", days)
	}
	if len(r.Baselines) < 3 {
		t.Fatalf("%d baselines, want three at least", len(r.Baselines))
	}
	for _, b := range r.Baselines {
		for _, g := range b.Report.Kinds {
			if b.Name[:6] == "static" && g.Name == "scan" && g.Found == 0 {
				t.Errorf("%s does not see a scan of 100 a second", b.Name)
			}
		}
	}

	again, err := Simulate(t.Context(), small)
	if err != nil || again.Records != r.Records || again.Most != r.Most || *again.Ours.Labels[0].FalseBound != *r.Ours.Labels[0].FalseBound {
		t.Errorf("a second run, error %v, differs from the first", err)
	}
}

func TestOverrides(t *testing.T) {
	plain, err1 := Digest(nil, 2)
	changed, err2 := Digest([]Override{{"decision.malicious", "30000"}}, 2)
	if err1 != nil || err2 != nil || plain == changed {
		t.Errorf("digests %s and %s, errors %v and %v; want two that differ", plain, changed, err1, err2)
	}
	if _, err := Digest([]Override{{"gate.open", "false"}}, 2); err == nil || !strings.Contains(err.Error(), "gate.open") {
		t.Errorf("a key that is not there: error %v, want it named", err)
	}
	if _, err := Digest([]Override{{"decision.malicious", "1"}}, 2); err == nil {
		t.Error("a value out of range: got no error")
	}
	// The process's own environment takes no part.
	t.Setenv("CORDON_DECISION_MALICIOUS", "30000")
	if same, _ := Digest(nil, 2); same != plain {
		t.Error("the environment changes the digest")
	}
}
