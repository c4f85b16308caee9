package task

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/scorer/pane"
)

// grouped is a flow of a terminal that belongs to a group.
func grouped(f flow, group string) *record.PseudonymisedTelemetry {
	r := f.record()
	r.InternalGroupID, r.TypeAllocationCode = group, "35209900"
	return r
}

// scanned returns what is told of a terminal of group "pumps" that scans from a
// minute on, with changes before the given second.
func scanned(t *testing.T, changes map[record.Micros]any) []*record.Verdict {
	t.Helper()
	var s script
	s.clock(epoch)
	for second := range record.Micros(180) {
		at := epoch + second*record.Second
		if c := changes[second]; c != nil {
			s.add(c)
		}
		if second%10 == 0 {
			s.clock(at)
		}
		if second >= 60 && second < 90 {
			s.add(grouped(scan(1, at, int(second), 0)[second-1], "pumps"))
		}
	}
	s.clock(epoch + record.Hour)
	return verdicts(run(t, start(t, nil), s.values))
}

// PROTECTED and EXEMPT stand in every verdict from their time on, and an open case
// tells of them at once (contracts section 5).
func TestCriticalityInVerdicts(t *testing.T) {
	protect := record.Profile{Criticality: record.CriticalityProtected}
	later := epoch + 130*record.Second
	for _, c := range []struct {
		what    string
		changes map[record.Micros]any
		want    []record.Criticality // of consecutive verdicts, each once
	}{
		{"nothing provisioned", nil, []record.Criticality{record.CriticalityNormal}},
		{"its group", map[record.Micros]any{5: &record.ProfileChange{InternalGroupID: "pumps", Profile: protect}}, []record.Criticality{record.CriticalityProtected}},
		{"its type", map[record.Micros]any{5: &record.ProfileChange{TypeAllocationCode: "35209900", Profile: protect}}, []record.Criticality{record.CriticalityProtected}},
		{"another group", map[record.Micros]any{5: &record.ProfileChange{InternalGroupID: "tills", Profile: protect}}, []record.Criticality{record.CriticalityNormal}},
		{"exempt while its case is open", map[record.Micros]any{5: &record.DecisionChange{Kind: record.DecisionExempt, Terminal: record.Pseudonym{1, 1}, EffectiveFrom: later}},
			[]record.Criticality{record.CriticalityNormal, record.CriticalityExempt}},
		{"exempt until its case is open", map[record.Micros]any{5: &record.DecisionChange{Kind: record.DecisionExempt, InternalGroupID: "pumps", Until: record.Some(later)}},
			[]record.Criticality{record.CriticalityExempt, record.CriticalityNormal}},
	} {
		var got []record.Criticality
		for _, v := range scanned(t, c.changes) {
			if got = append(got, v.Criticality); len(c.want) > 1 && v.DecidedAt >= later && v.DecidedAt < later+30*record.Second && v.Status == record.StatusUpdated {
				if want := pane.Of(later).End() + 20*record.Second; v.Criticality == c.want[len(c.want)-1] && v.DecidedAt != want {
					t.Errorf("%s: told at %s, want %s", c.what, v.DecidedAt, want)
				}
			}
		}
		if got = slices.Compact(got); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.what, got, c.want)
		}
	}
}

// BENIGN clears the case in the pane of its time, and what it was about raises no
// other while it holds.
func TestBenignClearsTheCase(t *testing.T) {
	var s script
	s.clock(epoch)
	begin, end := epoch+3*record.Hour, epoch+7*record.Hour
	s.add(&record.DecisionChange{Kind: record.DecisionBenign, Terminal: record.Pseudonym{1, 1}, EffectiveFrom: begin, Until: record.Some(end)})
	for minute := range record.Micros(10 * 60) {
		at := epoch + 2*record.Hour + minute*record.Minute
		s.add(flow{1, at, "198.51.100.66:6667", pane.TCP, 1, 0}.record())
		s.clock(at)
	}
	got := verdicts(run(t, start(t, nil), s.values))
	if len(got) < 2 || got[0].Status != record.StatusRaised {
		t.Fatalf("got %d verdicts, want a case before the decision", len(got))
	}
	cleared := slices.IndexFunc(got, func(v *record.Verdict) bool { return v.Status == record.StatusCleared })
	if cleared < 0 || got[cleared].WindowEnd != pane.Of(begin).End() {
		t.Fatalf("got %+v, want the case cleared in the pane of %s", got, begin)
	}
	for _, v := range got[cleared+1:] {
		if v.WindowEnd < end {
			t.Errorf("got %v at %s, want nothing before %s", v.Status, v.WindowEnd, end)
		}
	}
}

// ALLOW takes a destination out for whom it is about: one-way traffic to it is no
// flood, and a first contact no evidence.
func TestAllow(t *testing.T) {
	for _, c := range []struct {
		what   string
		change *record.DecisionChange
		want   bool // a verdict
	}{
		{"not allowed", &record.DecisionChange{Kind: record.DecisionAllow, Destination: "198.51.100.21"}, true},
		{"allowed for all", &record.DecisionChange{Kind: record.DecisionAllow, Destination: "198.51.100.20:5683/udp"}, false},
		{"allowed for its group", &record.DecisionChange{Kind: record.DecisionAllow, InternalGroupID: "pumps", Destination: "198.51.100.0/24"}, false},
		{"allowed for another group", &record.DecisionChange{Kind: record.DecisionAllow, InternalGroupID: "tills", Destination: "198.51.100.0/24"}, true},
	} {
		var s script
		s.clock(epoch)
		s.add(c.change)
		for i := range record.Micros(120) {
			at := epoch + 2*record.Hour + i*10*record.Second
			s.add(grouped(flow{1, at, "198.51.100.20:5683", pane.UDP, 8000, 0}, "pumps"))
			s.clock(at)
		}
		s.clock(epoch + 4*record.Hour)
		if got := verdicts(run(t, start(t, nil), s.values)); (len(got) > 0) != c.want {
			t.Errorf("%s: got %d verdicts, want some: %v", c.what, len(got), c.want)
		}
	}
}

// A destination on a list is evidence by its confidence, at most 6 nats, and counts
// as no family.
func TestDestinationList(t *testing.T) {
	var s script
	s.clock(epoch)
	s.add(&record.SettingChange{Name: "destinations", Version: "1", Content: []byte("198.51.100.66 50")})
	s.add(flow{1, epoch, "203.0.113.7:443", pane.TCP, 1, 1}.record())
	for i := range record.Micros(60) {
		at := epoch + 2*record.Hour + i*record.Minute
		s.add(flow{1, at, "198.51.100.66:6667", pane.TCP, 1, 1}.record())
		s.clock(at)
	}
	for _, v := range verdicts(run(t, start(t, nil), s.values)) {
		for _, r := range v.Reasons {
			if r.Family == "external" && r.Contribution > 0 && r.Contribution <= 3000 {
				return
			}
		}
	}
	t.Error("no verdict has a reason of family external of at most 3 nats")
}

// What cannot be used is a dead letter, and is counted.
func TestChangesAreCounted(t *testing.T) {
	task := start(t, nil)
	list := run(t, task, [][]byte{
		encode(&record.ProfileChange{TypeAllocationCode: "35209900"}), encode(&record.DecisionChange{Kind: record.DecisionAllow}),
		encode(&record.SettingChange{Name: "destinations"}),
	})
	if len(list) != 1 || list[0].topic != stream.DeadLetters || task.counts.changes != 3 {
		t.Errorf("sent %+v, counted %d, want one dead letter and 3", list, task.counts.changes)
	}
}

// Wherever a task is cut and restarted, changes included, the verdicts are the same.
func TestChangesSurviveRestarts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var flows []flow
		for range rapid.IntRange(1, 3).Draw(rt, "episodes") {
			flows = append(flows, episode(rt)...)
		}
		values := deliver(rt, flows, 15*record.Second, 5*record.Second)
		for i := range rapid.IntRange(1, 4).Draw(rt, "changes") {
			at := rapid.IntRange(1, len(values)-1).Draw(rt, "place")
			values = slices.Insert(values, at, encode(drawChange(rt, i)))
		}
		want := plain(t, DefaultSettings(), values)
		if got := troubled(rt, t, DefaultSettings(), values); !slices.EqualFunc(got, want, bytes.Equal) {
			for i := range min(len(got), len(want)) {
				if !bytes.Equal(got[i], want[i]) {
					a, _ := record.Decode(got[i])
					b, _ := record.Decode(want[i])
					rt.Fatalf("verdict %d with restarts\n%+v\nwithout\n%+v", i, a, b)
				}
			}
			rt.Fatalf("%d verdicts with restarts, want the same %d as without", len(got), len(want))
		}
	})
}

// drawChange draws a change about one of the terminals of an episode.
func drawChange(t *rapid.T, i int) any {
	from := epoch + record.Micros(rapid.Int64Range(0, int64(4*record.Hour)).Draw(t, "from"))
	terminal := record.Pseudonym{byte(rapid.IntRange(1, 3).Draw(t, "about")), 1}
	switch rapid.IntRange(0, 3).Draw(t, "change") {
	case 0:
		return &record.ProfileChange{Terminal: terminal, EffectiveFrom: from, Profile: record.Profile{
			Criticality: record.CriticalityProtected, AllowedDestinations: []record.AllowRule{{AddressPrefix: "203.0.113.7"}}}}
	case 1:
		return &record.SettingChange{Name: fmt.Sprint("destinations-", i), Version: "1", Content: []byte("203.0.113.0/24 80"), EffectiveFrom: from}
	case 2:
		return &record.DecisionChange{Kind: record.DecisionAllow, Destination: "203.0.113.99", EffectiveFrom: from}
	}
	return &record.DecisionChange{Kind: record.DecisionBenign, Terminal: terminal, EffectiveFrom: from, Until: record.Some(from + record.Hour)}
}
