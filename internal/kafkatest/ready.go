package kafkatest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// awaitReady returns when a broker at one of the addresses answers ApiVersions
// and Metadata.
func awaitReady(ctx context.Context, addresses []string) error {
	return awaitAnswer(ctx, addresses, func(ctx context.Context, client *kgo.Client) error { return client.Ping(ctx) })
}

// awaitMember returns when the broker at the address answers and counts itself
// among those that live.
func awaitMember(ctx context.Context, address string, id int32) error {
	return awaitAnswer(ctx, []string{address}, func(ctx context.Context, client *kgo.Client) error {
		metadata, err := describe(ctx, client)
		if err != nil {
			return err
		}
		for _, broker := range metadata.Brokers {
			if broker.NodeID == id {
				return nil
			}
		}
		return fmt.Errorf("broker %d is not let in yet", id)
	})
}

// awaitAnswer asks every 100 ms until the answer is no error.
func awaitAnswer(ctx context.Context, addresses []string, ask func(context.Context, *kgo.Client) error) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(addresses...), kgo.DialTimeout(time.Second))
	if err != nil {
		return fmt.Errorf("addresses %s: %w", strings.Join(addresses, ","), err)
	}
	defer client.Close()
	retry := time.NewTicker(100 * time.Millisecond)
	defer retry.Stop()
	for {
		if err = within(ctx, 5*time.Second, func(ctx context.Context) error { return ask(ctx, client) }); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer from %s: %w", strings.Join(addresses, ","), err)
		case <-retry.C:
		}
	}
}

// within runs one attempt.
func within(ctx context.Context, patience time.Duration, attempt func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return attempt(ctx)
}

// freePort returns a loopback port that nothing listens on.
func freePort() (int, error) {
	ports, err := freePorts(1)
	if err != nil {
		return 0, err
	}
	return ports[0], nil
}

// freePorts returns different loopback ports that nothing listens on.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		listener, err := listenFree()
		if err != nil {
			return nil, err
		}
		defer listener.Close() // after the last is found: no port comes twice
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// listenFree listens on a loopback port below the range that Linux (32768) and
// macOS (49152) give to outgoing connections: a client that dials a stopped
// broker's port from that range can connect to itself and keep the broker from
// coming back.
func listenFree() (net.Listener, error) {
	var last error
	for range 50 {
		port := 20000 + rand.IntN(12000)
		listener, err := net.Listen("tcp", loopback(port))
		if err == nil {
			return listener, nil
		}
		last = err
	}
	return nil, fmt.Errorf("no free port: %w", last)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
