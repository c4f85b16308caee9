package simulation

import (
	"testing"

	"cordon/internal/identity"
	"cordon/internal/record"
	"cordon/internal/scenario"
	"cordon/internal/stream"
	"cordon/internal/stream/memory"
	scorer "cordon/scorer/task"
)

// quietly returns the quiet run of a Fleet, with the scorer's settings changed.
func quietly(t *testing.T, in *Input, change func(*scorer.Settings)) (*memory.Log, *Expected) {
	t.Helper()
	stages, err := newStages(in.room())
	if err != nil {
		t.Fatal(err)
	}
	settings := scorer.DefaultSettings()
	change(&settings)
	if stages[1], err = scorer.Stage(settings); err != nil {
		t.Fatal(err)
	}
	log, parts := newLog(in.Partitions), in.parts()
	for _, s := range stages {
		if _, err := runQuietly(log, s, parts); err != nil {
			t.Fatal(err)
		}
		parts = [][]Append{nil}
	}
	got, err := gather(log)
	if err != nil {
		t.Fatal(err)
	}
	return log, got
}

// What a Fleet is for takes part in its verdicts: without it they are others.
func TestFleetReachesWhatItIsFor(t *testing.T) {
	in := MakeKind(Fleet, 1)
	log, want := quietly(t, in, func(*scorer.Settings) {})
	for name, change := range map[string]func(*scorer.Settings){
		"peers":        func(s *scorer.Settings) { s.Peers.Enabled = false },
		"gate":         func(s *scorer.Settings) { s.Gate.Enabled = false },
		"envelope":     func(s *scorer.Settings) { s.Envelope.Enabled = false },
		"profile":      func(s *scorer.Settings) { s.Profile.Enabled = false },
		"novelty":      func(s *scorer.Settings) { s.Novelty.Enabled = false },
		"churn":        func(s *scorer.Settings) { s.Churn.Enabled = false },
		"lists":        func(s *scorer.Settings) { s.External.Enabled = false },
		"location":     func(s *scorer.Settings) { s.Location.Enabled = false },
		"exfiltration": func(s *scorer.Settings) { s.Exfiltration.Enabled = false },
	} {
		if _, got := quietly(t, in, change); scenario.Difference(want.Verdicts, got.Verdicts) == "" {
			t.Errorf("without %s the verdicts are the same", name)
		}
	}
	from := map[record.Reference]int{}
	for _, r := range reasonsOf(t, log) {
		from[r.Reference]++
	}
	for _, r := range [...]record.Reference{record.ReferencePrior, record.ReferenceOwn, record.ReferencePeer, record.ReferenceProfile} {
		if from[r] == 0 {
			t.Errorf("no reason compares with %s, of %v", r, from)
		}
	}
}

// What befalls many is nobody's fault: whoever is part of it has no verdict. Were the
// gate off he would have one.
func TestFleetBlamesNobodyForWhatBefallsMany(t *testing.T) {
	g := generate(Fleet, 1)
	shipped, _ := quietly(t, g.in, func(*scorer.Settings) {})
	open, _ := quietly(t, g.in, func(s *scorer.Settings) { s.Gate.Enabled = false })
	blamed, alone := accused(t, shipped), accused(t, open)
	for name, number := range map[string]int{"outage": impatient, "storm": stormy, "new server": early, "update": updated} {
		id, err := identity.ParseSUPI(g.terminals[number].supi)
		if err != nil {
			t.Fatal(err)
		}
		who := fleetDeriver().Terminal(id)
		if with, without := blamed[who], alone[who]; with || !without {
			t.Errorf("%s, terminal %d: blamed %v with the gate and %v without, want false and true", name, number, with, without)
		}
	}
}

// People's words are among what decides: without them the verdicts are others.
func TestFleetHeedsChanges(t *testing.T) {
	in := MakeKind(Fleet, 1)
	_, want := quietly(t, in, func(*scorer.Settings) {})
	silent := *in
	silent.Appends = nil
	for _, a := range in.Appends {
		if a.Sends[0].Topic == stream.TelemetryRaw {
			silent.Appends = append(silent.Appends, a)
		}
	}
	if len(silent.Appends) != len(in.Appends)-1 {
		t.Fatalf("people speak %d times, want once", len(in.Appends)-len(silent.Appends))
	}
	if _, got := quietly(t, &silent, func(*scorer.Settings) {}); scenario.Difference(want.Verdicts, got.Verdicts) == "" {
		t.Error("without profiles, decisions and lists the verdicts are the same")
	}
}

func reasonsOf(t *testing.T, log *memory.Log) (all []record.Reason) {
	for _, v := range verdictsOf(t, log) {
		all = append(all, v.Reasons...)
	}
	return all
}

// accused returns who has a verdict.
func accused(t *testing.T, log *memory.Log) map[record.Pseudonym]bool {
	all := map[record.Pseudonym]bool{}
	for _, v := range verdictsOf(t, log) {
		all[v.Terminal] = true
	}
	return all
}

func verdictsOf(t *testing.T, log *memory.Log) []*record.Verdict {
	t.Helper()
	d, err := decided(log)
	if err != nil {
		t.Fatal(err)
	}
	return d.verdicts
}
