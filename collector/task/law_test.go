package task_test

import (
	"fmt"
	"net/netip"
	"reflect"
	"testing"

	"cordon/internal/raw"
	"cordon/internal/record"
	"pgregory.net/rapid"
)

// entry is one raw record of a drawn history.
type entry struct {
	partition int32
	key       []byte
	value     []byte
}

// history draws what sources might write, good and bad, in any order of time.
func history(t *rapid.T) []entry {
	draw := rapid.Custom(func(t *rapid.T) entry {
		n := rapid.IntRange(0, 5).Draw(t, "terminal")
		seconds := rapid.IntRange(0, 60).Draw(t, "seconds")
		subscriber, ue := supi(n), address(rapid.IntRange(0, 2).Draw(t, "address"))
		e := entry{partition: int32(rapid.IntRange(0, 1).Draw(t, "partition"))}
		var in *raw.Telemetry
		switch rapid.IntRange(0, 9).Draw(t, "what") {
		case 0, 1:
			in = flow(seconds, subscriber, ue)
		case 2, 3, 4:
			in = flow(seconds, "", ue)
		case 5, 6:
			event := rapid.SampledFrom([]record.SessionEvent{record.SessionEstablished, record.SessionReleased, record.SessionAddressChanged}).Draw(t, "event")
			in = session(seconds, subscriber, ue, event)
			if rapid.IntRange(0, 3).Draw(t, "unnamed") == 0 {
				in.SUPI = ""
			}
			in.Session.OtherUEAddress = address(2)
			e.key = rapid.SampledFrom([][]byte{ue.AsSlice(), address(2).AsSlice()}).Draw(t, "key")
		case 7:
			in = word(seconds, rapid.SampledFrom([]string{"upf-1", "smf-1"}).Draw(t, "source"))
		case 8:
			in = flow(seconds, "not an identity", netip.Addr{})
		case 9:
			e.value = []byte("not avro")
			return e
		}
		if rapid.Bool().Draw(t, "numbered") {
			in.SourceSequence = record.Some(rapid.Int64Range(0, 20).Draw(t, "number"))
		}
		e.value = raw.AppendTelemetry(nil, in)
		return e
	})
	return rapid.SliceOfN(draw, 1, 60).Draw(t, "history")
}

// outcome is what a run wrote: records by telemetry and raw partition, and dead
// letters by raw partition, in their order; and the sums of the SourceClocks.
func outcome(r *rig) (map[string][]string, map[string]int64) {
	lists, sums := map[string][]string{}, map[string]int64{}
	for p := range int32(3) {
		for _, value := range r.records("telemetry", p) {
			switch v := value.(type) {
			case *record.PseudonymisedTelemetry:
				name := fmt.Sprintf("telemetry %d from %d", p, v.RawPartition)
				lists[name] = append(lists[name], fmt.Sprintf("%+v", *v))
			case *record.SourceClock:
				for _, s := range v.Sources {
					name := fmt.Sprintf("%d to %d %q ", v.RawPartition, p, s.SourceID)
					sums[name+"received"] += s.Received
					sums[name+"missing"] += s.Missing
					sums[name+"rejected"] += s.Rejected
				}
			}
		}
	}
	for _, value := range r.records("deadletter", 0) {
		d := value.(*record.DeadLetter)
		name := fmt.Sprintf("dead letters of %d", d.SourcePartition)
		lists[name] = append(lists[name], fmt.Sprintf("%+v", *d))
	}
	return lists, sums
}

// The law of this package: batches, cuts, crashes, restarts and ticks may fall
// anywhere, and every record has the same outcome in the same order; what the
// SourceClocks count adds up to the same.
func TestRestartsAndBatchesChangeNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		entries := history(rt)
		finish := func(r *rig) {
			// A Clock far behind the last record decides and reports everything.
			for p := range int32(2) {
				for _, source := range []string{"upf-1", "smf-1"} {
					r.put(p, nil, word(3000, source))
				}
			}
			r.run()
		}
		quiet := newRig(t, 2, 3)
		for _, e := range entries {
			quiet.putBytes(e.partition, e.key, e.value)
		}
		quiet.run()
		finish(quiet)

		rough := newRig(t, 2, 3)
		rough.runner.CutBytes = rapid.SampledFrom([]int{0, 100, 3000}).Draw(rt, "cutBytes")
		for _, e := range entries {
			rough.putBytes(e.partition, e.key, e.value)
			switch rapid.IntRange(0, 5).Draw(rt, "then") {
			case 0:
				rough.restart() // what was not committed is lost and taken again
				rough.runner.CutBytes = 3000
			case 1:
				rough.run()
			case 2, 3:
				if _, err := rough.runner.Step(); err != nil {
					rt.Fatal(err)
				}
			}
		}
		rough.run()
		finish(rough)

		want, wantSums := outcome(quiet)
		got, gotSums := outcome(rough)
		if !reflect.DeepEqual(got, want) {
			rt.Fatalf("outcomes differ\n got %v\nwant %v", got, want)
		}
		if !reflect.DeepEqual(gotSums, wantSums) {
			rt.Fatalf("counts differ\n got %v\nwant %v", gotSums, wantSums)
		}
	})
}

// One raw record, one outcome; and the time never goes back.
func TestEveryRecordHasOneOutcome(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		entries := history(rt)
		r := newRig(t, 2, 3)
		for _, e := range entries {
			r.putBytes(e.partition, e.key, e.value)
		}
		for p := range int32(2) {
			r.put(p, nil, word(3000, "upf-1"))
			r.put(p, nil, word(3000, "smf-1"))
		}
		r.run()
		seen := map[string]int{}
		for p := range int32(3) {
			last := map[int32]record.Micros{}
			for _, c := range r.clocks(p) {
				if c.Time < last[c.RawPartition] {
					rt.Fatalf("time of raw partition %d goes back from %v to %v", c.RawPartition, last[c.RawPartition], c.Time)
				}
				last[c.RawPartition] = c.Time
			}
			for _, v := range r.telemetry(p) {
				seen[fmt.Sprint(v.RawPartition, v.RawOffset)]++
			}
		}
		for _, value := range r.records("deadletter", 0) {
			d := value.(*record.DeadLetter)
			seen[fmt.Sprint(d.SourcePartition, d.SourceOffset)]++
		}
		for name, n := range seen {
			if n != 1 {
				rt.Fatalf("record %s has %d outcomes", name, n)
			}
		}
		var other, clocks int64
		for i := range r.runner.Tasks() {
			c := r.counters(i)
			other += c.Duplicates + c.SecondCopies
			clocks += c.Accepted[record.KindClock]
			if c.HeldBytes != 0 {
				rt.Fatalf("%d bytes still wait", c.HeldBytes)
			}
		}
		// A second copy that begins without a name has no dead letter of its own.
		if total := int64(len(seen)) + other + clocks; total != int64(len(entries))+4 {
			rt.Fatalf("%d outcomes of %d records", total, len(entries)+4)
		}
	})
}
