package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
)

// childDir names the variable that turns this test binary into a program that
// only runs a broker in the folder given, to be killed.
const childDir = "CORDON_EMBEDDED_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		runChild(dir)
		return
	}
	os.Exit(m.Run())
}

func runChild(dir string) {
	b, err := Start(Settings{Dir: dir, Log: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(b.Addresses()[0])
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func start(t *testing.T, s Settings) *Broker {
	t.Helper()
	b, err := Start(s)
	if err != nil {
		t.Fatalf("Start(%+v): %v", s, err)
	}
	t.Cleanup(b.Close)
	return b
}

// client speaks to a broker the way Cordon's own log does, through kafka-go.
func client(t *testing.T, address string) *kafka.Client {
	t.Helper()
	transport := &kafka.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &kafka.Client{Addr: kafka.TCP(address), Timeout: 10 * time.Second, Transport: transport}
}

func createTopic(t *testing.T, c *kafka.Client, topic string) {
	t.Helper()
	got, err := c.CreateTopics(context.Background(), &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{Topic: topic, NumPartitions: 2, ReplicationFactor: 1}},
	})
	if err != nil || got.Errors[topic] != nil {
		t.Fatalf("create topic %s: %v, %v", topic, err, got)
	}
}

func produce(t *testing.T, c *kafka.Client, topic string, values ...string) {
	t.Helper()
	records := make([]kafka.Record, len(values))
	for i, v := range values {
		records[i].Value = kafka.NewBytes([]byte(v))
	}
	got, err := c.Produce(context.Background(), &kafka.ProduceRequest{
		Topic: topic, Partition: 1, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records...),
	})
	if err != nil || got.Error != nil {
		t.Fatalf("produce to %s: %v, %+v", topic, err, got)
	}
}

func fetch(t *testing.T, c *kafka.Client, topic string) []string {
	t.Helper()
	got, err := c.Fetch(context.Background(), &kafka.FetchRequest{
		Topic: topic, Partition: 1, MinBytes: 1, MaxBytes: 1 << 20, MaxWait: time.Second,
	})
	if err != nil || got.Error != nil {
		t.Fatalf("fetch from %s: %v, %+v", topic, err, got)
	}
	var values []string
	for {
		r, err := got.Records.ReadRecord()
		if errors.Is(err, io.EOF) {
			return values
		}
		if err != nil {
			t.Fatalf("read record %d of %s: %v", len(values), topic, err)
		}
		v, err := kafka.ReadAll(r.Value)
		if err != nil {
			t.Fatalf("read value %d of %s: %v", len(values), topic, err)
		}
		values = append(values, string(v))
	}
}

func wantRecords(t *testing.T, c *kafka.Client, want ...string) {
	t.Helper()
	if got := fetch(t, c, "telemetry.raw"); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Fatalf("records of telemetry.raw: got %q, want %q", got, want)
	}
}

func TestRecordsOutliveClose(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "on", "demand")
	first := start(t, Settings{Dir: dir})
	c := client(t, first.Addresses()[0])
	createTopic(t, c, "telemetry.raw")
	produce(t, c, "telemetry.raw", "one", "two")
	wantRecords(t, c, "one", "two")
	first.Close()

	second := start(t, Settings{Dir: dir})
	c = client(t, second.Addresses()[0])
	produce(t, c, "telemetry.raw", "three")
	wantRecords(t, c, "one", "two", "three")
}

func TestRecordsOutliveKill(t *testing.T) {
	dir := t.TempDir()
	child, address := startChild(t, dir)
	c := client(t, address)
	createTopic(t, c, "telemetry.raw")
	produce(t, c, "telemetry.raw", "one", "two")
	if err := child.Process.Kill(); err != nil {
		t.Fatalf("kill the broker process: %v", err)
	}
	_ = child.Wait()

	second := start(t, Settings{Dir: dir})
	wantRecords(t, client(t, second.Addresses()[0]), "one", "two")
}

func startChild(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir)
	child.Stderr = os.Stderr
	// The child ends when this pipe does, whatever becomes of the test.
	if _, err := child.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("address of the broker process: %v", err)
	}
	return child, strings.TrimSpace(address)
}

func TestFixedAddress(t *testing.T) {
	first := start(t, Settings{Dir: t.TempDir()})
	address := first.Addresses()[0]
	first.Close()
	second := start(t, Settings{Dir: t.TempDir(), Address: address})
	if got := second.Addresses(); len(got) != 1 || got[0] != address {
		t.Errorf("Start at %s: listens on %q", address, got)
	}
	createTopic(t, client(t, address), "verdicts")
}

func TestStartRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	held := t.TempDir()
	start(t, Settings{Dir: held})

	for name, c := range map[string]struct {
		settings Settings
		want     error  // matched when not nil
		text     string // part of what the user reads
	}{
		"port taken":         {Settings{Dir: t.TempDir(), Address: taken.Addr().String()}, syscall.EADDRINUSE, taken.Addr().String()},
		"no folder":          {Settings{}, nil, "no folder"},
		"folder is a file":   {Settings{Dir: file}, syscall.ENOTDIR, file},
		"folder held":        {Settings{Dir: held}, ErrFolderInUse, held},
		"reachable by all":   {Settings{Dir: t.TempDir(), Address: "0.0.0.0:0"}, nil, "not a loopback"},
		"no host":            {Settings{Dir: t.TempDir(), Address: ":0"}, nil, "not a loopback"},
		"malformed address":  {Settings{Dir: t.TempDir(), Address: "nonsense"}, nil, "nonsense"},
		"lock is a folder":   {Settings{Dir: withFolderNamedLock(t)}, syscall.EISDIR, "not writable"},
		"log cannot be made": {Settings{Dir: withFileNamedLog(t)}, nil, "log"},
	} {
		b, err := Start(c.settings)
		if err == nil {
			b.Close()
			t.Errorf("%s: Start(%+v): no error", name, c.settings)
			continue
		}
		if c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: Start(%+v): got %q, want %v and %q in it", name, c.settings, err, c.want, c.text)
		}
	}
}

func withFolderNamedLock(t *testing.T) string {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "lock"), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func withFileNamedLog(t *testing.T) string {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "log"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestCloseAgain(t *testing.T) {
	dir := t.TempDir()
	b := start(t, Settings{Dir: dir})
	b.Close()
	b.Close()
	start(t, Settings{Dir: dir})
}

func ExampleStart() {
	dir, err := os.MkdirTemp("", "cordon-embedded")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	b, err := Start(Settings{Dir: dir, Address: "127.0.0.1:0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close()
	fmt.Println(len(b.Addresses()), "bootstrap address")
	// Output: 1 bootstrap address
}
