package kafkatest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"
)

// Shape says what a cluster of Apache Kafka is made of; [JVM] makes it.
type Shape struct {
	// Brokers is how many there are: 1 or 3. With 3, topics that ask for no
	// replication factor, transactions and group offsets included, have three
	// copies of which two must be written (min.insync.replicas=2).
	Brokers int
	// Proxied lets all clients, but not the brokers themselves, come through a
	// proxy: [Node.Slow], [Node.Cut], [Node.Partition].
	Proxied bool
	// DiskBytes puts each broker's records on a file system of this size of its
	// own, for [Node.FillDisk]. 0: on the disk of the temporary folder. Wants
	// root on Linux; a test is skipped without. At least 32 MB.
	DiskBytes int64
	// Required fails the test where such brokers cannot be had, instead of
	// skipping it.
	Required bool
}

// Three returns a cluster of three brokers of this test's own, each in a JVM:
// [JVM] with nothing else asked for. They take about 1 GB and, beside other
// work on two cores, 10 s to start.
func Three(t testing.TB) *Cluster {
	t.Helper()
	return JVM(t, Shape{Brokers: 3})
}

// JVM returns a cluster of this test's own, of real brokers in JVMs; it ends
// with the test. The test is skipped, with the reason, where no JVM and no jars
// can be had and where CORDON_TEST_BROKER forces the embedded broker; it fails
// instead when the shape is required and where CORDON_TEST_BROKER forces a JVM.
func JVM(t testing.TB, shape Shape) *Cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if shape.DiskBytes > 0 {
		if err := probeMount(); err != nil {
			shape.lack(t, fmt.Errorf("a small disk of its own: %w", err))
		}
	}
	nodes, err := planJVM(ctx, shape)
	if err != nil {
		shape.Required = shape.Required || os.Getenv(variableKind) == KindJVM
		shape.lack(t, fmt.Errorf("brokers in JVMs: %w", err))
	}
	c := &Cluster{kind: KindJVM, name: shape.name(), nodes: nodes}
	if err := c.each(func(n *Node) error { return n.server.(*jvm).run(ctx) }); err != nil {
		_ = c.Close()
		t.Fatalf("no brokers for this test: %v", err)
	}
	own(t, c)
	return c
}

// lack ends a test that cannot have its brokers.
func (s Shape) lack(t testing.TB, err error) {
	t.Helper()
	if s.Required {
		t.Fatalf("needs %v", err)
	}
	t.Skipf("skipped: needs %v", err)
}

func (s Shape) name() string {
	if s.Brokers == 1 {
		return "Apache Kafka " + kafkaVersion + " (JVM, KRaft, 1 node)"
	}
	return fmt.Sprintf("Apache Kafka %s (JVM, KRaft, %d nodes, replicated)", kafkaVersion, s.Brokers)
}

// heap is small where there are several: they share two cores and do little.
func (s Shape) heap() string {
	if s.Brokers == 1 {
		return "768m"
	}
	return "512m"
}

// planJVM gives each broker of a shape its place and starts none. The jars are
// downloaded when they are not there.
func planJVM(ctx context.Context, shape Shape) ([]*Node, error) {
	if forced := os.Getenv(variableKind); forced == KindEmbedded {
		return nil, fmt.Errorf("%s is %s", variableKind, forced)
	}
	if _, err := probeJVM(ctx); err != nil {
		return nil, err
	}
	lib, err := ensureJars(ctx)
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(3 * shape.Brokers)
	if err != nil {
		return nil, err
	}
	cluster := newClusterID()
	var nodes []*Node
	for i := range shape.Brokers {
		place := listeners{clients: loopback(ports[3*i]), controller: loopback(ports[3*i+1])}
		place.advertised = place.clients
		n := &Node{id: int32(i + 1), name: fmt.Sprintf("%d of %s", i+1, shape.name())}
		if shape.Proxied {
			if n.proxy, err = startProxy(place.clients); err != nil {
				return nil, err
			}
			place.advertised, place.peers = n.proxy.address(), loopback(ports[3*i+2])
		}
		j := &jvm{lib: lib, heap: shape.heap(), cluster: cluster, role: role{
			listeners: place, id: i + 1, brokers: shape.Brokers, voters: voters(ports, shape.Brokers),
		}}
		if shape.DiskBytes > 0 {
			j.disk = &disk{bytes: shape.DiskBytes}
		}
		n.server = j
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// voters names the controllers: the second port of each broker's three.
func voters(ports []int, brokers int) string {
	var all []string
	for i := range brokers {
		all = append(all, fmt.Sprintf("%d@%s", i+1, loopback(ports[3*i+1])))
	}
	return strings.Join(all, ",")
}

// newClusterID returns the name that all nodes of a cluster are formatted with.
func newClusterID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails, by its documentation
	id[0] &= 0x7f           // an id that begins with a hyphen would be read as an option
	return base64.RawURLEncoding.EncodeToString(id[:])
}
