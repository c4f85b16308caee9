package feed_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/feed"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

const start = record.Micros(1_777_888_800_000_000) // 2026-05-04T10:00:00Z

func address(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 45, 0, byte(n)}) }

// story draws what several sources see, mostly in order of time.
func story(t *rapid.T) []raw.Telemetry {
	at, number := start, int64(0)
	draw := rapid.Custom(func(t *rapid.T) raw.Telemetry {
		at += record.Micros(rapid.IntRange(-2_000, 9_000).Draw(t, "milliseconds")) * 1000
		number++
		in := raw.Telemetry{
			OccurredAt: at, SourceID: fmt.Sprintf("upf-%d", rapid.IntRange(1, 3).Draw(t, "source")),
			SourceSequence: record.Some(number),
		}
		n := rapid.IntRange(1, 6).Draw(t, "terminal")
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			in.Kind, in.UEAddress = record.KindFlow, address(n)
		case 1:
			in.Kind, in.SUPI = record.KindRegistration, fmt.Sprintf("imsi-00101%010d", n)
		case 2:
			in.Kind, in.UEAddress, in.SUPI = record.KindSession, address(n), fmt.Sprintf("imsi-00101%010d", n)
		case 3:
			in.Kind, in.UEAddress, in.Session.OtherUEAddress = record.KindSession, address(n), address(n+100)
		}
		return in
	})
	return rapid.SliceOfN(draw, 1, 60).Draw(t, "story")
}

// reader keeps what a collector sees of the partitions, and checks it as it
// comes.
type reader struct {
	t       *rapid.T
	n       int32
	clocks  map[string]record.Micros // newest Clock, by source and partition
	base    map[string]int64         // first number, by source: the time when it was first heard
	numbers map[string]int64         // records so far, by source and partition
	records []raw.Telemetry          // without Clocks
	keys    [][]byte
}

func newReader(t *rapid.T, partitions int32) *reader {
	return &reader{t: t, n: partitions, clocks: map[string]record.Micros{}, base: map[string]int64{}, numbers: map[string]int64{}}
}

func place(source string, partition int32) string { return fmt.Sprintf("%s[%d]", source, partition) }

func (r *reader) take(sends []stream.Send, newest record.Micros) {
	for _, s := range sends {
		var got raw.Telemetry
		if err := new(raw.Decoder).Decode(s.Value, &got); err != nil {
			r.t.Fatalf("undecodable: %v", err)
		}
		at := place(got.SourceID, s.Partition)
		if got.Kind == record.KindClock {
			if string(s.Key) != got.SourceID || got.OccurredAt < r.clocks[at] || got.OccurredAt > newest {
				r.t.Fatalf("Clock of %s at %s with key %q, after one of %s, when %s was the newest record", at, got.OccurredAt, s.Key, r.clocks[at], newest)
			}
			r.clocks[at] = got.OccurredAt
			continue
		}
		if r.clocks[at] == 0 {
			r.t.Fatalf("a record of %s before its first Clock", at)
		}
		if r.base[got.SourceID] == 0 {
			r.base[got.SourceID] = int64(newest)
		}
		if want := record.Some(r.base[got.SourceID] + r.numbers[at]); got.SourceSequence != want {
			r.t.Fatalf("number %v of %s, want %v", got.SourceSequence, at, want)
		}
		r.numbers[at]++
		if want := javaPartition(s.Key, r.n); s.Topic != stream.TelemetryRaw || s.Partition != want {
			r.t.Fatalf("%s[%d] for key %x, want telemetry.raw[%d]", s.Topic, s.Partition, s.Key, want)
		}
		got.SourceSequence = record.Opt[int64]{}
		r.records, r.keys = append(r.records, got), append(r.keys, s.Key)
	}
}

// javaPartition is Kafka's Utils.murmur2 and BuiltInPartitioner as Java writes
// them, with signed 32-bit numbers.
func javaPartition(data []byte, partitions int32) int32 {
	length := int32(len(data))
	seed := uint32(0x9747b28c)
	h := int32(seed) ^ length
	const m = int32(0x5bd1e995)
	unsigned := func(v int32, n uint) int32 { return int32(uint32(v) >> n) }
	for i := int32(0); i < length/4; i++ {
		k := int32(data[4*i]) | int32(data[4*i+1])<<8 | int32(data[4*i+2])<<16 | int32(data[4*i+3])<<24
		k *= m
		k ^= unsigned(k, 24)
		h = h*m ^ k*m
	}
	rest := data[length/4*4:]
	for i := len(rest) - 1; i >= 0; i-- {
		h ^= int32(rest[i]) << (8 * i)
	}
	if len(rest) > 0 {
		h *= m
	}
	h ^= unsigned(h, 13)
	h *= m
	h ^= unsigned(h, 15)
	return (h & 0x7fffffff) % partitions
}

// What the package promises, held against what a reader of each partition sees.
func TestFeedKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int32Range(1, 5).Draw(t, "partitions")
		in := story(t)
		f, r := feed.New(n), newReader(t, n)
		var want []raw.Telemetry
		var keys [][]byte
		newest := record.Micros(0)
		sources := map[string]bool{}
		for i := range in {
			newest = max(newest, in[i].OccurredAt)
			sources[in[i].SourceID] = true
			r.take(f.Add(&in[i]), newest)
			expected := in[i]
			expected.SourceSequence = record.Opt[int64]{}
			want, keys = append(want, expected), append(keys, feed.Key(&in[i]))
			if other := in[i].Session.OtherUEAddress; other.IsValid() {
				want, keys = append(want, expected), append(keys, other.AsSlice())
			}
			r.checkClocks(sources, newest-feed.ClockEvery+1)
		}
		if f.Newest() != newest {
			t.Fatalf("Newest() = %s, want %s", f.Newest(), newest)
		}
		if fmt.Sprintf("%+v", plain(r.records)) != fmt.Sprintf("%+v", plain(want)) || !equal(r.keys, keys) {
			t.Fatalf("records came as\n%v with keys %x, want\n%v with keys %x", plain(r.records), r.keys, plain(want), keys)
		}
		for _, at := range f.End(stream.Far) {
			r.take(f.ClockAt(at), at)
		}
		r.checkClocks(sources, newest+feed.Beyond)
	})
}

// checkClocks wants a Clock of every source in every partition, none older than
// least.
func (r *reader) checkClocks(sources map[string]bool, least record.Micros) {
	for source := range sources {
		for p := range r.n {
			if at := place(source, p); r.clocks[at] < least {
				r.t.Fatalf("the newest Clock of %s is of %s, want none before %s", at, r.clocks[at], least)
			}
		}
	}
}

// plain is what a test message shows of records, which print as [redacted].
func plain(records []raw.Telemetry) []string {
	lines := make([]string, len(records))
	for i := range records {
		line, err := raw.AppendJSON(nil, &records[i])
		lines[i] = fmt.Sprintf("%s %v", line, err)
	}
	return lines
}

func equal(a, b [][]byte) bool {
	same := len(a) == len(b)
	for i := 0; same && i < len(a); i++ {
		same = bytes.Equal(a[i], b[i])
	}
	return same
}

func TestSameTelemetrySameRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := story(t)
		run := func() string {
			f := feed.New(3)
			var all []stream.Send
			for i := range in {
				all = append(all, f.Add(&in[i])...)
			}
			for _, at := range f.End(stream.Far) {
				all = append(all, f.ClockAt(at)...)
			}
			return fmt.Sprintf("%x", all)
		}
		if first, second := run(), run(); first != second {
			t.Fatalf("first\n%s\nsecond\n%s", first, second)
		}
	})
}

// The last Clock may not be ahead of the brokers' own time, nor behind what was
// already said.
func TestEndStopsAtTheLimit(t *testing.T) {
	for _, c := range []struct {
		name        string
		limit, want record.Micros
	}{
		{"long ago", stream.Far, start + feed.Beyond},
		{"a day ago", start + record.Day, start + record.Day},
		{"now", start, start},
		{"ahead of the brokers", start - record.Minute, start},
	} {
		f := feed.New(2)
		f.Add(&raw.Telemetry{OccurredAt: start, SourceID: "upf-1", Kind: record.KindFlow, UEAddress: address(1)})
		times := f.End(c.limit)
		if got := times[len(times)-1]; got != c.want || !slices.IsSorted(times) || times[0] > start+record.Minute {
			t.Errorf("%s: Clocks at %v, want steps from %s to %s", c.name, times, start, c.want)
		}
		if n := len(times); n > 1 && times[n-1]-times[n-2] > feed.ClockEvery {
			t.Errorf("%s: the last step is %s long, want at most %s: all but one source would look late", c.name, (times[n-1] - times[n-2]).Duration(), feed.ClockEvery.Duration())
		}
		for _, at := range times {
			for _, s := range f.ClockAt(at) {
				var got raw.Telemetry
				if err := new(raw.Decoder).Decode(s.Value, &got); err != nil || got.OccurredAt != at {
					t.Errorf("%s: Clock at %s, error %v, want %s", c.name, got.OccurredAt, err, at)
				}
			}
		}
		if f.Newest() != c.want {
			t.Errorf("%s: time %s, want %s", c.name, f.Newest(), c.want)
		}
	}
}

// A file that was read out of telemetry.raw holds Clocks, the last one days
// ahead: believed, it would make all that follows late.
func TestClocksOfTheInputAreLeftOut(t *testing.T) {
	f := feed.New(1)
	if sends := f.Add(&raw.Telemetry{OccurredAt: start + feed.Beyond, SourceID: "upf-1", Kind: record.KindClock}); len(sends) != 0 || f.Newest() != 0 {
		t.Errorf("%d records and time %s came of a Clock, want nothing", len(sends), f.Newest())
	}
}

func TestTickSpeaksForSilentSources(t *testing.T) {
	f := feed.New(2)
	f.Add(&raw.Telemetry{OccurredAt: start, SourceID: "upf-1", Kind: record.KindFlow, UEAddress: address(1)})
	for _, c := range []struct {
		after record.Micros
		want  int
	}{{record.Second, 0}, {feed.ClockEvery, 2}, {feed.ClockEvery + 1, 0}, {3 * feed.ClockEvery, 2}} {
		if got := len(f.Tick(start + c.after)); got != c.want {
			t.Errorf("%d Clocks %d s after the record, want %d", got, c.after/record.Second, c.want)
		}
	}
}

// What comes twice goes out twice under one number, and all that is new as if it
// had not.
func TestRepeatsStayRepeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int32Range(1, 3).Draw(t, "partitions")
		in := story(t)
		with, without := feed.New(n), feed.New(n)
		var earlier []stream.Send // of the records a repeat may be of
		for i := range in {
			got, want := slices.Clone(with.Add(&in[i])), without.Add(&in[i])
			if fmt.Sprintf("%x", got) != fmt.Sprintf("%x", want) {
				t.Fatalf("record %d after repeats: sent %x, want %x", i, got, want)
			}
			back := rapid.IntRange(0, 4).Draw(t, "how far back")
			if back > i || rapid.Bool().Draw(t, "nothing repeated") {
				continue
			}
			earlier = earlier[:0]
			old := feed.New(n)
			for j := range i - back + 1 {
				earlier = append(earlier[:0], records(old.Add(&in[j]))...)
			}
			if again := records(with.Add(&in[i-back])); fmt.Sprintf("%x", again) != fmt.Sprintf("%x", earlier) {
				t.Fatalf("repeat of record %d: sent %x, want %x as the first time", i-back, again, earlier)
			}
		}
	})
}

// records returns what is no Clock.
func records(sends []stream.Send) []stream.Send {
	var all []stream.Send
	for _, s := range sends {
		var t raw.Telemetry
		if err := new(raw.Decoder).Decode(s.Value, &t); err == nil && t.Kind != record.KindClock {
			all = append(all, s)
		}
	}
	return all
}

// A source that starts anew numbers from its first again: what it sends then is
// new, and so is what has no number.
func TestNewRecordsAreNoRepeats(t *testing.T) {
	first := raw.Telemetry{OccurredAt: start, SourceID: "upf-1", SourceSequence: record.Some[int64](0), Kind: record.KindFlow, UEAddress: address(1)}
	later, unnumbered := first, first
	later.OccurredAt++
	unnumbered.SourceSequence = record.Opt[int64]{}
	f := feed.New(1)
	seen := map[int64]bool{}
	for i, in := range []raw.Telemetry{first, later, unnumbered, unnumbered} {
		var got raw.Telemetry
		if err := new(raw.Decoder).Decode(records(f.Add(&in))[0].Value, &got); err != nil || seen[got.SourceSequence.Value] {
			t.Errorf("record %d: number %v, error %v; want one that none before had", i, got.SourceSequence, err)
		}
		seen[got.SourceSequence.Value] = true
	}
}

// A great many sources are one attacker's invention: those beyond the bound get
// neither Clocks nor numbers, and are not lost.
func TestSourcesAreBounded(t *testing.T) {
	f := feed.New(1)
	in := raw.Telemetry{OccurredAt: start, Kind: record.KindFlow, UEAddress: address(1)}
	for i := range 4096 {
		in.SourceID = fmt.Sprint(i)
		if n := len(f.Add(&in)); n != 2 {
			t.Fatalf("source %d: %d records, want its Clock and the record", i, n)
		}
	}
	in.SourceID = "one more"
	sends := f.Add(&in)
	var got raw.Telemetry
	if len(sends) != 1 {
		t.Fatalf("%d records, want 1", len(sends))
	}
	if err := new(raw.Decoder).Decode(sends[0].Value, &got); err != nil || got.SourceID != "one more" || got.SourceSequence.Set {
		t.Errorf("got source %q, number %v, error %v; want it without a number", got.SourceID, got.SourceSequence, err)
	}
}

func ExampleFeed() {
	f := feed.New(2)
	show := func(sends []stream.Send) {
		for _, s := range sends {
			var t raw.Telemetry
			if err := new(raw.Decoder).Decode(s.Value, &t); err != nil {
				fmt.Println(err)
			}
			fmt.Println(s.Partition, t.OccurredAt, t.SourceID, t.Kind)
		}
	}
	seen := raw.Telemetry{OccurredAt: 1_777_888_805_000_000, SourceID: "upf-1", Kind: record.KindFlow, UEAddress: netip.MustParseAddr("10.45.0.7")}
	show(f.Add(&seen))
	times := f.End(stream.Far) // to be written one after the other
	show(f.ClockAt(times[len(times)-1]))
	// Output:
	// 0 2026-05-04T10:00:05.000000Z upf-1 Clock
	// 1 2026-05-04T10:00:05.000000Z upf-1 Clock
	// 1 2026-05-04T10:00:05.000000Z upf-1 Flow
	// 0 2026-05-12T10:00:05.000000Z upf-1 Clock
	// 1 2026-05-12T10:00:05.000000Z upf-1 Clock
}
