package e2e

import (
	"cmp"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"cordon/collector/pseudonym"
	"cordon/internal/backtest"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/scenario"
	"cordon/internal/stream"
)

// shuffled gives the records of a source out of order, none by more than within.
type shuffled struct {
	records []raw.Telemetry
}

func shuffle(t *testing.T, source replay.Source, seed uint64, within record.Micros) *shuffled {
	t.Helper()
	dice := rand.New(rand.NewPCG(seed, 0))
	type moved struct {
		at record.Micros
		raw.Telemetry
	}
	var all []moved
	var r raw.Telemetry
	for source.Next(&r) == nil {
		all = append(all, moved{r.OccurredAt + record.Micros(dice.Int64N(int64(within))), r})
	}
	slices.SortStableFunc(all, func(a, b moved) int { return cmp.Compare(a.at, b.at) })
	s := &shuffled{}
	for _, m := range all {
		s.records = append(s.records, m.Telemetry)
	}
	return s
}

// Next gives the next record.
func (s *shuffled) Next(t *raw.Telemetry) error {
	if len(s.records) == 0 {
		return io.EOF
	}
	*t, s.records = s.records[0], s.records[1:]
	return nil
}

// These detectors use no peers, so a terminal's confirmed verdicts depend on
// its own records alone: not on their order within the lateness (20 s), nor on
// which other terminals share its partition.
func TestCapturesShuffledAndSplit(t *testing.T) {
	for _, c := range []struct{ name, path, terminal string }{
		{"hide-and-seek", "hide-and-seek/test7-malicious.pcap", "192.168.2.16"},
		{"mirai", "iot23-34-1-mirai/conn.log.labeled", "192.168.1.195"},
	} {
		t.Run(c.name, func(t *testing.T) {
			open := ofCapture(t, captures(t, c.path), c.terminal)
			want := confirmed(t, open(), 1)
			if want.Len() == 0 {
				t.Fatal("no verdict: nothing is compared")
			}
			for _, partitions := range []int32{1, 4, 16} {
				for seed := range uint64(3) {
					got := confirmed(t, shuffle(t, open(), seed, 19*record.Second), partitions)
					if !scenario.Equal(want, got) {
						t.Fatalf("%d partitions, shuffle %d: %s", partitions, seed, scenario.Difference(want, got))
					}
				}
			}
		})
	}
}

// confirmed runs a backtest and returns what it confirms.
func confirmed(t *testing.T, source replay.Source, partitions int32) scenario.Log {
	t.Helper()
	var verdicts []*record.Verdict
	twin{pseudonym.TestKey(), partitions, func(o backtest.Output) error {
		if o.Topic != stream.Verdicts || record.NameOf(o.Value) != "Verdict" {
			return nil
		}
		v := &record.Verdict{}
		verdicts = append(verdicts, v)
		return record.DecodeInto(o.Value, v)
	}}.run(t, source)
	log, err := scenario.Confirmed(verdicts)
	if err != nil {
		t.Fatal(err)
	}
	return log
}
