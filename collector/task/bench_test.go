package task_test

import (
	"fmt"
	"net/netip"
	"testing"

	"cordon/collector/pseudonym"
	"cordon/collector/task"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// busy is a started task with a large cache.
func busy(t testing.TB) *task.Task {
	t.Helper()
	s := settings()
	s.Keys.Cache = 1 << 19
	c, err := task.New(s, pseudonym.TestKey(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(stream.Start{Partitions: partitions(8, 8)}); err != nil {
		t.Fatal(err)
	}
	return c
}

// batches hold one flow of each terminal, 1,000 a batch.
func batches(terminals int) []stream.Batch {
	var all []stream.Batch
	for from := 0; from < terminals; from += 1000 {
		batch := stream.Batch{AppendTime: start + record.Hour}
		for i := from; i < from+1000; i++ {
			f := flow(0, supi(i), netip.Addr{})
			f.PEI, f.RATType, f.PLMN, f.PDUSessionID = "imei-490154203237518", "NBIOT", "001-01", record.Some(int32(5))
			batch.Records = append(batch.Records, stream.Record{Offset: int64(i), Value: raw.AppendTelemetry(nil, f)})
		}
		all = append(all, batch)
	}
	return all
}

func TestProcessAllocatesNothing(t *testing.T) {
	c, batch := busy(t), batches(1000)[0]
	var out stream.Effects
	now := stream.Now{Wall: start, Frontier: stream.Far}
	process := func() {
		c.Process(batch, now, &out)
		out.Reset()
	}
	process()
	process()
	if n := testing.AllocsPerRun(50, process); n != 0 {
		t.Errorf("%v allocations per batch of %d records, want 0", n, len(batch.Records))
	}
}

// Flows that name a subscriber, with a cut every 50,000 records.
func BenchmarkCollectorTask(b *testing.B) {
	for _, terminals := range []int{1000, 100_000} {
		b.Run(fmt.Sprint("terminals=", terminals), func(b *testing.B) {
			c, all := busy(b), batches(terminals)
			var out stream.Effects
			var cut stream.Cut
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				c.Process(all[n%len(all)], stream.Now{Wall: start, Frontier: stream.Far}, &out)
				out.Reset()
				if n++; n%50 == 0 {
					c.Cut(&cut)
					c.Settle(true)
					cut.Reset()
				}
			}
			b.ReportMetric(float64(n)*1000/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(len(all[0].Records[0].Value)), "bytes/record")
		})
	}
}

// Flows that name an address only: each waits until R has passed it, and is in
// the state of one cut.
func BenchmarkCollectorTaskByAddress(b *testing.B) {
	c := busy(b)
	var out stream.Effects
	var cut stream.Cut
	batch := stream.Batch{AppendTime: start + record.Hour}
	for i := range 1000 {
		established := session(-1, supi(i), address(i), record.SessionEstablished)
		established.SourceID = "upf-1" // one source: R is the newest flow
		batch.Records = append(batch.Records, stream.Record{Offset: int64(i),
			Value: raw.AppendTelemetry(nil, established)})
	}
	now := stream.Now{Wall: start, Frontier: stream.Far}
	c.Process(batch, now, &out)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		for i := range batch.Records {
			at := min(n/100, 3000)
			batch.Records[i].Offset = int64(1000*n + i)
			batch.Records[i].Value = raw.AppendTelemetry(batch.Records[i].Value[:0], flow(at, "", address(i)))
		}
		c.Process(batch, now, &out)
		out.Reset()
		if n%50 == 0 {
			c.Cut(&cut)
			c.Settle(true)
			cut.Reset()
		}
	}
	b.ReportMetric(float64(n)*1000/b.Elapsed().Seconds(), "records/s")
}
