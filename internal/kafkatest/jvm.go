package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
)

// jvmFlags suit a broker that lives for minutes beside the tests on two cores:
// the small compiler and the serial collector start it in 1.4 s.
var jvmFlags = []string{"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.showDateTime=true"}

// jvm is Apache Kafka in a Java process, as a server.
type jvm struct {
	// dir holds server.properties, broker.log and, in log/, the records.
	dir string
	// lib is the folder of Kafka's jars.
	lib string
	// heap bounds the heap, as in -Xmx512m.
	heap string
	// cluster is the id that all nodes of a cluster are formatted with.
	cluster string
	// role is the node's place in the cluster; its address is what it advertises.
	role role
	// disk is mounted at log/ when [Shape] asks for one; nil else.
	disk *disk
	// process is the running broker; nil while stopped.
	process *process
}

func probeJVM(context.Context) (string, error) {
	for _, program := range []string{"java", "mvn"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", err
		}
	}
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(dir, "lib")); err != nil {
		return "its jars will be downloaded to " + dir, nil
	}
	return "its jars are in " + dir, nil
}

func startJVM(ctx context.Context) (server, error) {
	all, err := planJVM(ctx, Shape{Brokers: 1})
	if err != nil {
		return nil, err
	}
	j := all[0].server.(*jvm)
	if err := j.run(ctx); err != nil {
		return nil, err
	}
	return j, nil
}

// run starts a planned broker for the first time.
func (j *jvm) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{j.configure, j.format, j.start} {
		if err := step(ctx); err != nil {
			return errors.Join(err, j.remove())
		}
	}
	return nil
}

// configure makes the folder and writes server.properties.
func (j *jvm) configure(context.Context) error {
	dir, err := os.MkdirTemp("", "cordon-kafkatest-")
	if err != nil {
		return err
	}
	j.dir, j.role.logDir = dir, filepath.Join(dir, "log")
	if j.disk != nil {
		if err := j.disk.mount(filepath.Join(dir, "disk")); err != nil {
			return err
		}
		j.role.logDir = filepath.Join(dir, "disk", "log")
	}
	return os.WriteFile(j.settings(), []byte(file(serverProperties(j.role))), 0o600)
}

// format prepares the folder of the records; a KRaft node starts in no other.
func (j *jvm) format(ctx context.Context) error {
	p, err := j.launch("kafka.tools.StorageTool", "format", "-t", j.cluster, "-c", j.settings())
	if err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		p.kill()
	}
	if state := p.command.ProcessState; !state.Success() {
		return fmt.Errorf("format the folder of Kafka: %s: %s", state, j.lastLines())
	}
	return nil
}

// launch runs a class of Kafka; what it says goes to the end of broker.log.
func (j *jvm) launch(class string, arguments ...string) (*process, error) {
	log, err := os.OpenFile(j.log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command := exec.Command("java", slices.Concat(jvmFlags, []string{"-Xmx" + j.heap, "-cp", filepath.Join(j.lib, "*"), class}, arguments)...)
	command.Dir, command.Stdout, command.Stderr = j.dir, log, log
	return startProcess(command)
}

func (j *jvm) settings() string { return filepath.Join(j.dir, "server.properties") }

func (j *jvm) log() string { return filepath.Join(j.dir, "broker.log") }

// lastLines returns the end of the broker's log, for an error that must be
// understood after the folder is gone.
func (j *jvm) lastLines() string {
	output, err := os.ReadFile(j.log())
	if err != nil {
		return err.Error()
	}
	return "the end of its log:\n" + tail(output, 30)
}

func (j *jvm) addresses() []string { return []string{j.role.advertised} }

func (j *jvm) start(ctx context.Context) error {
	p, err := j.launch("kafka.Kafka", j.settings())
	if err != nil {
		return fmt.Errorf("start Kafka: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	go func() {
		select {
		case <-p.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := awaitMember(ctx, j.role.clients, int32(j.role.id)); err != nil {
		p.kill()
		return fmt.Errorf("start Kafka: %w: %s: %s", err, p.command.ProcessState, j.lastLines())
	}
	j.process = p
	return nil
}

func (j *jvm) stop() error {
	if j.process != nil {
		j.process.stop()
		j.process = nil
	}
	return nil
}

func (j *jvm) kill() error {
	if j.process != nil {
		j.process.kill()
		j.process = nil
	}
	return nil
}

func (j *jvm) pause() error { return j.signal(syscall.SIGSTOP) }

func (j *jvm) resume() error { return j.signal(syscall.SIGCONT) }

func (j *jvm) signal(s syscall.Signal) error {
	if j.process == nil {
		return errors.New("it does not run")
	}
	return j.process.command.Process.Signal(s)
}

func (j *jvm) remove() error {
	_ = j.kill()
	if j.disk != nil {
		if err := j.disk.unmount(); err != nil {
			return err
		}
	}
	if j.dir == "" {
		return nil
	}
	return os.RemoveAll(j.dir)
}
