package kafka_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

// relay sends each record on as it is: what is left is the cost of the runner.
type relay struct {
	partition int32
	count     uint64
}

func (s *relay) Restore([]byte, []byte) error { return nil }
func (s *relay) Start(stream.Start) error     { return nil }
func (s *relay) Process(b stream.Batch, _ stream.Now, out *stream.Effects) int {
	for _, r := range b.Records {
		s.count++
		out.Send(stream.Send{Topic: sums, Partition: s.partition, Key: r.Key, Value: r.Value})
	}
	return len(b.Records)
}
func (s *relay) Tick(stream.Now, *stream.Effects) {}
func (s *relay) Cut(cut *stream.Cut) {
	cut.Add([]byte("count"), binary.BigEndian.AppendUint64(nil, s.count))
}
func (s *relay) Settle(bool) {}

func relaying() *stream.Stage {
	s := stage(true)
	s.NewTask = func(p int32) stream.Task { return &relay{partition: p} }
	return s
}

var intervals = []time.Duration{20 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond}

// BenchmarkRunner takes b.N records of 200 bytes with keys of 16 from two
// partitions and sends them on in transactions. CPU time is that of the process,
// an embedded broker included.
func BenchmarkRunner(b *testing.B) {
	for _, interval := range intervals {
		b.Run(interval.String(), func(b *testing.B) {
			const partitions = 2
			c := deployment(b, partitions)
			fill(b, c, partitions)
			before := cpu()
			b.ResetTimer()
			r := start(b, c, relaying(), func(s *kafka.RunnerSettings) { s.Interval, s.PrefetchBytes, s.Tell = interval, 4<<20, nil })
			await(b, "all records relayed", func() bool { return taken(r) >= int64(b.N) })
			b.StopTimer()
			b.ReportMetric(float64(cpu()-before)/float64(b.N), "cpu-ns/record")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// fill appends b.N records.
func fill(b *testing.B, c *kafka.Client, partitions int32) {
	w, err := c.NewWriter(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	value := make([]byte, 200)
	var sends []stream.Send
	for n := range b.N {
		for i := range value {
			value[i] = byte(n * i >> 3) // neither constant nor random: lz4 makes 2 to 3 times less of it
		}
		key := binary.BigEndian.AppendUint64(make([]byte, 8), uint64(n))
		sends = append(sends, stream.Send{Topic: numbers, Partition: int32(n % int(partitions)), Key: key, Value: slices.Clone(value)})
		if len(sends) == 2000 || n == b.N-1 {
			if err := w.Write(b.Context(), sends); err != nil {
				b.Fatal(err)
			}
			sends = sends[:0]
		}
	}
}

// taken sums the committed positions.
func taken(r *running) (n int64) {
	for _, f := range r.Figures() {
		n += f.Next
	}
	return n
}

// cpu returns the CPU time of the process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLatency sends a record every 2 ms and reports how long one takes until
// its output is committed and read.
func BenchmarkLatency(b *testing.B) {
	for _, interval := range intervals {
		b.Run(interval.String(), func(b *testing.B) {
			c := deployment(b, 1)
			start(b, c, relaying(), func(s *kafka.RunnerSettings) { s.Interval, s.Tell = interval, nil })
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			go stamp(ctx, c, b.N)
			var took []time.Duration
			err := c.Follow(ctx, stream.Position{Topic: sums}, func(batch stream.Batch) error {
				now := uint64(time.Now().UnixNano())
				for _, r := range batch.Records {
					took = append(took, time.Duration(now-binary.BigEndian.Uint64(r.Value)))
				}
				if len(took) >= b.N {
					cancel()
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2].Seconds()*1000, "p50-ms")
			b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms")
		})
	}
}

// stamp writes n records that hold the time, 2 ms apart, until ctx ends.
func stamp(ctx context.Context, c *kafka.Client, n int) {
	w, err := c.NewWriter(ctx)
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for ; n > 0 && err == nil; n-- {
		err = w.Write(ctx, []stream.Send{{Topic: numbers, Value: binary.BigEndian.AppendUint64(nil, uint64(time.Now().UnixNano()))}})
		<-ticker.C
	}
	if err != nil && ctx.Err() == nil {
		fmt.Println("stamp:", err)
	}
}
