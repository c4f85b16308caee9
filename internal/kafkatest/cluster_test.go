package kafkatest

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

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
	if err := tryProduce(t, c, topic, value); err != nil {
		t.Fatalf("%s: produce to %s: %v", c.Name(), topic, err)
	}
}

func tryProduce(t *testing.T, c *Cluster, topic, value string) error {
	t.Helper()
	got, err := client(t, c).Produce(context.Background(), &kafka.ProduceRequest{
		Topic: topic, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes([]byte(value))}),
	})
	if err != nil {
		return err
	}
	return got.Error
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
	// A record whose answer was lost was written twice; all differ here.
	if strings.Join(slices.Compact(got), " ") != strings.Join(want, " ") {
		t.Fatalf("%s: records of %s: got %q, want %q", c.Name(), topic, got, want)
	}
}

func TestOutlives(t *testing.T) {
	for _, s := range sources {
		t.Run(s.kind, func(t *testing.T) { checkOutlives(t, want(t, s)) })
	}
}

// want starts a broker of one kind. A kind that cannot be had skips the test,
// unless it was asked for by name.
func want(t *testing.T, s source) *Cluster {
	t.Helper()
	asked := os.Getenv(variableKind) == s.kind
	t.Setenv(variableKind, s.kind)
	began := time.Now()
	c, err := startOwn(context.Background())
	if err != nil && !asked && s.kind != KindEmbedded {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s started in %s", c.Name(), time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("%s: Close: %v", c.Name(), err)
		}
	})
	if c.Kind() != s.kind || len(c.PassedOver()) != 0 {
		t.Errorf("%s=%s: got kind %s, passed over %q", variableKind, s.kind, c.Kind(), c.PassedOver())
	}
	return c
}

// checkOutlives is the promise of every kind: what was acknowledged is there
// after an orderly restart and after a kill, at the same address.
func checkOutlives(t *testing.T, c *Cluster) {
	addresses, topic := c.Addresses(), UniquePrefix(t)+"telemetry.raw"
	createTopic(t, c, topic)
	produce(t, c, topic, "one")
	wantRecords(t, c, topic, "one")
	if err := tryProduce(t, c, UniquePrefix(t)+"forgotten", "one"); err == nil {
		t.Errorf("%s: produce to a topic that nobody made: no error", c.Name())
	}

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

func TestBrokerIsSharedAndUndescribedBefore(t *testing.T) {
	t.Setenv(variableBrokers, "")
	t.Setenv(variableKind, KindEmbedded)
	if got := Describe(); got != "broker: none was needed" {
		t.Errorf("Describe before Broker: got %q", got)
	}
	first, second := Broker(t), Broker(t)
	if first != second {
		t.Errorf("Broker twice: got %s and %s", first.Addresses(), second.Addresses())
	}
	if got, want := Describe(), "broker: "+first.Name(); got != want {
		t.Errorf("Describe after Broker: got %q, want %q", got, want)
	}
	createTopic(t, first, UniquePrefix(t)+"verdicts")
}

func TestPrivateIsNotShared(t *testing.T) {
	t.Setenv(variableKind, KindEmbedded)
	first, second := Private(t), Private(t)
	if got, other := first.Addresses()[0], second.Addresses()[0]; got == other {
		t.Errorf("Private twice: both at %s", got)
	}
}

func TestUniquePrefix(t *testing.T) {
	legal := regexp.MustCompile(`^[a-zA-Z0-9-]{1,64}$`)
	seen := map[string]bool{}
	check := func(t *testing.T) {
		got := UniquePrefix(t)
		if !legal.MatchString(got) || !strings.HasSuffix(got, "-") || seen[got] {
			t.Errorf("UniquePrefix in %s: got %q, seen before: %v", t.Name(), got, seen[got])
		}
		seen[got] = true
	}
	check(t)
	check(t)
	t.Run("späte Sätze/and a name that is much longer than a topic name may well be", check)
}
