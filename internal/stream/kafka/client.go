// Package kafka runs the tasks of a stage against Apache Kafka. It is the only
// importer of kafka-go, of which it uses group membership, connections and
// requests; never its Reader or Writer, which commit for partitions they lost,
// check no CRC and cannot be idempotent (docs/adr/0001).
//
// What it promises. A task's partition is read in order, committed records
// only. Its checkpoint is one transaction under a transactional id of stage and
// partition: state, input positions and, for a transactional stage, outputs.
// A new owner fences the former before it reads anything, so whatever group
// membership believes, at most one owner can commit. Retryable failures back
// off with jitter and keep the position; what cannot be retried ends the run
// with an error in words.
//
// Concurrency, all visible in runner.go and worker.go: one goroutine for the
// group, one per owned task, one per input partition of a task, one per checkpoint
// while it is written, one that follows the progress of other instances where
// tasks are aligned. Hand-over between
// them blocks while the task is busy, which stops the fetching: back pressure
// reaches the source, nothing is dropped.
//
// What it does not: it creates no topic by itself and never takes group offsets
// for the truth (they feed lag displays, and prove membership to a fenced owner).
package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/rawproduce"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"cordon/internal/failure"
	"cordon/internal/stream"
	"cordon/internal/stream/recordbatch"
)

// Settings say how to reach the brokers.
type Settings struct {
	// Brokers are host:port addresses to learn the cluster from.
	Brokers []string
	// ClientID is what broker logs and quotas call this program.
	ClientID string
	// Prefix stands before every topic, group and transactional id; deployments
	// on one cluster differ in it.
	Prefix string
	// TLS is used for every connection when set.
	TLS *tls.Config
	// Mechanism is "none", "plain", "scram-sha-256" or "scram-sha-512".
	Mechanism string
	// Username and Password authenticate where a mechanism is set.
	Username, Password string
}

// requestTimeout bounds one request besides the wait a fetch asks for.
const requestTimeout = 10 * time.Second

// Client holds the connections of one program. Safe for concurrent use.
type Client struct {
	settings  Settings
	transport *kafka.Transport
	addr      net.Addr
	auth      sasl.Mechanism
	forgot    atomic.Int64 // when forget last did, Unix nanoseconds
}

// NewClient checks the settings and opens nothing yet.
func NewClient(s Settings) (*Client, error) {
	auth, err := mechanism(s)
	if err != nil {
		return nil, err
	}
	if len(s.Brokers) == 0 {
		return nil, failure.Usage(errors.New("kafka.brokers is empty: name at least one host:port"))
	}
	t := &kafka.Transport{
		ClientID: s.ClientID, TLS: s.TLS, SASL: auth,
		// How old an idea of the cluster may be, and also how long kafka-go waits
		// for a new one: at 500 ms a program never came up where an answer took
		// 700. What cannot wait is noticed by its errors (forget).
		MetadataTTL: 5 * time.Second,
		// Idle partitions are polled more often than this.
		IdleTimeout: time.Minute,
	}
	return &Client{settings: s, transport: t, addr: kafka.TCP(s.Brokers...), auth: auth}, nil
}

func mechanism(s Settings) (sasl.Mechanism, error) {
	switch s.Mechanism {
	case "", "none":
		return nil, nil
	case "plain":
		return plain.Mechanism{Username: s.Username, Password: s.Password}, nil
	case "scram-sha-256":
		return scram.Mechanism(scram.SHA256, s.Username, s.Password)
	case "scram-sha-512":
		return scram.Mechanism(scram.SHA512, s.Username, s.Password)
	}
	return nil, failure.Usage(fmt.Errorf("kafka.sasl.mechanism %q is not one of none, plain, scram-sha-256, scram-sha-512", s.Mechanism))
}

// Close ends all connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// name returns the topic's name in this deployment.
func (c *Client) name(t stream.Topic) string { return c.settings.Prefix + string(t) }

// topic returns the topic behind a name of this deployment.
func (c *Client) topic(name string) stream.Topic {
	return stream.Topic(strings.TrimPrefix(name, c.settings.Prefix))
}

// ask sends one request; wait is how long the broker may hold it back.
func ask[T protocol.Message](ctx context.Context, c *Client, req protocol.Message, wait time.Duration) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout+wait)
	defer cancel()
	var none T
	res, err := c.transport.RoundTrip(ctx, c.addr, req)
	if err != nil {
		return none, err
	}
	typed, ok := res.(T)
	if !ok {
		return none, fmt.Errorf("broker answered %T to %T", res, req)
	}
	return typed, nil
}

// code turns an error code of a response into an error, nil for 0.
func code(n int16) error {
	if n == 0 {
		return nil
	}
	return kafka.Error(n)
}

// among reports whether err is one of the broker's errors named.
func among(err error, names ...kafka.Error) bool {
	return slices.ContainsFunc(names, func(k kafka.Error) bool { return errors.Is(err, k) })
}

// fenced reports whether err says that our hold on a transactional id is gone: a
// newer epoch exists (47, 90), or the broker has forgotten the id (49), so that
// another may have taken it since.
func fenced(err error) bool {
	return among(err, kafka.InvalidProducerEpoch, kafka.ProducerFenced, kafka.InvalidProducerIDMapping)
}

// retryable reports whether the same request may succeed later. Whatever broke
// on the way counts: the answer of the broker is then unknown. So does a request
// that kafka-go could not address: leaders moved between our look at its metadata
// and its own.
func retryable(err error) bool {
	var k kafka.Error
	if errors.As(err, &k) {
		return k.Temporary() || k == kafka.ConcurrentTransactions || k == kafka.BrokerNotAvailable || k == kafka.Unknown
	}
	var n net.Error
	var unaddressed *rawproduce.Error
	return errors.As(err, &unaddressed) || errors.Is(err, recordbatch.ErrCorrupt) || errors.As(err, &n) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, protocol.ErrNoTopic) || errors.Is(err, protocol.ErrNoPartition) || errors.Is(err, protocol.ErrNoLeader)
}

// broken reports whether err says that the broker's idea of a producer or of a
// partition's bounds and ours have parted: restoring mends it, or tells why not.
func broken(err error) bool {
	return among(err, kafka.OutOfOrderSequenceNumber, kafka.InvalidTransactionState, kafka.UnknownProducerId, kafka.OffsetOutOfRange)
}

// refusesMember reports whether a group will never take us as we are.
func refusesMember(err error) bool {
	return among(err, kafka.GroupAuthorizationFailed, kafka.TopicAuthorizationFailed, kafka.InvalidSessionTimeout, kafka.InconsistentGroupProtocol, kafka.InvalidGroupId)
}

// forming reports whether a group has no coordinator yet, as on brokers that have
// just started.
func forming(err error) bool {
	return among(err, kafka.GroupCoordinatorNotAvailable, kafka.GroupLoadInProgress, kafka.NotCoordinatorForGroup)
}

// words explains an error of the broker where its own text does not help.
func words(err error) error {
	switch {
	case among(err, kafka.TopicAuthorizationFailed, kafka.GroupAuthorizationFailed, kafka.ClusterAuthorizationFailed, kafka.TransactionalIDAuthorizationFailed):
		return fmt.Errorf("%w; grant this principal what docs/security.md lists for it, or check kafka.sasl.username", err)
	case errors.Is(err, kafka.UnknownTopicOrPartition), errors.Is(err, protocol.ErrNoTopic), errors.Is(err, protocol.ErrNoPartition):
		return fmt.Errorf("%w; create the topics with: cordonctl topics create", err)
	case errors.Is(err, kafka.MessageSizeTooLarge):
		return fmt.Errorf("%w; max.message.bytes of the topic must be at least Kafka's default, 1048588", err)
	case errors.Is(err, kafka.SASLAuthenticationFailed):
		return fmt.Errorf("%w; %s", err, saslRemedy)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: the broker did not answer in time", err)
	}
	return err
}

// backoff waits longer each time, with jitter so that many partitions do not
// come back in step. Its zero value starts at 2 ms, what the markers of a former
// transaction take (CONCURRENT_TRANSACTIONS), and ends at 2 s.
type backoff struct{ last time.Duration }

func (b *backoff) wait(ctx context.Context) error {
	b.last = min(max(2*b.last, 2*time.Millisecond), 2*time.Second)
	return sleep(ctx, b.last/2+rand.N(b.last/2))
}

func (b *backoff) reset() { b.last = 0 }

// wait waits before what failed with err is tried again, and lets the next
// request ask the cluster anew where it may have changed.
func (c *Client) wait(ctx context.Context, b *backoff, err error) error {
	c.forget(err)
	return b.wait(ctx)
}

// forgetEvery is the least time between two questions what the cluster looks like.
const forgetEvery = 500 * time.Millisecond

// forget drops the connections, and with them kafka-go's idea of the cluster, when
// err says that a leader has moved or died or a topic was made or deleted.
// Requests under way go on.
func (c *Client) forget(err error) {
	if !moved(err) {
		return
	}
	last, now := c.forgot.Load(), time.Now().UnixNano()
	if now-last >= int64(forgetEvery) && c.forgot.CompareAndSwap(last, now) {
		c.transport.CloseIdleConnections()
	}
}

// moved reports whether err may come from an old idea of the cluster.
func moved(err error) bool {
	var k kafka.Error
	if errors.As(err, &k) {
		return among(err, kafka.NotLeaderForPartition, kafka.LeaderNotAvailable, kafka.UnknownTopicOrPartition, kafka.ReplicaNotAvailable,
			kafka.BrokerNotAvailable, kafka.KafkaStorageError, kafka.FencedLeaderEpoch, kafka.UnknownLeaderEpoch, kafka.NotCoordinatorForGroup)
	}
	return retryable(err)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
