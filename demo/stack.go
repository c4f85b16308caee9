package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"cordon/collector/keyfile"
	"cordon/collector/pseudonym"
	"cordon/internal/embedded"
	"cordon/internal/failure"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

const (
	// partitions of the demo's topics: more than one, so that records really
	// change partition between the stages.
	partitions = 4
	// marker is the file that tells a folder of the demo from anything else.
	marker = "made-by-cordon-demo"
	// readyWithin bounds the start of the programs.
	readyWithin = 60 * time.Second
	// stopWithin is how long a program may take to finish.
	stopWithin = 12 * time.Second
)

// programs in the order in which they are started: what reads last comes first.
var programs = []string{"enforcer", "scorer", "collector"}

// stack is a running deployment: the broker in this process, three processes.
type stack struct {
	dir       string
	broker    *embedded.Broker
	client    *kafka.Client
	key       pseudonym.Key
	processes []*process
}

// process is one program under way.
type process struct {
	name  string
	cmd   *exec.Cmd
	ready string        // address of its health server
	log   string        // file
	done  chan struct{} // closed when it has ended
	err   error         // valid once done is closed
}

// start builds everything up and waits until it is ready. What it returns must
// be stopped, also beside an error.
func start(ctx context.Context, dir string) (*stack, error) {
	s := &stack{dir: dir}
	if err := prepare(dir); err != nil {
		return s, err
	}
	var err error
	if s.broker, err = embedded.Start(embedded.Settings{Dir: filepath.Join(dir, "broker")}); err != nil {
		return s, err
	}
	if s.client, err = kafka.NewClient(kafka.Settings{Brokers: s.broker.Addresses(), ClientID: "cordon-demo", Prefix: "cordon."}); err != nil {
		return s, err
	}
	if err := s.topics(ctx); err != nil {
		return s, err
	}
	path := filepath.Join(dir, "pseudonym.key")
	if err := keyfile.Create(path, time.Now()); err != nil {
		return s, err
	}
	if s.key, err = keyfile.Read(path); err != nil {
		return s, err
	}
	for _, name := range programs {
		p, err := s.launch(name)
		if err != nil {
			return s, err
		}
		s.processes = append(s.processes, p)
	}
	return s, s.await(ctx)
}

// prepare empties the folder of a former run. Anything else is left alone.
func prepare(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, marker)); len(entries) > 0 && err != nil {
		return failure.Usage(fmt.Errorf("--dir %s holds files that are not of the demo: choose another folder", dir))
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, marker), []byte("each run of the demo replaces this folder\n"), 0o644)
}

func (s *stack) topics(ctx context.Context) error {
	var specs []kafka.TopicSpec
	for _, t := range stream.Topics(partitions) {
		specs = append(specs, kafka.TopicSpec(t))
	}
	_, err := s.client.Create(ctx, specs, 1)
	return err
}

// launch starts one program with a configuration of its own.
func (s *stack) launch(name string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	settings := fmt.Sprintf("kafka:\n  brokers: [%q]\nhttp:\n  listen: %q\n", s.broker.Addresses()[0], address)
	switch name {
	case "collector":
		settings += fmt.Sprintf("keys:\n  file: %q\n", filepath.Join(s.dir, "pseudonym.key"))
	case "enforcer":
		// The order itself is what there is to see: no policy system listens
		// here. In a small fleet 1 % would be the first two or three alone.
		settings += "mode: ENFORCE\nisolated_share_permille: 50\n"
	}
	path := filepath.Join(s.dir, name+".yaml")
	if err := os.WriteFile(path, []byte(settings), 0o644); err != nil {
		return nil, err
	}
	p := &process{name: name, ready: address, log: filepath.Join(s.dir, name+".log"), done: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = exec.Command(filepath.Join(filepath.Dir(self), name), "--config", path)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = withoutCordon(os.Environ())
	p.cmd.SysProcAttr = detached()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w; build the programs with: make build", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// withoutCordon drops the user's own settings, which are for another deployment.
func withoutCordon(environ []string) []string {
	var kept []string
	for _, entry := range environ {
		if !strings.HasPrefix(entry, "CORDON_") {
			kept = append(kept, entry)
		}
	}
	return kept
}

// freeAddress asks the kernel for a port nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// await waits until every program answers that it is ready.
func (s *stack) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for _, p := range s.processes {
		for !p.isReady(ctx) {
			select {
			case <-p.done:
				return fmt.Errorf("%s ended at its start: %w\n%s", p.name, p.err, lastLines(p.log))
			case <-ctx.Done():
				return fmt.Errorf("%s is not ready after %s; its log: %s\n%s", p.name, readyWithin, p.log, lastLines(p.log))
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	return nil
}

func (p *process) isReady(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.ready+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body) // so that the connection can be used again
	return res.StatusCode == http.StatusOK
}

// watch ends the returned context when a program ends by itself.
func (s *stack) watch(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	for _, p := range s.processes {
		go func() {
			select {
			case <-p.done:
				cancel(fmt.Errorf("%s ended: %w\n%s", p.name, p.err, lastLines(p.log)))
			case <-ctx.Done():
			}
		}()
	}
	return ctx, cancel
}

// stop ends everything, what feeds the others first, and waits for it.
func (s *stack) stop() {
	for i := len(s.processes) - 1; i >= 0; i-- {
		p := s.processes[i]
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
		select {
		case <-p.done:
		case <-time.After(stopWithin):
			_ = p.cmd.Process.Kill()
			<-p.done
		}
	}
	if s.client != nil {
		s.client.Close()
	}
	if s.broker != nil {
		s.broker.Close()
	}
}

func lastLines(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
