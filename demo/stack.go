package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
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
	// keyName is the file of the pseudonym key.
	keyName = "pseudonym.key"
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
	lock      *os.File // of the folder
	broker    *embedded.Broker
	client    *kafka.Client
	key       pseudonym.Key
	processes []*process
}

// start builds everything up and waits until it is ready. What it returns must
// be stopped, also beside an error.
func start(ctx context.Context, dir string) (*stack, error) {
	s := &stack{dir: dir}
	var err error
	if s.lock, err = prepare(dir); err != nil {
		return s, err
	}
	if s.broker, err = embedded.Start(embedded.Settings{Dir: filepath.Join(dir, "broker")}); err != nil {
		return s, err
	}
	if s.client, err = kafka.NewClient(kafka.Settings{Brokers: s.broker.Addresses(), ClientID: "cordon-demo", Prefix: "cordon."}); err != nil {
		return s, err
	}
	if err := s.topics(ctx); err != nil {
		return s, err
	}
	path := filepath.Join(dir, keyName)
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

// prepare empties the folder of a former run and keeps it for this one until
// the returned file is closed. Anything else than a folder of the demo is left
// alone, and one that a demo is running in as well.
func prepare(dir string) (*os.File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, failure.Usage(fmt.Errorf("--dir: %w", err))
	}
	path := filepath.Join(dir, marker)
	if _, err := os.Stat(path); len(entries) > 0 && err != nil {
		return nil, failure.Usage(fmt.Errorf("--dir %s holds files that are not of the demo: choose another folder", dir))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, failure.Usage(fmt.Errorf("--dir: %w", err))
	}
	lock, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, failure.Usage(fmt.Errorf("--dir: %w", err))
	}
	// The lock is the kernel's: it ends with the process, so that nothing has to
	// be cleaned up after a kill -9.
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(failure.Usage(fmt.Errorf("--dir %s: another demo runs there: wait for its end, or choose another folder", dir)), lock.Close())
	}
	for _, entry := range entries {
		if entry.Name() == marker {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return nil, errors.Join(fmt.Errorf("--dir: %w", err), lock.Close())
		}
	}
	return lock, nil
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
	p := &process{name: name, log: filepath.Join(s.dir, name+".log"), done: make(chan struct{})}
	if p.ready, err = freeAddress(); err != nil {
		return nil, err
	}
	path, err := s.configure(p)
	if err != nil {
		return nil, err
	}
	p.cmd = exec.Command(filepath.Join(filepath.Dir(self), name), "--config", path)
	return p, p.start()
}

// configure writes the file a program is started with, and returns its path.
func (s *stack) configure(p *process) (string, error) {
	settings := fmt.Sprintf("kafka:\n  brokers: [%q]\nhttp:\n  listen: %q\n", s.broker.Addresses()[0], p.ready)
	switch p.name {
	case "collector":
		settings += fmt.Sprintf("keys:\n  file: %q\n", filepath.Join(s.dir, keyName))
	case "enforcer":
		// The order itself is what there is to see: no policy system listens
		// here. Of so few terminals 1 % would be the first one or two alone.
		settings += "mode: ENFORCE\nisolated_share_permille: 200\n"
	}
	path := filepath.Join(s.dir, p.name+".yaml")
	return path, os.WriteFile(path, []byte(settings), 0o644)
}

// await waits until every program answers that it is ready.
func (s *stack) await(ctx context.Context) error {
	limit, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for _, p := range s.processes {
		for !p.isReady(limit) {
			select {
			case <-p.done:
				return p.end("at its start")
			case <-limit.Done():
				if ctx.Err() != nil {
					return ctx.Err()
				}
				return fmt.Errorf("%s is not ready after %s; its log: %s\n%s", p.name, readyWithin, p.log, lastLines(p.log))
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	return nil
}

// watch ends the returned context when a program ends by itself.
func (s *stack) watch(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	for _, p := range s.processes {
		go func() {
			select {
			case <-p.done:
				cancel(p.end("in the middle of the demo"))
			case <-ctx.Done():
			}
		}()
	}
	return ctx, cancel
}

// stop ends everything, what feeds the others first, and waits for it.
func (s *stack) stop() {
	for i := len(s.processes) - 1; i >= 0; i-- {
		s.processes[i].stop()
	}
	if s.client != nil {
		s.client.Close()
	}
	if s.broker != nil {
		s.broker.Close()
	}
	if s.lock != nil {
		_ = s.lock.Close() // it holds nothing that could be lost
	}
}
