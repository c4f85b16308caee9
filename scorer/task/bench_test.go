package task

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/scorer/judge"
	"cordon/scorer/pane"
)

// partitionTerminals is one of eight partitions of a million terminals, the load
// that the figures of docs/operations.md are promised for.
const partitionTerminals = 125_000

// crowd is a partition of terminals that report at a fixed interval: each its
// flows with a few services of its own, one in fifty also scans.
type crowd struct {
	task     *Task
	every    record.Micros
	at       record.Micros // event time up to which it has reported
	out      stream.Effects
	records  int64
	busy     time.Duration // processor time inside of Process
	batch    stream.Batch
	template record.PseudonymisedTelemetry
	values   []byte
}

// newCrowd returns a crowd that has a history of three days.
func newCrowd(b testing.TB, terminals int, every record.Micros) *crowd {
	c := &crowd{task: start(b, nil), every: every, at: epoch}
	c.template = *flow{1, epoch, "203.0.113.1:443", pane.TCP, 10, 10}.record()
	c.template.SNSSAI, c.template.TypeAllocationCode, c.template.TrackingAreaCode = "1-000001", "35209900", "0a0b0c"
	c.template.PDUSessionID = record.Some(int32(1))
	c.clock()
	for range 3 {
		for terminal := range terminals {
			for service := range services(terminal) {
				c.report(terminal, service, c.at+record.Micros(service)*record.Second, true)
			}
			if terminal%50 == 0 && c.at > epoch {
				for host := range 12 {
					c.report(terminal, 100+host, c.at+record.Micros(host)*record.Second, false)
				}
			}
		}
		c.at += 25 * record.Hour
		c.clock()
	}
	c.pass(b, terminals, 2*record.Minute)
	return c
}

// stride is a prime that divides no number of terminals.
const stride = 7_368_787

// services is how many a terminal has: 1 to 5.
func services(terminal int) int { return 1 + terminal%5 }

// pass lets time pass: reports in their order, a clock every 5 s.
func (c *crowd) pass(_ testing.TB, terminals int, span record.Micros) {
	slots := c.every / record.Second
	for end := c.at + span; c.at < end; c.at += record.Second {
		turn := c.at / record.Second
		// In no order that memory has: whoever takes terminals as they come has none
		// of them in a cache.
		for i, due := 0, terminals/int(slots); i < due; i++ {
			terminal := i*stride%due*int(slots) + int(turn%slots)
			service := int(turn/slots) % services(terminal)
			c.report(terminal, service, c.at, true)
		}
		if turn%5 == 0 {
			c.clock()
		}
	}
	c.flush()
}

// report has a terminal report one flow.
func (c *crowd) report(terminal, service int, at record.Micros, answered bool) {
	r := &c.template
	r.OccurredAt, r.IntervalStart = at, record.Some(at-c.every)
	binary.BigEndian.PutUint64(r.Terminal[:], uint64(terminal+1)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(r.Terminal[8:], uint64(terminal+1)*0xc2b2ae3d27d4eb4f)
	r.Flow.RemoteAddress = netip.AddrFrom4([4]byte{198, byte(service), byte(terminal >> 3), byte(terminal)})
	r.Flow.ULVolume, r.Flow.ULPackets = int64(400+terminal%3000), int64(4+terminal%20)
	r.Flow.DLVolume, r.Flow.DLPackets = int64(800+terminal%5000), int64(4+terminal%20)
	if !answered {
		r.Flow.DLVolume, r.Flow.DLPackets = 0, 0
	}
	c.add(r)
	c.records++
}

// clock says that everything up to now has been sent.
func (c *crowd) clock() {
	c.add(&record.SourceClock{RawPartitions: 1, Time: c.at, State: record.ClockActive})
	c.flush()
}

func (c *crowd) add(rec any) {
	start := len(c.values)
	r, telemetry := rec.(*record.PseudonymisedTelemetry)
	if telemetry { // records are keyed by their terminals
		c.values = append(c.values, r.Terminal[:]...)
	}
	from := len(c.values)
	c.values, _ = record.Append(c.values, rec)
	c.batch.Records = append(c.batch.Records, stream.Record{Key: c.values[start:from:from], Value: c.values[from:len(c.values):len(c.values)]})
	if len(c.values) > 1<<20 {
		c.flush()
	}
}

func (c *crowd) flush() {
	before := processorTime()
	c.task.Process(c.batch, stream.Now{}, &c.out)
	c.busy += processorTime() - before
	c.batch.Records, c.values = c.batch.Records[:0], nil
	c.out.Reset()
}

// cut makes a committed cut and returns the time inside of Cut, the processor
// time of the encoding, and the pieces' number and bytes.
func (c *crowd) cut(cut *stream.Cut) (pause, encode time.Duration, pieces, size int) {
	cut.Reset()
	began := time.Now()
	c.task.Cut(cut)
	pause = time.Since(began)
	busy := processorTime()
	cut.Encode()
	encode = processorTime() - busy
	for _, p := range cut.Pieces() {
		size += len(p.Key) + len(p.Value)
	}
	c.task.Settle(true)
	return pause, encode, len(cut.Pieces()), size
}

// BenchmarkCut measures cuts of a partition of 125,000 terminals, by how often
// these report and how often it is cut: how long the task stands still, how long
// the encoding takes beside it, and what is written.
func BenchmarkCut(b *testing.B) {
	for _, every := range []record.Micros{10 * record.Second, 60 * record.Second} {
		c := newCrowd(b, partitionTerminals, every)
		for _, interval := range []record.Micros{30 * record.Second, 60 * record.Second} {
			b.Run(fmt.Sprintf("report=%ds/cut=%ds", every/record.Second, interval/record.Second), func(b *testing.B) {
				var cut stream.Cut
				c.cut(&cut)
				var pauses, encodes []time.Duration
				var pieces, size int
				before := c.records
				for b.Loop() {
					b.StopTimer()
					c.pass(b, partitionTerminals, interval)
					b.StartTimer()
					pause, encode, n, bytes := c.cut(&cut)
					pauses, encodes, pieces, size = append(pauses, pause), append(encodes, encode), pieces+n, size+bytes
				}
				b.ReportMetric(milliseconds(pauses), "pause-ms")
				b.ReportMetric(milliseconds(encodes), "encode-cpu-ms")
				b.ReportMetric(float64(pieces)/float64(len(pauses)), "pieces")
				b.ReportMetric(float64(size)/float64(pieces), "B/piece")
				b.ReportMetric(float64(size)/float64(c.records-before), "B/record")
			})
		}
	}
}

// processorTime is what the process has used of the processors: on a machine that
// others use too it says more than the clock.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// milliseconds returns the median.
func milliseconds(list []time.Duration) float64 {
	slices.Sort(list)
	return float64(list[len(list)/2].Microseconds()) / 1000
}

// BenchmarkBesideCut measures what a record costs while a cut is not settled, when
// pages are copied before they are written, and what it costs else. Every
// terminal reports once, and a pane of all of them is judged.
func BenchmarkBesideCut(b *testing.B) {
	c := newCrowd(b, partitionTerminals, 10*record.Second)
	pass := func() float64 {
		busy, before := processorTime(), c.records
		c.pass(b, partitionTerminals, 10*record.Second)
		return float64((processorTime() - busy).Nanoseconds()) / float64(c.records-before)
	}
	var cut stream.Cut
	var beside, alone []float64
	for b.Loop() {
		cut.Reset()
		c.task.Cut(&cut)
		beside = append(beside, pass())
		c.task.Settle(true)
		alone = append(alone, pass())
	}
	slices.Sort(beside)
	slices.Sort(alone)
	b.ReportMetric(beside[len(beside)/2], "cpu-ns/record-beside")
	b.ReportMetric(alone[len(alone)/2], "cpu-ns/record-alone")
}

// BenchmarkRestore measures how long a partition of 125,000 terminals takes from
// its first piece to Start, per terminal.
func BenchmarkRestore(b *testing.B) {
	for _, every := range []record.Micros{10 * record.Second, 60 * record.Second} {
		b.Run(fmt.Sprintf("report=%ds", every/record.Second), func(b *testing.B) {
			c := newCrowd(b, partitionTerminals, every)
			var cut stream.Cut
			c.task.Cut(&cut)
			cut.Encode()
			header := stream.Header{StateVersion: StateVersion, StateGeneration: 1, ConfigDigest: cut.ConfigDigest}
			c.task = nil
			runtime.GC()
			b.ReportAllocs()
			busy := processorTime()
			for b.Loop() {
				task := New(DefaultSettings(), 0)
				for _, p := range cut.Pieces() {
					if err := task.Restore(p.Key, p.Value); err != nil {
						b.Fatal(err)
					}
				}
				if err := task.Start(stream.Start{Restored: true, Header: header, Partitions: testCounts()}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((processorTime()-busy).Nanoseconds())/float64(b.N)/partitionTerminals, "cpu-ns/terminal")
		})
	}
}

// BenchmarkResident measures the memory of a partition of 125,000 terminals.
func BenchmarkResident(b *testing.B) {
	b.Logf("terminal %d bytes, case %d, pane %d, destination %d", unsafe.Sizeof(terminal{}), unsafe.Sizeof(judge.Case{}),
		unsafe.Sizeof(pane.Slot{}), unsafe.Sizeof(pane.Destination{}))
	for _, every := range []record.Micros{10 * record.Second, 60 * record.Second} {
		b.Run(fmt.Sprintf("report=%ds", every/record.Second), func(b *testing.B) {
			for b.Loop() {
				before := heap()
				c := newCrowd(b, partitionTerminals, every)
				c.batch, c.out = stream.Batch{}, stream.Effects{}
				without := heap() - before
				var cut stream.Cut
				c.cut(&cut)
				cut = stream.Cut{}
				b.ReportMetric(float64(without)/partitionTerminals, "B/terminal")
				b.ReportMetric(float64(heap()-before)/partitionTerminals, "B/terminal-after-cut")
				runtime.KeepAlive(c)
			}
		})
	}
}

// heap returns the bytes in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkProcess measures what a record costs, all detectors on: each terminal
// reports one flow per pane, so that every record brings a step of its own, and has
// a history of three days.
func BenchmarkProcess(b *testing.B) {
	for _, terminals := range []int{10_000, 100_000, 1_000_000, 3_000_000} {
		b.Run(fmt.Sprint(terminals), func(b *testing.B) {
			c := newCrowd(b, terminals, 10*record.Second)
			var costs []float64
			for b.Loop() {
				busy, before := c.busy, c.records
				c.pass(b, terminals, 10*record.Second)
				costs = append(costs, float64(c.busy-busy)/float64(c.records-before))
			}
			slices.Sort(costs)
			b.ReportMetric(costs[len(costs)/2], "cpu-ns/record")
			b.ReportMetric(1e9/costs[len(costs)/2], "records/s")
		})
	}
}
