package kafkatest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// client speaks to a broker the way Cordon's own log does, through kafka-go.
func client(t *testing.T, c *Cluster) *kafka.Client {
	t.Helper()
	transport := &kafka.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &kafka.Client{Addr: kafka.TCP(c.Addresses()...), Timeout: 20 * time.Second, Transport: transport}
}

func createTopic(t *testing.T, c *Cluster, topic string) {
	t.Helper()
	got, err := client(t, c).CreateTopics(context.Background(), &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: 1, ReplicationFactor: 1}},
	})
	if err != nil || got.Errors[topic] != nil {
		t.Fatalf("%s: create topic %s: %v, %v", c.Name(), topic, err, got)
	}
}

func produce(t *testing.T, c *Cluster, topic, value string) {
	t.Helper()
	got, err := client(t, c).Produce(context.Background(), &kafka.ProduceRequest{
		Topic: topic, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes([]byte(value))}),
	})
	if err != nil || got.Error != nil {
		t.Fatalf("%s: produce to %s: %v, %+v", c.Name(), topic, err, got)
	}
}

func wantRecords(t *testing.T, c *Cluster, topic string, want ...string) {
	t.Helper()
	fetched, err := client(t, c).Fetch(context.Background(), &kafka.FetchRequest{
		Topic: topic, MinBytes: 1, MaxBytes: 1 << 20, MaxWait: time.Second,
	})
	if err != nil || fetched.Error != nil {
		t.Fatalf("%s: fetch from %s: %v, %+v", c.Name(), topic, err, fetched)
	}
	var got []string
	for record, err := fetched.Records.ReadRecord(); err == nil; record, err = fetched.Records.ReadRecord() {
		value, err := kafka.ReadAll(record.Value)
		if err != nil {
			t.Fatalf("%s: read value %d of %s: %v", c.Name(), len(got), topic, err)
		}
		got = append(got, string(value))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Fatalf("%s: records of %s: got %q, want %q", c.Name(), topic, got, want)
	}
}

// checkOutlives is the promise of every kind: what was acknowledged is there
// after an orderly restart and after a kill, at the same address.
func checkOutlives(t *testing.T, kind string) {
	t.Setenv(variableKind, kind)
	c := Private(t)
	if c.Kind() != kind || len(c.PassedOver()) != 0 {
		t.Fatalf("%s=%s: got kind %s, passed over %q", variableKind, kind, c.Kind(), c.PassedOver())
	}
	addresses, topic := c.Addresses(), UniquePrefix(t)+"telemetry.raw"
	createTopic(t, c, topic)
	produce(t, c, topic, "one")
	wantRecords(t, c, topic, "one")

	timed(t, "orderly restart", func() { c.Restart(t) })
	produce(t, c, topic, "two")
	wantRecords(t, c, topic, "one", "two")

	timed(t, "kill", func() { c.Kill(t) })
	if _, err := client(t, c).Metadata(context.Background(), &kafka.MetadataRequest{}); err == nil {
		t.Errorf("%s: answers after Kill", c.Name())
	}
	timed(t, "start after the kill", func() { c.Restart(t) })
	wantRecords(t, c, topic, "one", "two")
	if got := c.Addresses(); strings.Join(got, ",") != strings.Join(addresses, ",") {
		t.Errorf("%s: addresses after restarts: got %q, want %q", c.Name(), got, addresses)
	}
}

func timed(t *testing.T, what string, action func()) {
	t.Helper()
	began := time.Now()
	action()
	t.Logf("%s took %s", what, time.Since(began).Round(time.Millisecond))
}

func TestEmbeddedOutlives(t *testing.T) { checkOutlives(t, KindEmbedded) }

func TestJVMOutlives(t *testing.T) {
	skipWithout(t, probeJVM)
	checkOutlives(t, KindJVM)
}

func skipWithout(t *testing.T, probe func(context.Context) (string, error)) {
	t.Helper()
	found, err := probe(context.Background())
	if err != nil {
		t.Skipf("cannot be had here: %v", err)
	}
	t.Log(found)
}

func ExampleDescribe() {
	fmt.Println(Describe())
	// Output: broker: none was needed
}
