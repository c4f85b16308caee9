package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"cordon/collector/keyfile"
	"cordon/collector/pseudonym"
	"cordon/internal/kafkatest"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

// binaries is the folder the programs were built into, once per run.
var binaries string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "cordon-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binaries = dir
	code := kafkatest.Main(m)
	os.RemoveAll(dir)
	os.Exit(code)
}

// build compiles the programs the first time a test needs them.
var build = sync.OnceValue(func() error {
	cmd := exec.Command("go", "build", "-o", binaries, "cordon/collector", "cordon/scorer", "cordon/enforcer")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, text)
	}
	return nil
})

// plan says what a deployment is made on; only partitions has no default.
type plan struct {
	partitions int32
	// cluster of brokers; nil: the one that the tests share.
	cluster *kafkatest.Cluster
	// replication factor of every topic; 0: 1.
	replication int16
	// env are variables such as CORDON_CHECKPOINT_INTERVAL=1s for each instance
	// of a program, or for one instance.
	env map[string][]string
}

// deployment is a set of topics of its own, and the instances of the programs
// that run on them. It belongs to one goroutine at a time.
type deployment struct {
	plan
	t        testing.TB
	dir      string
	prefix   string
	client   *kafka.Client
	key      pseudonym.Key
	programs map[string]*program // by the name of the instance
}

// deploy makes topics, key and configuration; nothing runs yet.
func deploy(t testing.TB, partitions int32) *deployment {
	t.Helper()
	return deployOn(t, plan{partitions: partitions})
}

// deployOn is deploy with a choice of brokers and settings.
func deployOn(t testing.TB, p plan) *deployment {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	if p.cluster == nil {
		p.cluster = kafkatest.Broker(t)
	}
	d := &deployment{plan: p, t: t, dir: t.TempDir(), prefix: kafkatest.UniquePrefix(t), programs: map[string]*program{}}
	client, err := kafka.NewClient(kafka.Settings{Brokers: p.cluster.Addresses(), ClientID: "e2e", Prefix: d.prefix})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	d.client = client
	d.create(stream.Topics(p.partitions)...)
	d.newKey()
	t.Cleanup(d.killAll)
	return d
}

// create makes topics that do not exist.
func (d *deployment) create(topics ...stream.TopicSettings) {
	d.t.Helper()
	if _, err := d.client.Create(d.t.Context(), topics, max(d.replication, 1)); err != nil {
		d.t.Fatal(err)
	}
}

// newKey makes the key that the collector reads at its next start.
func (d *deployment) newKey() {
	d.t.Helper()
	path := filepath.Join(d.dir, "pseudonym.key")
	err := keyfile.Create(path, time.Now())
	if err == nil {
		d.key, err = keyfile.Read(path)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// startAll runs the three programs, readers first.
func (d *deployment) startAll() {
	d.t.Helper()
	for _, name := range []string{"enforcer", "scorer", "collector"} {
		d.start(name)
	}
}

// start runs an instance and returns once it is ready.
func (d *deployment) start(name string) {
	d.t.Helper()
	d.launch(name)
	d.awaitReady(name)
}

// launch runs an instance: one named "scorer-2" is another scorer beside
// "scorer", with a configuration, port and log of its own.
func (d *deployment) launch(name string) *program {
	d.t.Helper()
	p, err := d.run(name)
	if err != nil {
		d.t.Fatalf("%s: %v", name, err)
	}
	return p
}

// awaitReady returns once /readyz of an instance says so.
func (d *deployment) awaitReady(name string) {
	d.t.Helper()
	p := d.programs[name]
	d.await(name+" is ready", 90*time.Second, func() bool {
		if p.ended() {
			d.t.Fatalf("%s ended before it was ready:\n%s", name, d.tail(name))
		}
		return p.isReady()
	})
}

// await returns once something holds, and fails the test when it does not
// within the time given.
func (d *deployment) await(what string, within time.Duration, holds func() bool) {
	d.t.Helper()
	for deadline := time.Now().Add(within); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatalf("after %s still not: %s", within, what)
		}
	}
}

// stop ends an instance in order, within the 10 s it has for that.
func (d *deployment) stop(name string) {
	d.t.Helper()
	if err := d.programs[name].terminate(); err != nil {
		d.t.Errorf("%s: %v:\n%s", name, err, d.tail(name))
	}
}

// kill ends an instance as a power cut does.
func (d *deployment) kill(name string) {
	d.programs[name].kill()
}

// pause keeps an instance from running, as a machine that is swapped out does.
func (d *deployment) pause(name string) {
	d.t.Helper()
	if err := d.programs[name].pause(); err != nil {
		d.t.Fatalf("%s: %v", name, err)
	}
}

// resume lets a paused instance run on.
func (d *deployment) resume(name string) {
	d.t.Helper()
	if err := d.programs[name].resume(); err != nil {
		d.t.Fatalf("%s: %v", name, err)
	}
}

func (d *deployment) killAll() {
	for _, p := range d.programs {
		p.kill()
	}
	if d.t.Failed() {
		for name := range d.programs {
			d.t.Logf("log of %s:\n%s", name, d.tail(name))
		}
	}
}

// batches calls fn for every committed batch of a topic, partition by partition.
func (d *deployment) batches(topic stream.Topic, fn func(stream.Batch)) {
	d.t.Helper()
	counts, err := d.client.Counts(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	for p := int32(0); p < counts[topic]; p++ {
		ctx, cancel := context.WithTimeout(d.t.Context(), time.Minute)
		err := d.client.Read(ctx, stream.Partition{Topic: topic, ID: p}, 0, func(b stream.Batch) error {
			fn(b)
			return nil
		})
		cancel()
		if err != nil {
			d.t.Fatalf("%s[%d]: %v", topic, p, err)
		}
	}
}

// each calls fn for every committed record of a topic, partition by partition.
func (d *deployment) each(topic stream.Topic, fn func(partition int32, r stream.Record)) {
	d.t.Helper()
	d.batches(topic, func(b stream.Batch) {
		for _, r := range b.Records {
			fn(b.Partition.ID, r)
		}
	})
}

// records returns every committed record of a topic.
func (d *deployment) records(topic stream.Topic) (all []stream.Record) {
	d.t.Helper()
	d.each(topic, func(_ int32, r stream.Record) {
		all = append(all, stream.Record{Offset: r.Offset, Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value)})
	})
	return all
}
