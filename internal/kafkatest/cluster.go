package kafkatest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The kinds of broker, as [Cluster.Kind] reports them and CORDON_TEST_BROKER
// takes them.
const (
	// KindExternal is a broker named in CORDON_TEST_BROKERS of which nothing
	// else is known. Not a value of CORDON_TEST_BROKER.
	KindExternal = "external"
	// KindDocker is Apache Kafka in a container.
	KindDocker = "docker"
	// KindJVM is Apache Kafka in a JVM started here.
	KindJVM = "jvm"
	// KindEmbedded is kfake, a test fake, within this process.
	KindEmbedded = "embedded"
)

// startTimeout bounds the start of a broker, an image pull or a download of the
// jars included.
const startTimeout = 5 * time.Minute

// readyTimeout bounds the wait for the first answer of a broker whose process
// runs. Kafka takes 2 to 20 s on two shared cores, longer after a kill.
const readyTimeout = 90 * time.Second

// Cluster is a broker that tests talk to, or several that are one to them.
// [Broker], [Private], [JVM], [Three] and [Start] make one.
type Cluster struct {
	// kind is one of the Kind constants.
	kind string
	// name says in words what it is, for a closing line.
	name string
	// given are the addresses of a broker that was not started here.
	given []string
	// nodes are the brokers started here; none when they were given.
	nodes []*Node
	// passedOver says for each stronger kind why it could not be had.
	passedOver []string
}

// Addresses returns the bootstrap addresses, as host:port. They stay the same
// over a restart.
func (c *Cluster) Addresses() []string {
	addresses := slices.Clone(c.given)
	for _, n := range c.nodes {
		addresses = append(addresses, n.Address())
	}
	return addresses
}

// Nodes returns the brokers started here, in the order of their numbers; none
// when they were given.
func (c *Cluster) Nodes() []*Node { return slices.Clone(c.nodes) }

// Kind returns one of the Kind constants. Tests of what kfake does differently
// from Apache Kafka, such as fencing, skip on [KindEmbedded].
func (c *Cluster) Kind() string { return c.kind }

// Name says in words which broker this is, such as
// "Apache Kafka 4.1.1 (JVM, KRaft, 1 node)".
func (c *Cluster) Name() string { return c.name }

// PassedOver says, one line for each, why the kinds that go before this one
// could not be had. Empty when the first one could, or when one was forced.
func (c *Cluster) PassedOver() []string { return slices.Clone(c.passedOver) }

// Environment returns the variables that make other processes use this broker.
func (c *Cluster) Environment() []string {
	environment := []string{
		variableBrokers + "=" + strings.Join(c.Addresses(), ","),
		variableName + "=" + c.name,
	}
	if c.kind != KindExternal {
		environment = append(environment, variableKind+"="+c.kind)
	}
	return environment
}

// Close stops a broker that was started here and deletes what it stored. A
// broker that was given stays as it is.
func (c *Cluster) Close() error {
	return c.each((*Node).remove)
}

// each does the same to all nodes at once: a majority of them must run before
// one of them answers.
func (c *Cluster) each(action func(*Node) error) error {
	errs := make([]error, len(c.nodes))
	var all sync.WaitGroup
	for i, n := range c.nodes {
		all.Go(func() { errs[i] = action(n) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// Stop ends the broker in good order, as its operator would.
func (c *Cluster) Stop(t testing.TB) {
	t.Helper()
	c.apply(t, "stop", func(n *Node) error { return n.server.stop() })
}

// Kill ends the broker without warning, as [Node.Kill] does.
func (c *Cluster) Kill(t testing.TB) {
	t.Helper()
	c.apply(t, "kill", func(n *Node) error { return n.server.kill() })
}

// Pause keeps the broker from running, as [Node.Pause] does.
func (c *Cluster) Pause(t testing.TB) {
	t.Helper()
	c.apply(t, "pause", func(n *Node) error { return n.server.pause() })
}

// Resume lets a paused broker run on.
func (c *Cluster) Resume(t testing.TB) {
	t.Helper()
	c.apply(t, "resume", func(n *Node) error { return n.server.resume() })
}

// Restart starts the broker again, with its address and records, after
// stopping it if it still runs. It returns when the broker answers.
func (c *Cluster) Restart(t testing.TB) {
	t.Helper()
	c.apply(t, "restart", (*Node).restart)
}

func (c *Cluster) apply(t testing.TB, verb string, action func(*Node) error) {
	t.Helper()
	if len(c.nodes) == 0 {
		t.Skipf("cannot %s the broker at %s: it was not started by this test; use kafkatest.Private", verb, strings.Join(c.given, ","))
	}
	judge(t, verb, c.name, c.each(action))
}

// shared is the broker of this test binary.
var shared struct {
	sync.Mutex
	cluster *Cluster
	err     error
}

// Broker returns the broker that all tests of this test binary share, starting
// it when the first test asks. A package that uses it has
//
//	func TestMain(m *testing.M) { os.Exit(kafkatest.Main(m)) }
func Broker(t testing.TB) *Cluster {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster == nil && shared.err == nil {
		shared.cluster, shared.err = Start(context.Background())
		if shared.err == nil {
			logChoice(t, shared.cluster)
		}
	}
	if shared.err != nil {
		t.Fatalf("no broker for this test: %v", shared.err)
	}
	return shared.cluster
}

// Private returns a broker of this test's own, to be stopped, killed and
// restarted; it ends with the test. CORDON_TEST_BROKERS does not count here,
// CORDON_TEST_BROKER does.
func Private(t testing.TB) *Cluster {
	t.Helper()
	c, err := startOwn(context.Background())
	if err != nil {
		t.Fatalf("no broker for this test: %v", err)
	}
	own(t, c)
	return c
}

// own ends a cluster with the test.
func own(t testing.TB, c *Cluster) {
	t.Helper()
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close the broker %s: %v", c.name, err)
		}
	})
	logChoice(t, c)
}

func logChoice(t testing.TB, c *Cluster) {
	t.Helper()
	for _, reason := range c.passedOver {
		t.Logf("broker: not %s", reason)
	}
	t.Logf("broker: %s at %s", c.name, strings.Join(c.Addresses(), ","))
}

// Main runs the tests of a package, stops the broker they shared and returns
// the exit code.
func Main(m *testing.M) int {
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster == nil {
		return code
	}
	if err := shared.cluster.Close(); err != nil {
		fmt.Printf("close the broker %s: %v\n", shared.cluster.name, err)
		return max(code, 1)
	}
	return code
}

// Describe returns a line such as "broker: Apache Kafka 4.1.1 (JVM, KRaft,
// 1 node)" about the broker of this test binary; it starts none.
func Describe() string {
	shared.Lock()
	defer shared.Unlock()
	switch {
	case shared.cluster != nil:
		return "broker: " + shared.cluster.name
	case shared.err != nil:
		return "broker: none: " + shared.err.Error()
	}
	return "broker: none was needed"
}

// UniquePrefix returns the start of topic and group names that no other test
// and no other run uses: the test's name and a random part, fit for a topic
// name and short enough to leave room for 180 more characters.
func UniquePrefix(t testing.TB) string {
	t.Helper()
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, t.Name())
	var random [6]byte
	_, _ = rand.Read(random[:]) // never fails, by its documentation
	return name[:min(len(name), 50)] + "-" + hex.EncodeToString(random[:]) + "-"
}

// joined wraps the reasons why no kind of broker could be had.
func joined(reasons []error) error {
	return fmt.Errorf("no kind of broker can be had: %w", errors.Join(reasons...))
}
