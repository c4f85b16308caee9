package kafkatest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// jvmFlags suit a broker that lives for minutes beside the tests on two cores:
// the small compiler and the serial collector start it in 1.4 s.
var jvmFlags = []string{"-Xmx768m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.showDateTime=true"}

// jvm is Apache Kafka in a Java process, as a node.
type jvm struct {
	// dir holds server.properties, broker.log and the records under log/.
	dir string
	// lib is the folder of Kafka's jars.
	lib string
	// address is where it listens for clients.
	address string
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

func startJVM(ctx context.Context) (node, error) {
	if _, err := probeJVM(ctx); err != nil {
		return nil, err
	}
	lib, err := ensureJars(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "cordon-kafkatest-")
	if err != nil {
		return nil, err
	}
	j := &jvm{dir: dir, lib: lib}
	for _, step := range []func(context.Context) error{j.configure, j.format, j.start} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, j.remove())
		}
	}
	return j, nil
}

// configure picks the ports and writes server.properties.
func (j *jvm) configure(context.Context) error {
	clients, err := freePort()
	if err != nil {
		return err
	}
	controller, err := freePort()
	if err != nil {
		return err
	}
	j.address = fmt.Sprintf("127.0.0.1:%d", clients)
	properties := serverProperties(listeners{
		clients: j.address, advertised: j.address, controller: fmt.Sprintf("127.0.0.1:%d", controller),
	}, filepath.Join(j.dir, "log"))
	return os.WriteFile(j.settings(), []byte(file(properties)), 0o600)
}

// format prepares the folder of the records; a KRaft node starts in no other.
func (j *jvm) format(ctx context.Context) error {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails, by its documentation
	id[0] &= 0x7f           // an id that begins with a hyphen would be read as an option
	p, err := j.launch("kafka.tools.StorageTool", "format", "-t", base64.RawURLEncoding.EncodeToString(id[:]), "-c", j.settings())
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
	command := exec.Command("java", slices.Concat(jvmFlags, []string{"-cp", filepath.Join(j.lib, "*"), class}, arguments)...)
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

func (j *jvm) addresses() []string { return []string{j.address} }

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
	if err := awaitReady(ctx, j.addresses()); err != nil {
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

func (j *jvm) remove() error {
	_ = j.kill()
	return os.RemoveAll(j.dir)
}
