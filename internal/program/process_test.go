package program

import (
	"bufio"
	"bytes"
	"errors"
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

	"cordon/internal/config"
	"cordon/internal/embedded"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

// brokerDir names the variable that turns this test binary into a broker in the
// folder given, which a test can freeze.
const brokerDir = "CORDON_PROGRAM_TEST_BROKER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(brokerDir); dir != "" {
		os.Exit(runBroker(dir))
	}
	dir, err := os.MkdirTemp("", "cordon-program-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "enforcer")
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func runBroker(dir string) int {
	b, err := embedded.Start(embedded.Settings{Dir: dir, Log: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer b.Close()
	fmt.Println(b.Addresses()[0])
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test closes it
	return 0
}

// binary is the enforcer, the program that needs the least: no key, no peers.
var binary string

var build = sync.OnceValue(func() error {
	if text, err := exec.Command("go", "build", "-o", binary, "cordon/enforcer").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, text)
	}
	return nil
})

// broker starts a broker of its own process with the topics of a deployment.
func broker(t *testing.T) (address string, process *os.Process) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), brokerDir+"="+t.TempDir())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGCONT)
		in.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("broker: %v", err)
	}
	address = strings.TrimSpace(line)
	client, err := Client(config.Kafka{Brokers: []string{address}, SASL: config.SASL{Mechanism: "none"}}, config.Topics{Prefix: "cordon."})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var specs []kafka.TopicSpec
	for _, topic := range stream.Topics(1) {
		specs = append(specs, kafka.TopicSpec(topic))
	}
	if _, err := client.Create(t.Context(), specs, 1); err != nil {
		t.Fatal(err)
	}
	return address, cmd.Process
}

// running is a program under test; its output is complete once it has ended.
type running struct {
	*exec.Cmd
	t      *testing.T
	output bytes.Buffer
	ended  chan struct{}
}

func run(t *testing.T, args ...string) *running {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	r := &running{Cmd: exec.Command(binary, args...), t: t, ended: make(chan struct{})}
	r.Stdout, r.Stderr = &r.output, &r.output
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = r.Wait() // the exit code is what counts
		close(r.ended)
	}()
	t.Cleanup(func() {
		_ = r.Process.Kill() // it may have ended
		<-r.ended
	})
	return r
}

// code waits for the end, which has to come within limit.
func (r *running) code(limit time.Duration) int {
	r.t.Helper()
	select {
	case <-r.ended:
	case <-time.After(limit):
		_ = r.Process.Kill()
		<-r.ended
		r.t.Fatalf("did not end within %s:\n%s", limit, r.output.String())
	}
	return r.ProcessState.ExitCode()
}

func (r *running) signal(s os.Signal) {
	r.t.Helper()
	if err := r.Process.Signal(s); err != nil {
		r.t.Fatalf("signal %v: %v\n%s", s, err, r.output.String())
	}
}

// answers waits until the program's health server answers with status.
func (r *running) answers(url string, status int) {
	r.t.Helper()
	client := http.Client{Timeout: time.Second}
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		res, err := client.Get(url)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == status {
				return
			}
		}
		select {
		case <-r.ended:
			r.t.Fatalf("ended before %s answered %d:\n%s", url, status, r.output.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	r.t.Fatalf("%s does not answer %d", url, status)
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestTakenAddressEndsBeforeKafkaIsAsked(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := run(t, "--http.listen", l.Addr().String(), "--kafka.brokers", "127.0.0.1:1")
	code := r.code(10 * time.Second)
	if text := r.output.String(); code != 2 || !strings.Contains(text, "http.listen "+l.Addr().String()) || strings.Contains(text, "Kafka") {
		t.Errorf("exit code %d, want 2 and words about http.listen alone:\n%s", code, text)
	}
}

func TestSIGTERMEndsTheWaitForKafka(t *testing.T) {
	address := freeAddress(t)
	r := run(t, "--http.listen", address, "--kafka.brokers", "127.0.0.1:1")
	r.answers("http://"+address+"/readyz", http.StatusServiceUnavailable)
	r.signal(syscall.SIGTERM)
	if code := r.code(5 * time.Second); code != 0 {
		t.Errorf("exit code %d, want 0:\n%s", code, r.output.String())
	}
}

// The health check of a container sees the program through the same key.
func TestHealthcheckAndStop(t *testing.T) {
	brokers, _ := broker(t)
	address := freeAddress(t)
	r := run(t, "--http.listen", address, "--kafka.brokers", brokers)
	r.answers("http://"+address+"/readyz", http.StatusOK)
	check := run(t, "--http.listen", address, "--healthcheck")
	if code := check.code(5 * time.Second); code != 0 || !strings.HasPrefix(check.output.String(), "ready") {
		t.Errorf("health check: exit code %d, want 0 and that it is ready:\n%s", code, check.output.String())
	}
	r.signal(syscall.SIGTERM)
	code := r.code(10 * time.Second)
	text := r.output.String()
	if code != 0 || !strings.Contains(text, `"message":"started"`) || !strings.Contains(text, `"message":"stopped"`) {
		t.Errorf("exit code %d, want 0 and both ends in the log:\n%s", code, text)
	}
}

// A broker that has frozen answers no commit: the stop would take its whole
// time, and whoever asks twice does not want to wait.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	brokers, frozen := broker(t)
	address := freeAddress(t)
	r := run(t, "--http.listen", address, "--kafka.brokers", brokers)
	r.answers("http://"+address+"/readyz", http.StatusOK)
	if err := frozen.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	r.signal(syscall.SIGTERM)
	r.signal(syscall.SIGINT) // another one, for two of a kind may become one on the way
	code := r.code(3 * time.Second)
	if text := r.output.String(); code != 1 || !strings.Contains(text, "second signal") {
		t.Errorf("exit code %d, want 1 and words about the second signal:\n%s", code, text)
	}
}

func TestHelpAndUsage(t *testing.T) {
	help := run(t, "--help")
	if code := help.code(5 * time.Second); code != 0 || !strings.Contains(help.output.String(), "kafka.start_timeout") {
		t.Errorf("--help: exit code %d, want 0 and the keys:\n%s", code, help.output.String())
	}
	wrong := run(t, "--mod", "ENFORCE")
	if code := wrong.code(5 * time.Second); code != 2 || !strings.Contains(wrong.output.String(), "--help") {
		t.Errorf("--mod: exit code %d, want 2 and where to look:\n%s", code, wrong.output.String())
	}
}

func TestClientNeedsWhatIsNamed(t *testing.T) {
	k := config.Kafka{Brokers: []string{"127.0.0.1:9092"}, SASL: config.SASL{Mechanism: "plain", Username: "cordon", PasswordFile: filepath.Join(t.TempDir(), "none")}}
	if _, err := Client(k, config.Topics{}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "password_file") {
		t.Errorf("got %v, want an error that names the password file's key", err)
	}
}
