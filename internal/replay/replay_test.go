package replay_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cordon/internal/embedded"
	"cordon/internal/failure"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

const partitions = 2

var long = record.MicrosOf(time.Now()) - 30*record.Day // ago

// deployment returns a client for topics of their own.
func deployment(t *testing.T) *kafka.Client {
	t.Helper()
	broker, err := embedded.Start(embedded.Settings{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	client, err := kafka.NewClient(kafka.Settings{Brokers: broker.Addresses(), ClientID: "test", Prefix: "test."})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func withTopics(t *testing.T) *kafka.Client {
	t.Helper()
	client := deployment(t)
	var specs []kafka.TopicSpec
	for _, topic := range stream.Topics(partitions) {
		specs = append(specs, kafka.TopicSpec(topic))
	}
	if _, err := client.Create(t.Context(), specs, 1); err != nil {
		t.Fatal(err)
	}
	return client
}

// put writes records of the pipeline, as the programs would.
func put(ctx context.Context, c *kafka.Client, sends ...stream.Send) error {
	w, err := c.NewWriter(ctx)
	if err != nil {
		return err
	}
	return w.Write(ctx, sends)
}

func encoded(t *testing.T, rec any) []byte {
	t.Helper()
	value, err := record.Append(nil, rec)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// clocks are what collectors say of all raw partitions.
func clocks(t *testing.T, at record.Micros, state record.ClockState) []stream.Send {
	t.Helper()
	var sends []stream.Send
	for p := range int32(partitions) {
		value := encoded(t, &record.SourceClock{RawPartition: p, RawPartitions: partitions, Time: at, State: state})
		sends = append(sends, stream.Send{Topic: stream.Progress, Key: []byte{byte(p)}, Value: value})
	}
	return sends
}

// list is a source of given records; before is called before each.
type list struct {
	records []raw.Telemetry
	before  func(n int)
	n       int
}

func (l *list) Next(t *raw.Telemetry) error {
	if l.before != nil {
		l.before(l.n)
	}
	if l.n == len(l.records) {
		return io.EOF
	}
	*t = l.records[l.n]
	l.n++
	return nil
}

func flows(n int, first, every record.Micros) []raw.Telemetry {
	all := make([]raw.Telemetry, n)
	for i := range all {
		all[i] = raw.Telemetry{
			OccurredAt: first + record.Micros(i)*every, SourceID: "upf-1", Kind: record.KindFlow,
			UEAddress: netip.AddrFrom4([4]byte{10, 45, 0, byte(i % 7)}),
		}
		all[i].Flow.RemoteAddress = netip.MustParseAddr("203.0.113.80")
	}
	return all
}

// written returns what lies in telemetry.raw, by partition.
func written(t *testing.T, c *kafka.Client) [partitions][]raw.Telemetry {
	t.Helper()
	var all [partitions][]raw.Telemetry
	for p := range int32(partitions) {
		err := c.Read(t.Context(), stream.Partition{Topic: stream.TelemetryRaw, ID: p}, 0, func(b stream.Batch) error {
			for _, rec := range b.Records {
				var got raw.Telemetry
				if err := raw.DecodeInto(rec.Value, &got); err != nil {
					return err
				}
				all[p] = append(all[p], got)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// Without collectors everything is written at once: each record once, in order,
// between Clocks.
func TestReplayWritesEveryRecordOnce(t *testing.T) {
	client := withTopics(t)
	in := flows(5000, long, record.Second)
	in = append(in[:100:100], append([]raw.Telemetry{{OccurredAt: long + 20*record.Day, SourceID: "upf-1", Kind: record.KindClock}}, in[100:]...)...)
	observed := int64(0)
	got, err := replay.Run(t.Context(), replay.Settings{Client: client, Source: &list{records: in}, Shift: record.Hour, Observe: func(n int64, _ record.Micros) { observed = n }})
	if err != nil {
		t.Fatal(err)
	}
	first, last := long+record.Hour, long+record.Hour+4999*record.Second
	if want := (replay.Result{Records: 5000, First: first, Last: last, Clock: last + 8*record.Day}); got != want || observed != 5000 {
		t.Errorf("got %+v and observed %d, want %+v and 5000", got, observed, want)
	}
	total := 0
	for p, records := range written(t, client) {
		newest := record.Micros(0)
		for i, r := range records {
			if edge := i == 0 || i == len(records)-1; edge && r.Kind != record.KindClock {
				t.Errorf("partition %d: record %d of %d is a %v, want a Clock first and last", p, i, len(records), r.Kind)
			}
			if r.OccurredAt < newest {
				t.Errorf("partition %d: record %d of %s behind %s", p, i, r.OccurredAt, newest)
			}
			newest = r.OccurredAt
			if r.Kind == record.KindFlow {
				total++
			}
		}
		if newest != last+8*record.Day {
			t.Errorf("partition %d: the last Clock is of %s, want %s", p, newest, last+8*record.Day)
		}
	}
	if total != 5000 {
		t.Errorf("%d flows were written, want 5000", total)
	}
}

// The brokers refuse what is ahead of their own clock, so the last Clock of
// telemetry that ends now is of now.
func TestReplayUpToNow(t *testing.T) {
	client := withTopics(t)
	before := record.MicrosOf(time.Now())
	in := flows(10, before-9*record.Second, record.Second)
	got, err := replay.Run(t.Context(), replay.Settings{Client: client, Source: &list{records: in}})
	if after := record.MicrosOf(time.Now()); err != nil || got.Clock < before || got.Clock > after {
		t.Errorf("last Clock at %s, error %v; want it between %s and %s", got.Clock, err, before, after)
	}
}

func TestReplayOfNothing(t *testing.T) {
	client := withTopics(t)
	got, err := replay.Run(t.Context(), replay.Settings{Client: client, Source: &list{}})
	if err != nil || got != (replay.Result{}) {
		t.Errorf("got %+v, %v, want nothing", got, err)
	}
	if err := replay.Await(t.Context(), client, replay.Mark{{Topic: stream.Verdicts}: 0}, got.Clock-record.Minute, nil); err != nil {
		t.Errorf("waiting for nothing: %v", err)
	}
}

func TestReplayWithoutTopicsNamesTheRemedy(t *testing.T) {
	_, err := replay.Run(t.Context(), replay.Settings{Client: deployment(t), Source: &list{records: flows(1, long, 0)}})
	if !errors.Is(err, failure.ErrUsage) || !strings.Contains(err.Error(), "cordonctl topics create") {
		t.Errorf("got %v, want a usage error that names cordonctl topics create", err)
	}
}

func TestDeploymentThatIsAheadIsRefused(t *testing.T) {
	client := withTopics(t)
	if err := put(t.Context(), client, clocks(t, long+record.Second, record.ClockActive)...); err != nil {
		t.Fatal(err)
	}
	_, err := replay.Run(t.Context(), replay.Settings{Client: client, Source: &list{records: flows(3, long, record.Second)}})
	if !errors.Is(err, failure.ErrUsage) || !strings.Contains(err.Error(), "--prefix") || !strings.Contains(err.Error(), "--start-at now") {
		t.Errorf("got %v, want a usage error with both remedies", err)
	}
	for p, records := range written(t, client) {
		if len(records) > 0 {
			t.Errorf("partition %d holds %d records, want none", p, len(records))
		}
	}
	if err := replay.CheckClock(t.Context(), client, long+record.Second); err != nil {
		t.Errorf("telemetry that begins where the clock stands is refused: %v", err)
	}
}

// One raw partition that is ahead is enough, whatever the others say and in
// whatever order: of each the newest time counts, also of one that is STALLED.
func TestOnePartitionThatIsAheadIsEnough(t *testing.T) {
	say := func(p int32, at record.Micros, state record.ClockState) stream.Send {
		value := encoded(t, &record.SourceClock{RawPartition: p, RawPartitions: partitions, Time: at, State: state})
		return stream.Send{Topic: stream.Progress, Key: []byte{byte(p)}, Value: value}
	}
	for name, c := range map[string]struct {
		said    []stream.Send
		refused string // empty: not
	}{
		"all empty":            {[]stream.Send{say(0, 0, record.ClockEmpty), say(1, 0, record.ClockEmpty)}, ""},
		"all behind":           {[]stream.Send{say(0, long-record.Hour, record.ClockActive), say(1, long, record.ClockIdle)}, ""},
		"the first is ahead":   {[]stream.Send{say(0, long+record.Second, record.ClockActive), say(1, long-record.Hour, record.ClockActive)}, "raw partition 0"},
		"the second is ahead":  {[]stream.Send{say(0, 0, record.ClockEmpty), say(1, long+record.Second, record.ClockIdle)}, "raw partition 1"},
		"ahead and stalled":    {[]stream.Send{say(0, long-record.Hour, record.ClockActive), say(1, long+record.Second, record.ClockStalled)}, "raw partition 1"},
		"ahead, then declared": {[]stream.Send{say(1, long+record.Second, record.ClockActive), say(1, 0, record.ClockStalled)}, "raw partition 1"},
	} {
		t.Run(name, func(t *testing.T) {
			client := withTopics(t)
			if err := put(t.Context(), client, c.said...); err != nil {
				t.Fatal(err)
			}
			err := replay.CheckClock(t.Context(), client, long)
			if c.refused == "" && err != nil || c.refused != "" && (!errors.Is(err, failure.ErrUsage) || !strings.Contains(err.Error(), c.refused)) {
				t.Errorf("got %v, want refused: %q", err, c.refused)
			}
		})
	}
}

// Where collectors run, nothing but the first record is written before each of
// them has seen its partition's first Clock.
func TestFirstClocksAreSeenBeforeTheRestIsWritten(t *testing.T) {
	client := withTopics(t)
	if err := put(t.Context(), client, clocks(t, 0, record.ClockEmpty)...); err != nil {
		t.Fatal(err)
	}
	var active atomic.Bool
	failed := make(chan error, 1)
	answer := clocks(t, long, record.ClockActive)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	go func() { // the collectors
		err := client.Follow(ctx, stream.Position{Topic: stream.TelemetryRaw, Partition: 1}, func(stream.Batch) error {
			active.Store(true)
			return errors.Join(put(ctx, client, answer...), io.EOF)
		})
		failed <- err
	}()
	source := &list{records: flows(5, long, record.Second), before: func(n int) {
		if n == 1 && !active.Load() {
			t.Error("the second record was asked for before the collectors had seen the first Clocks")
		}
	}}
	if got, err := replay.Run(ctx, replay.Settings{Client: client, Source: source}); err != nil || got.Records != 5 {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := <-failed; !errors.Is(err, io.EOF) {
		t.Errorf("collectors: %v", err)
	}
}

func TestCollectorsThatDoNotAnswerAreWaitedForUntilTheContextEnds(t *testing.T) {
	client := withTopics(t)
	if err := put(t.Context(), client, clocks(t, 0, record.ClockEmpty)...); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := replay.Run(ctx, replay.Settings{Client: client, Source: &list{records: flows(5, long, record.Second)}})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
}

// progress is what a scorer says of one partition.
func progress(t *testing.T, p int32, at record.Micros) stream.Send {
	return stream.Send{Topic: stream.Verdicts, Partition: p, Value: encoded(t, &record.Progress{Time: at})}
}

// checkpoint is the enforcer's header, which has taken n records of each
// verdicts partition.
func checkpoint(t *testing.T, n ...int64) stream.Send {
	t.Helper()
	h := stream.Header{Version: stream.HeaderVersion}
	for p, next := range n {
		h.Positions = append(h.Positions, stream.Position{Topic: stream.Verdicts, Partition: int32(p), Next: next})
	}
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	return stream.Send{Topic: stream.EnforcerState, Key: []byte(stream.HeaderKey), Value: text}
}

// Who waits in vain is told for which stage.
func TestAwait(t *testing.T) {
	client := withTopics(t)
	mark, err := replay.MarkOutputs(t.Context(), client, stream.Verdicts)
	if err != nil || len(mark) != partitions {
		t.Fatalf("got %v, %v, want the ends of %d partitions", mark, err, partitions)
	}
	at := long + record.Hour
	for _, c := range []struct {
		name  string
		comes []stream.Send
		words string // of the error; empty: done
	}{
		{"nothing runs", nil, "does the scorer run"},
		{"one partition lags", []stream.Send{progress(t, 0, at), progress(t, 1, at-record.Minute)}, "not yet to " + at.String()},
		{"no enforcer", []stream.Send{progress(t, 1, at+record.Second)}, "the enforcer has taken 0 of 2"},
		{"enforcer lags", []stream.Send{checkpoint(t, 1, 1)}, "the enforcer has taken 1 of 2"},
		{"done", []stream.Send{checkpoint(t, 1, 2)}, ""},
	} {
		if err := put(t.Context(), client, c.comes...); err != nil {
			t.Fatal(err)
		}
		limit := time.Second
		if c.words == "" {
			limit = 10 * time.Second
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		err := replay.Await(ctx, client, mark, at, func(record.Micros) {})
		cancel()
		if c.words == "" && err == nil {
			continue
		}
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(fmt.Sprint(err), c.words) {
			t.Errorf("%s: got %v, want %v with %q", c.name, err, context.DeadlineExceeded, c.words)
		}
	}
}
