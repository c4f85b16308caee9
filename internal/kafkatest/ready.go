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
	client, err := kgo.NewClient(kgo.SeedBrokers(addresses...), kgo.DialTimeout(time.Second))
	if err != nil {
		return fmt.Errorf("addresses %s: %w", strings.Join(addresses, ","), err)
	}
	defer client.Close()
	retry := time.NewTicker(100 * time.Millisecond)
	defer retry.Stop()
	for {
		if err = ping(ctx, client); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer from %s: %w", strings.Join(addresses, ","), err)
		case <-retry.C:
		}
	}
}

func ping(ctx context.Context, client *kgo.Client) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return client.Ping(ctx)
}

// freePort returns a loopback port that nothing listens on. It stays below the
// range that Linux (32768) and macOS (49152) give to outgoing connections: a
// client that dials a stopped broker's port from that range can connect to
// itself and keep the broker from coming back.
func freePort() (int, error) {
	var last error
	for range 50 {
		port := 20000 + rand.IntN(12000)
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, listener.Close()
		}
		last = err
	}
	return 0, fmt.Errorf("no free port: %w", last)
}
