package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
)

// dockerImage is the image that the Apache Kafka project publishes. The Kafka
// module of testcontainers is of no use with it: its start script belongs to
// confluentinc/confluent-local.
const dockerImage = "apache/kafka:" + kafkaVersion

// container is Apache Kafka in Docker, as a node.
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

func startDocker(ctx context.Context) (node, error) {
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
	properties := serverProperties(listeners{
		clients: "0.0.0.0:9092", advertised: c.address, controller: "localhost:9093",
	}, "/tmp/kraft-combined-logs")
	c.container, err = testcontainers.Run(ctx, dockerImage,
		testcontainers.WithExposedPorts(fmt.Sprintf("%d:9092/tcp", port)),
		testcontainers.WithEnv(variables(properties)))
	if err == nil {
		err = c.ready(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("run %s: %w", dockerImage, err), c.remove())
	}
	return c, nil
}

func (c *container) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	return awaitReady(ctx, c.addresses())
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

func (c *container) remove() error {
	return testcontainers.TerminateContainer(c.container, testcontainers.StopTimeout(0))
}
