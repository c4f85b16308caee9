package task_test

import (
	"fmt"
	"slices"
	"testing"

	"cordon/collector/pseudonym"
	"cordon/internal/identity"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/memory"
)

const subscriber = "imsi-001010000000042"

// newChangesRig has the topics of profiles and decisions as well.
func newChangesRig(t testing.TB, rawPartitions, partitions int32) *rig {
	t.Helper()
	r := &rig{t: t, log: memory.NewLog(), stage: stageOf(t, settings(), pseudonym.TestKey())}
	for topic, n := range map[stream.Topic]int32{stream.TelemetryRaw: rawPartitions, stream.CollectorState: rawPartitions, stream.ProfilesRaw: rawPartitions,
		stream.OperatorDecisions: 1, stream.Telemetry: partitions, stream.DeadLetters: 1, stream.Progress: 1} {
		r.log.Create(topic, n)
	}
	r.log.SetTime(start + record.Hour)
	r.restart()
	return r
}

// provision appends to profiles.raw; nil is a tombstone.
func (r *rig) provision(key string, content any) {
	r.t.Helper()
	var value []byte
	if content != nil {
		var err error
		if value, err = raw.Append(nil, content); err != nil {
			r.t.Fatal(err)
		}
	}
	at := stream.KeyPartition([]byte(key), r.log.Partitions(stream.ProfilesRaw))
	if err := r.log.Append([]stream.Send{{Topic: stream.ProfilesRaw, Partition: at, Key: []byte(key), Value: value}}); err != nil {
		r.t.Fatal(err)
	}
}

// decide appends to operator.decisions.
func (r *rig) decide(d *record.OperatorDecision) {
	r.t.Helper()
	value, err := record.Append(nil, d)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := r.log.Append([]stream.Send{{Topic: stream.OperatorDecisions, Key: []byte(d.Kind.String()), Value: value}}); err != nil {
		r.t.Fatal(err)
	}
}

// changes returns what the scorer of a partition is told beside telemetry.
func (r *rig) changes(partition int32) (list []any) {
	for _, rec := range r.records(stream.Telemetry, partition) {
		switch rec.(type) {
		case *record.ProfileChange, *record.DecisionChange, *record.SettingChange:
			list = append(list, rec)
		}
	}
	return list
}

func profileOf(b raw.ExpectedBehaviour) *raw.ExpectedBehaviour {
	b.Criticality = record.CriticalityProtected
	return &b
}

// A profile of a terminal goes to its partition, under its pseudonym; that of a group
// or type, settings and decisions go to all of them (contracts section 2).
func TestChangesAreForwarded(t *testing.T) {
	r := newChangesRig(t, 2, 3)
	r.put(0, nil, &raw.Telemetry{OccurredAt: start, SourceID: "upf-1", SUPI: subscriber, Kind: record.KindSessionUsage})
	r.run()
	r.provision(subscriber, profileOf(raw.ExpectedBehaviour{SUPI: subscriber}))
	r.provision("pumps", profileOf(raw.ExpectedBehaviour{InternalGroupID: "pumps"}))
	r.provision("35209900", profileOf(raw.ExpectedBehaviour{TypeAllocationCode: "35209900"}))
	r.provision("setting:destinations", &raw.Setting{Name: "destinations", Version: "1", Content: []byte("203.0.113.7 90")})
	r.decide(&record.OperatorDecision{Kind: record.DecisionBenign, Terminal: record.Pseudonym{7}, Operator: "o", ReasonCode: "r"})
	r.decide(&record.OperatorDecision{Kind: record.DecisionPause, Operator: "o", ReasonCode: "r"}) // the enforcer's
	r.run()
	supi, _ := identity.ParseSUPI(subscriber)
	derive, err := pseudonym.NewDeriver(pseudonym.TestKey(), 0, 16)
	if err != nil {
		t.Fatal(err)
	}
	own := 0
	for p := range int32(3) {
		kinds := map[string]int{}
		for _, c := range r.changes(p) {
			switch c := c.(type) {
			case *record.ProfileChange:
				if !c.Terminal.IsZero() {
					if own++; c.Terminal != derive.Terminal(supi) || p != derive.Bucket(supi, 3) {
						t.Errorf("partition %d: a profile of %v, want it under its pseudonym in partition %d", p, c.Terminal, derive.Bucket(supi, 3))
					}
				}
				kinds["profile "+c.InternalGroupID+c.TypeAllocationCode]++
				if c.EffectiveFrom < start+60*record.Second || c.Profile.Criticality != record.CriticalityProtected {
					t.Errorf("got %+v, want it protected and in force a minute after the newest time or later", c)
				}
			case *record.DecisionChange:
				kinds[c.Kind.String()]++
			case *record.SettingChange:
				kinds[c.Name+" "+string(c.Content)]++
			}
		}
		for _, want := range []string{"profile pumps", "profile 35209900", "BENIGN", "destinations 203.0.113.7 90"} {
			if kinds[want] != 1 {
				t.Errorf("partition %d: %q %d times, want once (%v)", p, want, kinds[want], kinds)
			}
		}
		if kinds["PAUSE"] > 0 {
			t.Errorf("partition %d has a PAUSE, which is the enforcer's", p)
		}
	}
	if own != 1 {
		t.Errorf("the profile of the terminal came %d times, want once", own)
	}
}

// A tombstone takes back what stood under its key.
func TestRemovals(t *testing.T) {
	r := newChangesRig(t, 1, 1)
	for _, key := range []string{subscriber, "pumps", "35209900", "setting:destinations"} {
		r.provision(key, nil)
	}
	r.run()
	var got []string
	for _, c := range r.changes(0) {
		switch c := c.(type) {
		case *record.ProfileChange:
			got = append(got, fmt.Sprint(!c.Terminal.IsZero(), c.InternalGroupID, c.TypeAllocationCode, c.Removed))
		case *record.SettingChange:
			got = append(got, fmt.Sprint(c.Name, len(c.Content)))
		}
	}
	if want := []string{"true   true", "false pumps  true", "false  35209900 true", "destinations0"}; !slices.Equal(normal(got), normal(want)) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// normal takes spaces out.
func normal(list []string) (out []string) {
	for _, s := range list {
		out = append(out, fmt.Sprintf("%q", slices.DeleteFunc([]byte(s), func(c byte) bool { return c == ' ' })))
	}
	return out
}

// What cannot be used is a dead letter that says where it lies and why.
func TestBadChanges(t *testing.T) {
	r := newChangesRig(t, 1, 1)
	port := record.Some[int32](70_000)
	for _, b := range []*raw.ExpectedBehaviour{
		{}, {SUPI: subscriber, InternalGroupID: "pumps"}, {SUPI: "imsi-1"}, {SUPI: "pumps"}, {InternalGroupID: subscriber}, {TypeAllocationCode: "352"},
		{InternalGroupID: "pumps", Profile: record.Profile{AllowedDestinations: []record.AllowRule{{AddressPrefix: "203.0.113.0/99"}}}},
		{InternalGroupID: "pumps", Profile: record.Profile{AllowedDestinations: []record.AllowRule{{}}}},
		{InternalGroupID: "pumps", Profile: record.Profile{AllowedDestinations: []record.AllowRule{{Domain: "a.example", PortFrom: port}}}},
		{InternalGroupID: "pumps", Profile: record.Profile{PeriodicTime: record.Some[int32](-1)}},
		{InternalGroupID: "pumps", Profile: record.Profile{MaxUplinkBitsPerSecond: record.Some[int64](-1)}},
		{InternalGroupID: "pumps", Profile: record.Profile{ExpectedTrackingAreaCodes: []string{"here"}}},
	} {
		r.provision("key", b)
	}
	r.provision("imsi-1", nil)
	r.provision("a b", nil)
	if err := r.log.Append([]stream.Send{{Topic: stream.ProfilesRaw, Key: []byte("x"), Value: []byte("garbage")}}); err != nil {
		t.Fatal(err)
	}
	r.run()
	if got := r.changes(0); len(got) != 0 {
		t.Errorf("forwarded %+v, want nothing", got)
	}
	dead := r.records(stream.DeadLetters, 0)
	for _, rec := range dead {
		if d := rec.(*record.DeadLetter); d.SourceTopic != string(stream.ProfilesRaw) || d.Detail == "" {
			t.Errorf("got %+v, want it to say profiles.raw and why", d)
		}
	}
	if len(dead) != 15 {
		t.Errorf("got %d dead letters, want 15", len(dead))
	}
}

// Before there is any time a change holds from the beginning; a domain leaves as
// telemetry has it.
func TestProfileBeforeTelemetry(t *testing.T) {
	r := newChangesRig(t, 1, 1)
	r.provision("pumps", &raw.ExpectedBehaviour{InternalGroupID: "pumps", Profile: record.Profile{
		AllowedDestinations: []record.AllowRule{{Domain: "Head.Example.co.uk"}, {Domain: "mine.duckdns.org"}},
	}})
	r.run()
	got := r.changes(0)
	if len(got) != 1 {
		t.Fatalf("got %+v, want one change", got)
	}
	c := got[0].(*record.ProfileChange)
	if rules := c.Profile.AllowedDestinations; c.EffectiveFrom >= start || rules[0].Domain != "example.co.uk" || len(rules[1].Domain) != 16 {
		t.Errorf("got %+v, want it from the beginning, for example.co.uk and a token", c)
	}
}

// After a restart nothing is forwarded twice, and nothing is lost.
func TestChangesAcrossRestarts(t *testing.T) {
	r := newChangesRig(t, 1, 1)
	for i := range 5 {
		r.provision(fmt.Sprint("group-", i), profileOf(raw.ExpectedBehaviour{InternalGroupID: fmt.Sprint("group-", i)}))
		r.run()
		r.restart()
	}
	r.run()
	if got := r.changes(0); len(got) != 5 {
		t.Errorf("got %d changes, want 5", len(got))
	}
}
