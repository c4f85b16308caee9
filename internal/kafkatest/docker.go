package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	moby "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/wait"
)

// dockerImage is the image that the Apache Kafka project publishes. The Kafka
// module of testcontainers is of no use with it: its start script belongs to
// confluentinc/confluent-local.
const dockerImage = "apache/kafka:" + kafkaVersion

// containerPort is where the broker listens for clients inside the container.
const containerPort = "9092/tcp"

// container is Apache Kafka in Docker, as a server.
type container struct {
	// address is where the engine publishes the broker's port.
	address string
	// container is the handle of testcontainers; its Start and Stop keep the
	// container's files.
	container *testcontainers.DockerContainer
}

// quiet keeps testcontainers from describing the engine on standard error at
// its first use, as it does whatever logger it is given.
var quiet = sync.OnceFunc(func() { log.SetDefault(log.NewNoopLogger()) })

func probeDocker(ctx context.Context) (string, error) {
	host, err := dockerHost(ctx)
	if err != nil {
		return "", err
	}
	return "the engine at " + host + " has " + dockerImage + " or will be asked to pull it", nil
}

// dockerHost returns the host name under which the engine publishes ports, or
// why no engine can be used.
func dockerHost(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	quiet()
	provider, err := testcontainers.NewDockerProvider()
	if err != nil {
		return "", fmt.Errorf("no Docker engine: %w", err)
	}
	defer provider.Close()
	if err := provider.Health(ctx); err != nil {
		return "", fmt.Errorf("no Docker engine answers: %w", err)
	}
	return provider.DaemonHost(ctx)
}

func startDocker(ctx context.Context) (server, error) {
	host, err := dockerHost(ctx)
	if err != nil {
		return nil, err
	}
	// The port is fixed, since Docker would give another one at a restart and
	// a broker advertises its own.
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	c := &container{address: fmt.Sprintf("%s:%d", host, port)}
	properties := serverProperties(role{
		listeners: listeners{clients: "0.0.0.0:9092", advertised: c.address, controller: "localhost:9093"},
		id:        1, brokers: 1, voters: "1@localhost:9093", logDir: "/tmp/kraft-combined-logs",
	})
	c.container, err = testcontainers.Run(ctx, dockerImage,
		testcontainers.WithExposedPorts(containerPort),
		testcontainers.WithHostConfigModifier(publish(port)),
		testcontainers.WithEnv(variables(properties)),
		// A container that ends before it says so fails at once, with its log.
		testcontainers.WithWaitStrategy(wait.ForLog("Kafka Server started").WithStartupTimeout(readyTimeout)))
	if err == nil {
		err = c.ready(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("run %s: %w%s", dockerImage, err, c.lastLines()), c.remove())
	}
	return c, nil
}

// publish makes the broker's port reachable at one that is known beforehand.
func publish(port int) func(*moby.HostConfig) {
	return func(host *moby.HostConfig) {
		host.PortBindings = network.PortMap{
			network.MustParsePort(containerPort): {{HostPort: strconv.Itoa(port)}},
		}
	}
}

func (c *container) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	return awaitReady(ctx, c.addresses())
}

// lastLines returns the end of the broker's log, if there is one.
func (c *container) lastLines() string {
	if c.container == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	logs, err := c.container.Logs(ctx)
	if err != nil {
		return ": its log: " + err.Error()
	}
	defer logs.Close()
	output, err := io.ReadAll(logs)
	if err != nil {
		return ": its log: " + err.Error()
	}
	if len(output) == 0 {
		return ""
	}
	return ": the end of its log:\n" + tail(output, 30)
}

func (c *container) addresses() []string { return []string{c.address} }

func (c *container) start(ctx context.Context) error {
	if err := c.container.Start(ctx); err != nil {
		return err
	}
	return c.ready(ctx)
}

func (c *container) stop() error { return c.end(stopTimeout) }

func (c *container) kill() error { return c.end(0) }

// end stops the container and kills it when patience is over.
func (c *container) end(patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience+readyTimeout)
	defer cancel()
	return c.container.Stop(ctx, &patience)
}

func (c *container) pause() error {
	return fmt.Errorf("%w be paused: it runs in Docker; kafkatest.JVM makes one that can", errNotHere)
}

func (c *container) resume() error { return nil }

func (c *container) remove() error {
	return testcontainers.TerminateContainer(c.container, testcontainers.StopTimeout(0))
}
