package simulation

import (
	"testing"

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
	err := each(log, func(_ stream.Partition, r stream.Record) error {
		decoded, err := record.Decode(r.Value)
		if v, is := decoded.(*record.Verdict); is {
			all = append(all, v.Reasons...)
		}
		return err
	}, stream.Verdicts)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
