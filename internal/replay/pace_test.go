package replay

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"cordon/internal/feed"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

const start = record.Micros(1_777_888_800_000_000) // 2026-05-04T10:00:00Z

// sink notes when records were written; the time is the bubble's.
type sink struct {
	began time.Time
	kinds map[record.Kind][]time.Duration
	fail  error
}

func (s *sink) Write(_ context.Context, sends []stream.Send) error {
	for _, one := range sends {
		var t raw.Telemetry
		if err := new(raw.Decoder).Decode(one.Value, &t); err != nil {
			return err
		}
		s.kinds[t.Kind] = append(s.kinds[t.Kind], time.Since(s.began))
	}
	return s.fail
}

// under returns a replay whose first record is written already.
func under(speed int64, s *sink) *run {
	r := &run{Settings: Settings{Speed: speed}, writer: s, feed: feed.New(1), began: s.began, flushed: s.began}
	r.feed.Add(seen(0))
	r.result = Result{Records: 1, First: start, Last: start}
	return r
}

func seen(after record.Micros) *raw.Telemetry {
	return &raw.Telemetry{OccurredAt: start + after, SourceID: "upf-1", Kind: record.KindFlow, UEAddress: netip.MustParseAddr("10.45.0.7")}
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{began: time.Now(), kinds: map[record.Kind][]time.Duration{}}
		r := under(10, s)
		for _, after := range []record.Micros{10 * record.Second, 5 * record.Second, 60 * record.Second} {
			if err := r.add(t.Context(), seen(after)); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := s.kinds[record.KindFlow]
		want := []time.Duration{time.Second, time.Second, 6 * time.Second}
		if len(got) != len(want) {
			t.Fatalf("records were written after %v, want %v", got, want)
		}
		for i := range want {
			// A record waits for others for at most flushEvery.
			if got[i] < want[i] || got[i] > want[i]+flushEvery {
				t.Errorf("record %d was written after %v, want %v", i, got[i], want[i])
			}
		}
		// The silence of 50 s is filled with Clocks, so that time does not stand still.
		if n := len(s.kinds[record.KindClock]); n < 10 || n > 13 {
			t.Errorf("%d Clocks were written in a minute, want one every %v", n, feed.ClockEvery.Duration())
		}
	})
}

func TestFullSpeedDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{began: time.Now(), kinds: map[record.Kind][]time.Duration{}}
		r := under(0, s)
		for n := range record.Micros(3 * flushRecords) {
			if err := r.add(t.Context(), seen(n*record.Second)); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(s.began); took != 0 || len(s.kinds[record.KindFlow]) < 2*flushRecords {
			t.Errorf("%d records were written after %v, want most of them at once", len(s.kinds[record.KindFlow]), took)
		}
	})
}

func TestPaceEndsWithTheContextAndWithTheBrokers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s := &sink{began: time.Now(), kinds: map[record.Kind][]time.Duration{}}
		if err := under(1, s).add(ctx, seen(record.Hour)); !errors.Is(err, context.DeadlineExceeded) || time.Since(s.began) != time.Second {
			t.Errorf("after %v: %v, want %v after 1 s", time.Since(s.began), err, context.DeadlineExceeded)
		}
		s.fail = errors.New("brokers are gone")
		if err := under(1, s).add(t.Context(), seen(record.Hour)); !errors.Is(err, s.fail) {
			t.Errorf("got %v, want %v", err, s.fail)
		}
	})
}
