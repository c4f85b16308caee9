package kafkatest

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

// createReplicated makes a topic with as many copies as the cluster gives it.
func createReplicated(t *testing.T, c *Cluster, topic string) {
	t.Helper()
	got, err := client(t, c).CreateTopics(context.Background(), &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: 1, ReplicationFactor: 3}},
	})
	if err != nil || got.Errors[topic] != nil {
		t.Fatalf("%s: create topic %s: %v, %v", c.Name(), topic, err, got)
	}
	c.AwaitInSync(t)
}

// produceSoon writes a record, again until a leader takes it: twice where the
// answer was lost.
func produceSoon(t *testing.T, c *Cluster, topic, value string) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if err = tryProduce(t, c, topic, value); err == nil {
			return
		}
	}
	t.Fatalf("%s: produce to %s within 30 s: %v", c.Name(), topic, err)
}

// The promise of the replicated cluster: with two of three brokers it takes
// records on, whichever way the leader went, and has lost none; with one it
// takes none.
func TestThreeOutliveTheirLeaders(t *testing.T) {
	t.Parallel()
	c := Three(t)
	topic := UniquePrefix(t) + "telemetry"
	createReplicated(t, c, topic)
	produceSoon(t, c, topic, "one")

	killed := c.Leader(t, topic, 0)
	killed.Kill(t)
	timed(t, "writing on after the kill of the leader", func() { produceSoon(t, c, topic, "two") })
	timed(t, "restart of the leader", func() { killed.Restart(t); c.AwaitInSync(t) })

	paused := c.Leader(t, topic, 0)
	paused.Pause(t)
	timed(t, "writing on after a pause of the leader", func() { produceSoon(t, c, topic, "three") })
	paused.Resume(t)
	c.AwaitInSync(t)

	next := c.Leader(t, topic, 0)
	timed(t, "orderly restart of the leader", func() { next.Restart(t); c.AwaitInSync(t) })
	wantRecords(t, c, topic, "one", "two", "three")
}

func TestThreeNeedsJVM(t *testing.T) {
	skipped := false
	t.Run("embedded", func(t *testing.T) {
		t.Cleanup(func() { skipped = t.Skipped() })
		t.Setenv(variableKind, KindEmbedded)
		Three(t)
	})
	if !skipped {
		t.Error("Three with the embedded broker forced: the test was not skipped")
	}
}

// failing takes the end of a test that has failed, in a goroutine of its own.
type failing struct {
	testing.TB
	said string
}

func (f *failing) Fatalf(format string, args ...any) {
	f.said = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestRequiredBrokersFail(t *testing.T) {
	t.Setenv(variableKind, KindEmbedded)
	f, done := &failing{TB: t}, make(chan struct{})
	go func() {
		defer close(done)
		JVM(f, Shape{Brokers: 3, Required: true})
	}()
	<-done
	if want := "needs brokers in JVMs: CORDON_TEST_BROKER is embedded"; f.said != want {
		t.Errorf("three brokers are required with the embedded one forced: the test ended with %q, want %q", f.said, want)
	}
}

func TestReplicatedSettings(t *testing.T) {
	place := role{listeners: listeners{clients: "c:1", advertised: "p:2", peers: "b:3", controller: "k:4"}, id: 2, brokers: 3, voters: "all"}
	for key, want := range map[string]string{
		"node.id": "2", "controller.quorum.voters": "all", "min.insync.replicas": "2", "transaction.state.log.replication.factor": "3",
		"listeners":                  "PLAINTEXT://c:1,CONTROLLER://k:4,BROKERS://b:3",
		"advertised.listeners":       "PLAINTEXT://p:2,BROKERS://b:3",
		"inter.broker.listener.name": "BROKERS",
	} {
		if got := serverProperties(place)[key]; got != want {
			t.Errorf("%s of node 2 of 3: got %q, want %q", key, got, want)
		}
	}
	if got := voters([]int{1, 2, 3, 4, 5, 6}, 2); !strings.HasPrefix(got, "1@127.0.0.1:2,2@") {
		t.Errorf("voters: got %q", got)
	}
}
