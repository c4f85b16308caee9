package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cordon/collector/pseudonym"
	collector "cordon/collector/task"
	enforcer "cordon/enforcer/task"
	"cordon/internal/kafkatest"
	"cordon/internal/record"
	"cordon/internal/service"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
	scorer "cordon/scorer/task"
)

func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }

// outcome is what a run of cordonctl came to.
type outcome struct {
	out  string // standard output
	told string // standard error, the error lines included
	code int
}

// run runs cordonctl in this process, as main does.
func run(t *testing.T, args ...string) outcome {
	t.Helper()
	return runIn(t.Context(), args...)
}

func runIn(ctx context.Context, args ...string) outcome {
	var out, told bytes.Buffer
	c := root()
	c.SetOut(&out)
	c.SetErr(&told)
	c.SetArgs(args)
	code := service.Fail(&told, "cordonctl", execute(ctx, c))
	return outcome{out.String(), told.String(), code}
}

// expect fails unless a run ended with a code and its outputs hold the texts.
func (o outcome) expect(t *testing.T, code int, texts ...string) {
	t.Helper()
	if o.code != code {
		t.Errorf("exit code %d, want %d; standard output:\n%s\nstandard error:\n%s", o.code, code, o.out, o.told)
	}
	for _, text := range texts {
		if !strings.Contains(o.out+o.told, text) {
			t.Errorf("no %q in standard output:\n%s\nor standard error:\n%s", text, o.out, o.told)
		}
	}
}

// write makes a file in a folder of the test.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// deployed are the flags that name a deployment of the test's own.
func deployed(t *testing.T) []string {
	t.Helper()
	return []string{"--brokers", strings.Join(kafkatest.Broker(t).Addresses(), ","), "--prefix", kafkatest.UniquePrefix(t)}
}

// create makes the topics of a deployment.
func create(t *testing.T, flags []string, partitions string) {
	t.Helper()
	run(t, append([]string{"topics", "create", "--partitions", partitions}, flags...)...).expect(t, 0)
}

// client returns a client of the deployment that flags of deployed name.
func client(t *testing.T, flags []string) *kafka.Client {
	t.Helper()
	c, err := kafka.NewClient(kafka.Settings{Brokers: strings.Split(flags[1], ","), ClientID: "test", Prefix: flags[3]})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// runPrograms runs collector, scorer and enforcer on a deployment until the
// returned function is called.
func runPrograms(t *testing.T, c *kafka.Client) (stop func()) {
	t.Helper()
	first, err := collector.Stage(collector.DefaultSettings(), pseudonym.TestKey())
	if err != nil {
		t.Fatal(err)
	}
	second, err := scorer.Stage(scorer.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	third, err := enforcer.Stage(enforcer.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for _, stage := range []*stream.Stage{first, second, third} {
		r := kafka.NewRunner(c, kafka.RunnerSettings{
			Stage: stage, Group: kafkatest.UniquePrefix(t) + stage.Name, SessionTimeout: 6 * time.Second, TransactionTimeout: 15 * time.Second,
			Interval: 50 * time.Millisecond, PrefetchBytes: 1 << 20, StartTimeout: 30 * time.Second, Tell: func(kafka.Notice) {},
		})
		all.Go(func() {
			if err := r.Run(ctx); err != nil {
				t.Errorf("%s: %v", stage.Name, err)
			}
		})
	}
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); all.Wait() }) }
	t.Cleanup(stop)
	return stop
}

// encoded is a record ready to be written.
func encoded(t *testing.T, topic stream.Topic, partition int32, key []byte, rec any) stream.Send {
	t.Helper()
	value, err := record.Append(nil, rec)
	if err != nil {
		t.Fatal(err)
	}
	return stream.Send{Topic: topic, Partition: partition, Key: key, Value: value}
}

// appendTo writes records into a deployment.
func appendTo(t *testing.T, flags []string, sends ...stream.Send) {
	t.Helper()
	w, err := client(t, flags).NewWriter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(t.Context(), sends); err != nil {
		t.Fatal(err)
	}
}

// countRecords counts the committed records of a topic.
func countRecords(t *testing.T, flags []string, topic stream.Topic) int {
	t.Helper()
	c := client(t, flags)
	counts, err := c.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for p := range counts[topic] {
		err := c.Read(t.Context(), stream.Partition{Topic: topic, ID: p}, 0, func(b stream.Batch) error {
			n += len(b.Records)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}
