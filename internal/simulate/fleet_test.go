package simulate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"testing"
	"time"

	"cordon/collector/validate"
	"cordon/internal/raw"
	"cordon/internal/record"
)

var start = record.MicrosOf(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))

// everything is a fleet in which all that can happen does.
func everything() Settings {
	s := Settings{Terminals: 400, Start: start, Duration: 50 * record.Minute, Seed: 7, Lifelike: true}
	for i, name := range Kinds() {
		// The scan, which is most of the records, comes last.
		s.Attacks = append(s.Attacks, Attack{Kind: name, Count: 2, Offset: record.Micros(len(Kinds())-i-1)*record.Minute + 15*record.Minute})
	}
	return s
}

func mustNew(t testing.TB, s Settings) *Fleet {
	t.Helper()
	f, err := New(s)
	if err != nil {
		t.Fatalf("New(%+v): %v", s, err)
	}
	return f
}

// each calls visit with every record.
func each(t testing.TB, f *Fleet, visit func(*raw.Telemetry)) {
	t.Helper()
	for {
		var r raw.Telemetry
		err := f.Next(&r)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		visit(&r)
	}
}

func encoded(t testing.TB, s Settings) []byte {
	t.Helper()
	f := mustNew(t, s)
	var records []byte
	each(t, f, func(r *raw.Telemetry) { records = raw.AppendTelemetry(records, r) })
	out := bytes.NewBuffer(records)
	if err := f.WriteTruth(out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestSameSeedSameBytes(t *testing.T) {
	first := encoded(t, everything())
	if !bytes.Equal(first, encoded(t, everything())) {
		t.Error("the same settings gave other bytes")
	}
	other := everything()
	other.Seed++
	if bytes.Equal(first, encoded(t, other)) {
		t.Error("another seed gave the same bytes")
	}
}

func TestOrder(t *testing.T) {
	for _, lifelike := range []bool{false, true} {
		s := everything()
		s.Lifelike = lifelike
		newest, late, records := record.Micros(0), 0, 0
		each(t, mustNew(t, s), func(r *raw.Telemetry) {
			records++
			behind := newest - r.OccurredAt
			if behind > 0 {
				late++
			}
			if behind > MaxLate || behind > 0 && (!lifelike || r.Kind != record.KindFlow) {
				t.Fatalf("lifelike %v: %v record is %v behind, want at most %v", lifelike, r.Kind, behind.Duration(), MaxLate.Duration())
			}
			newest = max(newest, r.OccurredAt)
			if r.OccurredAt < s.Start || r.OccurredAt > s.Start+s.Duration {
				t.Fatalf("record at %v, want within %v of %v", r.OccurredAt, s.Duration.Duration(), s.Start)
			}
		})
		if lifelike && late == 0 {
			t.Errorf("no late record among %d of a lifelike fleet", records)
		}
	}
}

// TestCollectorAccepts holds every record against the collector's own checks
// and the law of addresses: a user plane record names an address only, and a
// session record has bound it, with the same network and slice, before the flow
// began.
func TestCollectorAccepts(t *testing.T) {
	type binding struct {
		dnn, snssai string
		at          record.Micros
	}
	bounds := validate.Bounds{}
	bound := map[netip.Addr]binding{}
	holders := map[netip.Addr]string{}
	each(t, mustNew(t, everything()), func(r *raw.Telemetry) {
		if _, p := bounds.Check(r, r.OccurredAt); p.Found() {
			t.Fatalf("%v record: %v %s", r.Kind, p.Reason, p.Detail)
		}
		switch r.Kind {
		case record.KindSession:
			if r.SUPI == "" || r.PEI == "" {
				t.Fatalf("session at %v without SUPI or PEI", r.UEAddress)
			}
			if !r.UEAddress.IsValid() {
				return
			}
			if holder := holders[r.UEAddress]; holder != "" && holder != r.SUPI {
				t.Fatalf("address %v has two holders", r.UEAddress)
			}
			holders[r.UEAddress] = r.SUPI
			delete(bound, r.UEAddress)
			if r.Session.Event == record.SessionEstablished {
				bound[r.UEAddress] = binding{r.DNN, r.SNSSAI, r.OccurredAt}
			}
		case record.KindFlow:
			b, ok := bound[r.UEAddress]
			if r.SUPI != "" || r.GPSI != "" || r.PEI != "" {
				t.Fatalf("flow of %v names an identity", r.UEAddress)
			}
			if holders[r.UEAddress] == "" || ok && b.at < r.OccurredAt && (b.dnn != r.DNN || b.snssai != r.SNSSAI) {
				t.Fatalf("flow of %v on %s %s from %v: bound %v to %+v", r.UEAddress, r.DNN, r.SNSSAI, r.Flow.StartTime.Value, ok, b)
			}
			if port := r.Flow.LocalPort.Value; r.Flow.Direction == record.DirectionUplink && (port < firstEphemeral || port >= firstEphemeral+ephemeral) {
				t.Fatalf("flow from local port %d, want an ephemeral one", port)
			}
			if r.IntervalStart.Value < r.Flow.StartTime.Value || r.IntervalStart.Value >= r.OccurredAt {
				t.Fatalf("flow from %v reported for %v to %v", r.Flow.StartTime.Value, r.IntervalStart.Value, r.OccurredAt)
			}
		case record.KindRegistration:
			if r.CellID == "" || r.TrackingAreaCode == "" || r.SUPI == "" {
				t.Fatalf("registration without cell, area or SUPI: %+v", r)
			}
		}
	})
	if len(holders) != 400 {
		t.Errorf("%d addresses bound, want one for each of 400 terminals", len(holders))
	}
}

// TestIntervalsMeet proves that the reports of an open flow follow each other
// without gap or overlap.
func TestIntervalsMeet(t *testing.T) {
	type flow struct {
		terminal, remote netip.Addr
		port             int32
		from             record.Micros
	}
	reported, numbers := map[flow]record.Micros{}, map[int64]bool{}
	s := everything()
	s.Attacks = nil
	f := mustNew(t, s)
	each(t, f, func(r *raw.Telemetry) {
		// What is sampled misses flows.
		if r.Kind != record.KindFlow || r.OccurredAt >= f.trouble.sampling.from || numbers[r.SourceSequence.Value] {
			return
		}
		numbers[r.SourceSequence.Value] = true
		key := flow{r.UEAddress, r.Flow.RemoteAddress, r.Flow.RemotePort, r.Flow.StartTime.Value}
		if last, open := reported[key]; open && last != r.IntervalStart.Value || !open && key.from != r.IntervalStart.Value {
			t.Fatalf("flow %+v: report from %v, the one before ended %v", key, r.IntervalStart.Value, last)
		}
		reported[key] = r.OccurredAt
		if r.Flow.Ended {
			delete(reported, key)
		}
	})
}

// addressOf returns the address of a subscriber of the fleet; none for no name.
func addressOf(supi string) netip.Addr {
	var n int32
	if _, err := fmt.Sscanf(supi, "imsi-00101%d", &n); err != nil {
		return netip.Addr{}
	}
	return ueAddress(n - 1)
}

// TestAttacksLeaveOthersAlone proves that an attack changes no record of
// another terminal.
func TestAttacksLeaveOthersAlone(t *testing.T) {
	attacked := map[netip.Addr]bool{}
	collect := func(s Settings) map[string]int {
		f := mustNew(t, s)
		for _, row := range f.Truth() {
			attacked[addressOf(row.Source)] = true
		}
		seen := map[string]int{}
		each(t, f, func(r *raw.Telemetry) {
			if !attacked[r.UEAddress] && !attacked[addressOf(r.SUPI)] {
				r.SourceSequence.Set = false // a source counts them all
				seen[string(raw.AppendTelemetry(nil, r))]++
			}
		})
		return seen
	}
	s := everything()
	s.Terminals, s.Duration = 150, 20*record.Minute
	s.Attacks = []Attack{{Kind: "scan-slow", Count: 2}, {Kind: "sim-moved", Count: 2}, {Kind: "registration-storm", Count: 2}}
	with := collect(s)
	s.Attacks = nil
	without := collect(s)
	if !maps.Equal(with, without) {
		t.Errorf("%d records of others with attacks, %d without, or not the same", len(with), len(without))
	}
}

func TestRefusedSettings(t *testing.T) {
	good := Settings{Terminals: 10, Start: start, Duration: record.Hour}
	for name, change := range map[string]func(*Settings){
		"no terminals":    func(s *Settings) { s.Terminals = 0 },
		"too many":        func(s *Settings) { s.Terminals = maxTerminals + 1 },
		"before 1970":     func(s *Settings) { s.Start = -1 },
		"no duration":     func(s *Settings) { s.Duration = 0 },
		"hasty reports":   func(s *Settings) { s.ReportInterval = record.Millisecond },
		"lazy reports":    func(s *Settings) { s.ReportInterval = record.Hour },
		"unknown class":   func(s *Settings) { s.Attacks = []Attack{{Kind: "scan", Class: "toaster", Count: 1}} },
		"unknown kind":    func(s *Settings) { s.Attacks = []Attack{{Kind: "plague", Count: 1}} },
		"no count":        func(s *Settings) { s.Attacks = []Attack{{Kind: "scan"}} },
		"after the end":   func(s *Settings) { s.Attacks = []Attack{{Kind: "scan", Count: 1, Offset: record.Hour}} },
		"at the very end": func(s *Settings) { s.Attacks = []Attack{{Kind: "scan", Count: 1, Offset: record.Hour - 1}} },
		"too few fit":     func(s *Settings) { s.Attacks = []Attack{{Kind: "exfil", Count: 10}} },
	} {
		s := good
		change(&s)
		if _, err := New(s); err == nil {
			t.Errorf("%s: New accepted %+v", name, s)
		}
	}
	if _, err := New(good); err != nil {
		t.Errorf("New(%+v): %v", good, err)
	}
}

func BenchmarkNext(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := Settings{Terminals: n, Start: start, Duration: 300 * record.Day, Seed: 1, Lifelike: true}
			f, err := New(s)
			if err != nil {
				b.Fatal(err)
			}
			var t raw.Telemetry
			b.ReportAllocs()
			for b.Loop() {
				if err := f.Next(&t); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
