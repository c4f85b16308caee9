package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// program is one instance of a program: a process.
type program struct {
	cmd   *exec.Cmd
	log   string // file; a restarted instance goes on with it
	ready string // address of /readyz
	done  chan struct{}
}

// stopWithin is what a program has for an orderly stop, and a second or two for
// a busy machine.
const stopWithin = 12 * time.Second

// run starts an instance.
func (d *deployment) run(name string) (*program, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	of, _, _ := strings.Cut(name, "-")
	brokers, _ := json.Marshal(d.cluster.Addresses()) // YAML as well
	settings := fmt.Sprintf("kafka:\n  brokers: %s\n  client_id: %q\ntopics:\n  prefix: %q\nhttp:\n  listen: %q\n%s",
		brokers, name, d.prefix, address, d.own(of))
	path := filepath.Join(d.dir, name+".yaml")
	if err := os.WriteFile(path, []byte(settings), 0o600); err != nil {
		return nil, err
	}
	p := &program{log: filepath.Join(d.dir, name+".log"), ready: address, done: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = exec.Command(filepath.Join(binaries, of), "--config", path)
	p.cmd.Env = append(append(os.Environ(), d.env[of]...), d.env[name]...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.start(); err != nil {
		return nil, err
	}
	d.programs[name] = p
	return p, nil
}

// own are the keys a program is given beside the shared ones.
func (d *deployment) own(of string) string {
	switch of {
	case "collector":
		return fmt.Sprintf("keys:\n  file: %q\n", filepath.Join(d.dir, "pseudonym.key"))
	case "enforcer":
		return fmt.Sprintf("isolated_share_permille: %d\n", sharePermille)
	}
	return ""
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// start starts the process from a goroutine that keeps its thread: the kernel
// takes the end of that thread for the end of the tests, and kills the process.
func (p *program) start() error {
	p.cmd.SysProcAttr = diesWithTests()
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended is what the tests look at
			close(p.done)
		}
	}()
	return <-started
}

// ended reports whether the process has come to its end.
func (p *program) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// kill ends the process without warning, also a paused one.
func (p *program) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
}

// terminate asks the process to end and waits until it has.
func (p *program) terminate() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-time.After(stopWithin):
		return fmt.Errorf("did not end within %s of SIGTERM", stopWithin)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("ended with exit code %d after SIGTERM, want 0", code)
	}
	return nil
}

func (p *program) pause() error  { return p.cmd.Process.Signal(syscall.SIGSTOP) }
func (p *program) resume() error { return p.cmd.Process.Signal(syscall.SIGCONT) }

// probe is for health and metrics: an instance that is paused does not answer.
var probe = http.Client{Timeout: 2 * time.Second}

// readiness returns what /readyz says; no reason: nothing.
func (p *program) readiness() (ready bool, reason string) {
	res, err := probe.Get("http://" + p.ready + "/readyz")
	if err != nil {
		return false, ""
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode == http.StatusOK, strings.TrimSpace(string(text))
}

func (p *program) isReady() bool {
	ready, _ := p.readiness()
	return ready
}

// line is what the tests read of a line of a log.
type line struct {
	Time      time.Time `json:"time"`
	Message   string    `json:"message"`
	Error     string    `json:"error"`
	Partition *int32    `json:"partition"`
}

// position is how long the log is now, for lines.
func (p *program) position() int64 {
	info, err := os.Stat(p.log)
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	return info.Size()
}

// lines returns what was logged from a position on.
func (p *program) lines(from int64) (all []line) {
	text, _ := os.ReadFile(p.log)
	for _, one := range strings.Split(string(text[min(from, int64(len(text))):]), "\n") {
		var l line
		if json.Unmarshal([]byte(one), &l) == nil {
			all = append(all, l)
		}
	}
	return all
}

// says reports whether a message with these words was logged from a position on.
func (p *program) says(from int64, words string) bool {
	return slices.ContainsFunc(p.lines(from), func(l line) bool {
		return strings.Contains(l.Message, words) || strings.Contains(l.Error, words)
	})
}

// partition is the number of the partition that a line is about, or "".
func (l line) partition() string {
	if l.Partition == nil {
		return ""
	}
	return strconv.Itoa(int(*l.Partition))
}

// positions returns the offset that an instance has reached in each partition it
// works on now, by its figures; an enforcer's inputs are added up.
func (d *deployment) positions(name string) map[string]float64 {
	at := map[string]float64{}
	for _, text := range d.metrics(name) {
		rest, ok := strings.CutPrefix(text, "cordon_input_position_offset{partition=\"")
		if !ok {
			continue
		}
		id, rest, _ := strings.Cut(rest, `"`)
		offset, _ := strconv.ParseFloat(rest[strings.LastIndexByte(rest, ' ')+1:], 64)
		at[id] += offset
	}
	return at
}

// owned returns the partitions that an instance works on now.
func (d *deployment) owned(name string) []string {
	if at := d.positions(name); !strings.HasPrefix(name, "enforcer") {
		return slices.Sorted(maps.Keys(at))
	} else if len(at) > 0 {
		return []string{"0"}
	}
	return nil
}

// tail is the end of an instance's log.
func (d *deployment) tail(name string) string {
	text, _ := os.ReadFile(d.programs[name].log)
	lines := strings.Split(string(text), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
