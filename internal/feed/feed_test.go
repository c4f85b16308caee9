package feed

import (
	"fmt"
	"net/netip"
	"testing"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

const start = record.Micros(1_700_000_000_000_000)

func flow(at record.Micros, n int) *raw.Telemetry {
	return &raw.Telemetry{OccurredAt: at, SourceID: "capture", SUPI: fmt.Sprintf("imsi-00101%010d", n), Kind: record.KindFlow,
		Flow: raw.Flow{Flow: record.Flow{RemoteAddress: netip.MustParseAddr("192.0.2.1")}}}
}

// numbers returns the numbers written into each partition, in order.
func numbers(t *testing.T, sends []stream.Send, into map[int32][]int64) {
	t.Helper()
	for _, s := range sends {
		var in raw.Telemetry
		if err := raw.DecodeInto(s.Value, &in); err != nil {
			t.Fatal(err)
		}
		if in.SourceSequence.Set {
			into[s.Partition] = append(into[s.Partition], in.SourceSequence.Value)
		}
	}
}

// Contracts section 1: sourceSequence "rises by one per source and raw
// partition", and a number seen among the last 1,024 is a duplicate. A second
// run of the same source must not look like the first one again.
func TestNumbersRiseAndNoRunRepeatsAnother(t *testing.T) {
	seen := map[int32]map[int64]int{}
	for run := range 3 {
		f, written := New(4), map[int32][]int64{}
		for i := range 100 {
			at := start + record.Micros(run)*(Beyond+record.Hour) + record.Micros(i)*record.Second
			numbers(t, f.Add(flow(at, i)), written)
		}
		for p, list := range written {
			if seen[p] == nil {
				seen[p] = map[int64]int{}
			}
			for i, n := range list {
				if i > 0 && n != list[i-1]+1 {
					t.Errorf("run %d, partition %d: %d follows %d", run, p, n, list[i-1])
				}
				if before, again := seen[p][n]; again {
					t.Fatalf("run %d, partition %d: number %d was that of a record of run %d", run, p, n, before)
				}
				seen[p][n] = run
			}
		}
	}
}

// Every source has a Clock in every partition before its first record, each
// ClockEvery, and at the end.
func TestClocks(t *testing.T) {
	f := New(3)
	var sends []stream.Send
	sends = append(sends, f.Add(flow(start, 1))...)
	sends = append(sends, f.Add(flow(start+ClockEvery-1, 1))...)
	sends = append(sends, f.Add(flow(start+ClockEvery, 1))...)
	sends = append(sends, f.End(start+record.Day)...)
	clocks := map[int32][]record.Micros{}
	for _, s := range sends {
		var in raw.Telemetry
		if err := raw.DecodeInto(s.Value, &in); err != nil {
			t.Fatal(err)
		}
		switch {
		case in.Kind == record.KindClock && in.SourceSequence.Set:
			t.Errorf("a Clock took number %d", in.SourceSequence.Value)
		case in.Kind == record.KindClock:
			clocks[s.Partition] = append(clocks[s.Partition], in.OccurredAt)
		case len(clocks[s.Partition]) == 0:
			t.Errorf("partition %d: a record before the first Clock", s.Partition)
		}
	}
	for p := range int32(3) {
		if got, want := fmt.Sprint(clocks[p]), fmt.Sprint([]record.Micros{start, start + ClockEvery, start + record.Day}); got != want {
			t.Errorf("partition %d: Clocks at %s, want %s", p, got, want)
		}
	}
}

// The raw key: the address where the record has one, else the SUPI; a session
// with two addresses is written under each.
func TestKeys(t *testing.T) {
	in := flow(start, 1)
	if got := string(Key(in)); got != in.SUPI {
		t.Errorf("key %q, want the SUPI", got)
	}
	in.UEAddress = netip.MustParseAddr("10.45.0.7")
	in.Kind = record.KindSession
	in.Session.OtherUEAddress = netip.MustParseAddr("2001:db8::")
	var keys []string
	for _, s := range New(1).Add(in)[1:] {
		keys = append(keys, fmt.Sprintf("%x", s.Key))
	}
	if got, want := fmt.Sprint(keys), "[0a2d0007 20010db8000000000000000000000000]"; got != want {
		t.Errorf("keys %s, want %s", got, want)
	}
}
