package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"cordon/internal/failure"
)

// dialTimeout bounds the check of one broker.
const dialTimeout = 5 * time.Second

const saslRemedy = "check kafka.sasl.mechanism, kafka.sasl.username and the file kafka.sasl.password_file names"

// Reach checks that one of the brokers can be spoken to, and tells in words
// which step failed: name, port, TLS or SASL. The requests behind it report
// any of these as "unexpected EOF" only.
func (c *Client) Reach(ctx context.Context) error {
	var last error
	for _, broker := range c.settings.Brokers {
		if last = c.reach(ctx, broker); last == nil {
			return nil
		}
	}
	return last
}

func (c *Client) reach(ctx context.Context, broker string) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	down := func(err error, remedy string) error {
		return &failure.Unreachable{System: "Kafka", Address: broker, Err: err, Remedy: remedy}
	}
	plain, err := (&net.Dialer{}).DialContext(ctx, "tcp", broker)
	if err != nil {
		return down(err, "check kafka.brokers, and that the broker runs")
	}
	defer plain.Close()
	if c.settings.TLS != nil {
		if err := handshake(ctx, plain, broker, c.settings.TLS); err != nil {
			return down(fmt.Errorf("TLS handshake: %w", err), tlsRemedy(err))
		}
	}
	conn, err := (&kafka.Dialer{TLS: c.settings.TLS, SASLMechanism: c.auth, ClientID: c.settings.ClientID}).DialContext(ctx, "tcp", broker)
	if err != nil {
		return down(fmt.Errorf("SASL: %w", err), saslRemedy)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(dialTimeout)) // a closed connection shows in the next call
	if _, err := conn.Brokers(); err != nil {
		return down(err, c.silentRemedy())
	}
	return nil
}

func handshake(ctx context.Context, conn net.Conn, broker string, settings *tls.Config) error {
	settings = settings.Clone()
	if settings.ServerName == "" {
		host, _, err := net.SplitHostPort(broker)
		if err != nil {
			return err
		}
		settings.ServerName = host
	}
	return tls.Client(conn, settings).HandshakeContext(ctx)
}

func tlsRemedy(err error) string {
	var unknown *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	switch {
	case errors.As(err, &unknown):
		return "the broker's certificate is not trusted: check kafka.tls.ca_file and kafka.tls.server_name"
	case errors.As(err, &notTLS):
		return "the broker does not speak TLS on this port: check the port, or set kafka.tls.enabled to false"
	}
	return "check that this port is the broker's TLS listener, and kafka.tls.cert_file and key_file if it asks for a certificate"
}

// silentRemedy guesses why a broker hangs up without a word: it does so when
// the client lacks TLS or SASL.
func (c *Client) silentRemedy() string {
	var missing []string
	if c.settings.TLS == nil {
		missing = append(missing, "kafka.tls.enabled")
	}
	if c.auth == nil {
		missing = append(missing, "kafka.sasl.mechanism")
	}
	if len(missing) == 0 {
		return "the broker closed the connection: its log says why"
	}
	return "the broker closed the connection without an answer; it probably expects " + strings.Join(missing, " or ")
}
