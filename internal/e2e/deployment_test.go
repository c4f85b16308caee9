package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
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

// deployment is a set of topics of its own, and the programs that run on them.
type deployment struct {
	t          testing.TB
	dir        string
	prefix     string
	partitions int32
	client     *kafka.Client
	key        pseudonym.Key
	programs   map[string]*program
}

// program is one process.
type program struct {
	cmd   *exec.Cmd
	log   string
	ready string
	done  chan struct{}
}

// deploy makes topics, key and configuration; nothing runs yet.
func deploy(t testing.TB, partitions int32) *deployment {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	d := &deployment{t: t, dir: t.TempDir(), prefix: kafkatest.UniquePrefix(t), partitions: partitions, programs: map[string]*program{}}
	client, err := kafka.NewClient(kafka.Settings{Brokers: kafkatest.Broker(t).Addresses(), ClientID: "e2e", Prefix: d.prefix})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	d.client = client
	var specs []kafka.TopicSpec
	for _, topic := range stream.Topics(partitions) {
		specs = append(specs, kafka.TopicSpec(topic))
	}
	if _, err := client.Create(t.Context(), specs, 1); err != nil {
		t.Fatal(err)
	}
	d.newKey()
	t.Cleanup(d.killAll)
	return d
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

// own are the keys a program is given beside the shared ones.
func (d *deployment) own(name string) string {
	switch name {
	case "collector":
		return fmt.Sprintf("keys:\n  file: %q\n", filepath.Join(d.dir, "pseudonym.key"))
	case "enforcer":
		return fmt.Sprintf("isolated_share_permille: %d\n", sharePermille)
	}
	return ""
}

// start runs a program and returns once it is ready.
func (d *deployment) start(name string) {
	d.t.Helper()
	p := d.launch(name)
	client := http.Client{Timeout: 2 * time.Second}
	deadline := time.Now().Add(90 * time.Second)
	for {
		res, err := client.Get("http://" + p.ready + "/readyz")
		if err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-p.done:
			d.t.Fatalf("%s ended before it was ready:\n%s", name, d.tail(name))
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("%s is not ready after 90 s:\n%s", name, d.tail(name))
		}
	}
}

func (d *deployment) launch(name string) *program {
	d.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		d.t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	settings := fmt.Sprintf("kafka:\n  brokers: [%q]\ntopics:\n  prefix: %q\nhttp:\n  listen: %q\n%s",
		kafkatest.Broker(d.t).Addresses()[0], d.prefix, address, d.own(name))
	path := filepath.Join(d.dir, name+".yaml")
	if err := os.WriteFile(path, []byte(settings), 0o600); err != nil {
		d.t.Fatal(err)
	}
	p := &program{log: filepath.Join(d.dir, name+".log"), ready: address, done: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer log.Close()
	p.cmd = exec.Command(filepath.Join(binaries, name), "--config", path)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is what the tests look at
		close(p.done)
	}()
	d.programs[name] = p
	return p
}

// startAll runs the three programs, readers first.
func (d *deployment) startAll() {
	for _, name := range []string{"enforcer", "scorer", "collector"} {
		d.start(name)
	}
}

// stop ends a program in order, within the 10 s it has for that.
func (d *deployment) stop(name string) {
	d.t.Helper()
	p := d.programs[name]
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		d.t.Fatalf("%s: %v\n%s", name, err, d.tail(name))
	}
	select {
	case <-p.done:
	case <-time.After(12 * time.Second):
		d.t.Fatalf("%s did not end within 12 s of SIGTERM:\n%s", name, d.tail(name))
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		d.t.Errorf("%s ended with exit code %d after SIGTERM, want 0:\n%s", name, code, d.tail(name))
	}
}

// kill ends a program as a power cut does.
func (d *deployment) kill(name string) {
	d.t.Helper()
	p := d.programs[name]
	if err := p.cmd.Process.Kill(); err != nil {
		d.t.Fatalf("%s: %v\n%s", name, err, d.tail(name))
	}
	<-p.done
}

func (d *deployment) killAll() {
	for _, p := range d.programs {
		_ = p.cmd.Process.Kill() // it may have ended
		<-p.done
	}
	if d.t.Failed() {
		for name := range d.programs {
			d.t.Logf("log of %s:\n%s", name, d.tail(name))
		}
	}
}

func (d *deployment) tail(name string) string {
	text, _ := os.ReadFile(d.programs[name].log)
	lines := strings.Split(string(text), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

// records returns every committed record of a topic.
func (d *deployment) records(topic stream.Topic) []stream.Record {
	d.t.Helper()
	counts, err := d.client.Counts(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	var all []stream.Record
	for p := int32(0); p < counts[topic]; p++ {
		ctx, cancel := context.WithTimeout(d.t.Context(), time.Minute)
		err := d.client.Read(ctx, stream.Partition{Topic: topic, ID: p}, 0, func(b stream.Batch) error {
			all = append(all, b.Records...)
			return nil
		})
		cancel()
		if err != nil {
			d.t.Fatalf("%s[%d]: %v", topic, p, err)
		}
	}
	return all
}
