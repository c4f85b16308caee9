package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

// binaries is the folder the demo and its programs are built into, once.
var binaries string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "cordon-demo-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binaries = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

var build = sync.OnceValue(func() error {
	cmd := exec.Command("go", "build", "-o", binaries, "cordon/demo", "cordon/collector", "cordon/scorer", "cordon/enforcer")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, text)
	}
	return nil
})

// output gathers what a program writes; safe for concurrent use.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// shown is a demo under way.
type shown struct {
	*exec.Cmd
	t     *testing.T
	dir   string
	out   output
	ended chan struct{}
}

func showDemo(t *testing.T, dir string, args ...string) *shown {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	s := &shown{Cmd: exec.Command(filepath.Join(binaries, "demo"), append([]string{"--dir", dir}, args...)...), t: t, dir: dir, ended: make(chan struct{})}
	s.Stdout, s.Stderr = &s.out, &s.out
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.Wait() // the exit code is what counts
		close(s.ended)
	}()
	t.Cleanup(func() {
		_ = s.Process.Kill() // it may have ended
		<-s.ended
	})
	return s
}

// code waits for the end and returns the exit code.
func (s *shown) code(limit time.Duration) int {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(limit):
		s.t.Fatalf("not ended within %s:\n%s", limit, s.out.String())
	}
	return s.ProcessState.ExitCode()
}

// says waits until the output holds text.
func (s *shown) says(text string) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); !strings.Contains(s.out.String(), text); {
		select {
		case <-s.ended:
			s.t.Fatalf("ended without %q:\n%s", text, s.out.String())
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(end) {
			s.t.Fatalf("%q does not come:\n%s", text, s.out.String())
		}
	}
}

func (s *shown) want(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if !strings.Contains(s.out.String(), text) {
			s.t.Errorf("%q is not in the output:\n%s", text, s.out.String())
		}
	}
}

// programsIn returns the processes that run on a configuration in dir, by name.
func programsIn(t *testing.T, dir string) map[string]int {
	t.Helper()
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("skipped: processes are looked for in /proc")
	}
	found := map[string]int{}
	paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range paths {
		line, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(line, []byte(dir)) {
			continue // it has ended, or is another's
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			t.Fatal(err)
		}
		name, _, _ := bytes.Cut(line, []byte{0})
		found[filepath.Base(string(name))] = pid
	}
	return found
}

// left waits a moment for what is ended by the kernel, then reports what runs.
func left(t *testing.T, dir string) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); len(programsIn(t, dir)) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still running: %v", programsIn(t, dir))
		}
	}
}

// Twice in a row in one folder, as somebody does who likes it.
func TestDemoShowsTheOutbreak(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	for run := 1; run <= 2; run++ {
		s := showDemo(t, dir, "--terminals", "120", "--speed", "600")
		if code := s.code(time.Minute); code != 0 {
			t.Fatalf("run %d: exit code %d, want 0:\n%s", run, code, s.out.String())
		}
		checkTable(t, s.out.String())
		s.want("Everything has been stopped", dir)
		left(t, dir)
		checkLogs(t, dir)
	}
}

// checkTable wants every attacker in it, and nobody else.
func checkTable(t *testing.T, text string) {
	t.Helper()
	rows := map[string]int{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if n := utf8.RuneCountInString(line); n > width {
			t.Errorf("%d characters, want at most %d: %s", n, width, line)
		}
		for _, want := range []struct{ did, verdict, command string }{
			{"scans random addresses", "MALICIOUS +", "RATE_LIMIT 8 kbit/s for 10m"},
			{"floods a victim", "MALICIOUS +", "BLOCK_DESTINATION 203.0.113.80 for 10m"},
			{"retries a server in a loop", "none", "none"},
		} {
			if strings.Contains(line, want.did) {
				rows[want.did]++
				if !strings.Contains(line, want.verdict) || !strings.Contains(line, want.command) {
					t.Errorf("want %s and %s in: %s", want.verdict, want.command, line)
				}
			}
		}
	}
	if rows["scans random addresses"] != 3 || rows["floods a victim"] != 2 || rows["retries a server in a loop"] != 2 || strings.Contains(text, "false alarm") {
		t.Errorf("want 3 scanners, 2 flooders, 2 that retry, and nobody else; got %v in\n%s", rows, text)
	}
}

// checkLogs looks for subscribers in the programs' logs.
func checkLogs(t *testing.T, dir string) {
	t.Helper()
	for _, name := range programs {
		text, err := os.ReadFile(filepath.Join(dir, name+".log"))
		if err != nil {
			t.Fatal(err)
		}
		if len(text) == 0 || bytes.Contains(text, []byte("imsi-")) || bytes.Contains(text, []byte("imei-")) {
			t.Errorf("%s: want a log without identities, got\n%s", name, text)
		}
	}
}

func TestInterruptLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := showDemo(t, dir)
	s.says("ready after")
	other := showDemo(t, dir)
	if code := other.code(10 * time.Second); code != 2 {
		t.Errorf("a second demo in the folder: exit code %d, want 2", code)
	}
	other.want("another demo runs there")
	if n := len(programsIn(t, dir)); n < 4 {
		t.Fatalf("%d processes are in the folder, want the demo and three programs", n)
	}
	if err := s.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := s.code(20 * time.Second); code != 0 {
		t.Errorf("exit code %d, want 0:\n%s", code, s.out.String())
	}
	s.want("Interrupted. Everything has been stopped.")
	left(t, dir)
}

func TestProgramThatDiesIsNamed(t *testing.T) {
	dir := t.TempDir()
	s := showDemo(t, dir)
	s.says("ready after")
	if err := syscall.Kill(programsIn(t, dir)["scorer"], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if code := s.code(20 * time.Second); code != 1 {
		t.Errorf("exit code %d, want 1:\n%s", code, s.out.String())
	}
	s.want("scorer ended in the middle of the demo: signal: killed", filepath.Join(dir, "scorer.log"), `"message":"restored in`)
	left(t, dir)
}

func TestKilledDemoTakesItsProgramsAlong(t *testing.T) {
	dir := t.TempDir()
	s := showDemo(t, dir)
	s.says("ready after")
	if err := s.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	left(t, dir)
}

// Two good records around a broken one: what can be read is used.
func TestCapturesThatAreBroken(t *testing.T) {
	dir := t.TempDir()
	record := func(second int) string {
		return fmt.Sprintf(`{"occurredAt":"2026-05-04T10:00:%02d.000000Z","sourceId":"smf-1","supi":"imsi-001010000000001","session":{"event":"ESTABLISHED","causeClass":"NONE","emergency":false}}`, second)
	}
	for _, c := range []struct {
		name, text string
		code       int
		words      []string
	}{
		{"part.jsonl", record(5) + "\n{\"occurredAt\":7,\n" + record(9) + "\n", 4, []string{"2 records", "not used: ", "line 2", "No terminal has a verdict"}},
		{"none.bin", "hi\n", 2, []string{"holds no telemetry", "not used: ", "none.bin"}},
	} {
		path := filepath.Join(dir, c.name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := showDemo(t, filepath.Join(dir, "demo"), "--capture", path)
		if code := s.code(time.Minute); code != c.code {
			t.Errorf("%s: exit code %d, want %d", c.name, code, c.code)
		}
		s.want(c.words...)
	}
}

func TestUsage(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	free := filepath.Join(dir, "free")
	for _, c := range []struct {
		dir  string
		args []string
		text string
	}{
		{dir, nil, "holds files that are not of the demo"},
		{free, []string{"--capture", filepath.Join(dir, "absent.pcap")}, "absent.pcap"},
		{free, []string{"--terminals", "3"}, "--terminals 3"},
		{free, []string{"--bad"}, "demo --help"},
	} {
		s := showDemo(t, c.dir, c.args...)
		if code := s.code(20 * time.Second); code != 2 {
			t.Errorf("%v: exit code %d, want 2", c.args, code)
		}
		s.want(c.text)
	}
	if _, err := os.Stat(filepath.Join(dir, "mine.txt")); err != nil {
		t.Errorf("a file that is not the demo's is gone: %v", err)
	}
}
