package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"cordon/internal/feed"
	"cordon/internal/kafkatest"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/simulate"
	"cordon/internal/stream"
)

// The load of TestStateGarbage: the terminals of one partition at a rate at
// which nearly all of its state changes between two checkpoints.
const (
	garbageTerminals = 100_000
	garbageFill      = 1_000_000 // records, as fast as the broker takes them
	garbageRate      = 4_000     // records a second from then on
)

// maxGarbage is what a state partition may take on disk in the median, in
// thousandths of what its live records take alone.
const maxGarbage = 2000

// smallState is what no state is measured below: the segment that is written to
// is never cleaned, however little lives in it.
const smallState = 8 << 20

// TestStateGarbage watches the state of the programs on disk, under checkpoints
// at their usual intervals, with the brokers' log cleaner as it is by default and
// the topics as `cordonctl topics create` makes them. It looks every 2 s; the
// result is the median and the most of that, beside the live records alone.
func TestStateGarbage(t *testing.T) {
	within := soakLength(t)
	cluster := kafkatest.JVM(t, kafkatest.Shape{Brokers: 1}) // the embedded broker compacts once an hour
	d := deployOn(t, plan{partitions: 1, cluster: cluster})
	d.startAll()
	stop := make(chan struct{})
	written := make(chan error, 1)
	go func() { written <- d.flow(stop) }()
	states := []stream.Topic{stream.CollectorState, stream.ScorerState, stream.EnforcerState}
	sizes := map[stream.Topic][]int64{}
	for end := time.Now().Add(within); time.Now().Before(end) && len(written) == 0; time.Sleep(2 * time.Second) {
		for _, topic := range states {
			sizes[topic] = append(sizes[topic], cluster.DiskBytes(t, d.prefix+string(topic), 0))
		}
	}
	close(stop)
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	for _, topic := range states {
		d.garbage(t, topic, sizes[topic])
	}
}

// garbage compares what a state partition took on disk with what lives in it.
func (d *deployment) garbage(t *testing.T, topic stream.Topic, sizes []int64) {
	t.Helper()
	live := d.alone(topic)
	sizes = sizes[len(sizes)/3:] // it grew until then
	t.Logf("%s, every 2 s, in MB: %v", topic, inMB(sizes))
	slices.Sort(sizes)
	median, most := sizes[len(sizes)/2], sizes[len(sizes)-1]
	t.Logf("%s: %.1f MB live; on disk %d MB in the median (%s), %d MB at most (%s)", topic, float64(live)/(1<<20), median>>20, times(median, live), most>>20, times(most, live))
	if median*1000 > max(live, smallState)*maxGarbage {
		t.Errorf("%s takes %s its live records in the median, want at most %d thousandths", topic, times(median, live), maxGarbage)
	}
}

func inMB(sizes []int64) (all []int64) {
	for _, size := range sizes {
		all = append(all, size>>20)
	}
	return all
}

func times(size, live int64) string {
	return fmt.Sprintf("%.2f times", float64(size)/float64(max(live, 1)))
}

// flow writes a fleet until stop: first as fast as can be, then at garbageRate.
func (d *deployment) flow(stop <-chan struct{}) error {
	start := fleetStart()
	fleet, err := simulate.New(simulate.Settings{Terminals: garbageTerminals, Start: start, Duration: record.Day, Seed: 5, Lifelike: true})
	if err != nil {
		return err
	}
	writer, err := d.client.NewWriter(d.t.Context())
	if err != nil {
		return err
	}
	into, sends := feed.New(d.partitions), []stream.Send(nil)
	var telemetry raw.Telemetry
	var filled time.Time
	for n := 0; ; n++ {
		if err := fleet.Next(&telemetry); err != nil {
			return err
		}
		sends = append(sends, into.Add(&telemetry)...)
		if len(sends) < 1000 {
			continue
		}
		if err := writer.Write(d.t.Context(), sends); err != nil {
			return err
		}
		sends = sends[:0]
		var due time.Time
		switch {
		case n < garbageFill:
		case filled.IsZero():
			filled = time.Now()
		default:
			due = filled.Add(time.Duration(n-garbageFill) * time.Second / garbageRate)
		}
		select {
		case <-stop:
			return nil
		case <-time.After(time.Until(due)):
		}
	}
}

// alone returns what the live records of a state partition take on disk when
// there is nothing else: they are written to a topic of their own.
func (d *deployment) alone(state stream.Topic) int64 {
	d.t.Helper()
	live := map[string][]byte{}
	records, bytes := 0, 0
	err := d.client.Read(d.t.Context(), stream.Partition{Topic: state}, 0, func(b stream.Batch) error {
		for _, rec := range b.Records {
			live[string(rec.Key)] = slices.Clone(rec.Value)
			records, bytes = records+1, bytes+len(rec.Key)+len(rec.Value)
		}
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	topic := state + ".alone"
	d.create(stream.TopicSettings{Topic: topic, Partitions: 1})
	writer, err := d.client.NewWriter(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	var sends []stream.Send
	size := 0
	for key, value := range live {
		if len(value) > 0 {
			sends = append(sends, stream.Send{Topic: topic, Key: []byte(key), Value: value})
			size += len(key) + len(value)
		}
	}
	d.t.Logf("%s: %d records of %d bytes in all before compression; of them live: %d of %d bytes, and %d deletions",
		state, records, bytes, len(sends), size, len(live)-len(sends))
	if err := writer.Write(d.t.Context(), sends); err != nil {
		d.t.Fatal(err)
	}
	return d.cluster.DiskBytes(d.t, d.prefix+string(topic), 0)
}
