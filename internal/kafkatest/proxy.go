package kafkatest

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// proxy stands between the clients and one broker, whose advertised address is
// its own. It lets everything through as it comes until told otherwise.
type proxy struct {
	// target is where the broker listens.
	target   string
	listener net.Listener
	// running counts the goroutines of the connections.
	running sync.WaitGroup

	mu sync.Mutex
	// delay is what each response waits from now on.
	delay time.Duration
	// open is closed while bytes may pass.
	open chan struct{}
	// connections are both ends of each connection that lives.
	connections map[net.Conn]struct{}
}

// waiting bounds the responses of one connection that wait for their time;
// beyond them the broker is read no further. Clients have at most some dozens
// of requests under way.
const waiting = 1024

// maxResponse bounds a response: the largest of fetch.max.bytes (55 MB by
// default) with room to spare. A longer one ends its connection.
const maxResponse = 128 << 20

func startProxy(target string) (*proxy, error) {
	listener, err := listenFree()
	if err != nil {
		return nil, err
	}
	p := &proxy{target: target, listener: listener, connections: map[net.Conn]struct{}{}, open: make(chan struct{})}
	close(p.open)
	p.running.Go(p.accept)
	return p, nil
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.running.Go(func() { p.carry(client) })
	}
}

// carry serves one connection until one of its ends closes.
func (p *proxy) carry(client net.Conn) {
	defer p.forget(p.remember(client))
	p.pass()
	broker, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer p.forget(p.remember(broker))
	p.running.Go(func() {
		defer client.Close()
		defer broker.Close()
		p.requests(broker, client)
	})
	p.responses(client, broker)
}

func (p *proxy) requests(broker io.Writer, client io.Reader) {
	chunk := make([]byte, 64<<10)
	for {
		n, err := client.Read(chunk)
		if err != nil {
			return
		}
		p.pass()
		if _, err := broker.Write(chunk[:n]); err != nil {
			return
		}
	}
}

// response is one answer of the broker and the time it goes on to the client.
type response struct {
	due   time.Time
	frame []byte
}

// responses delays whole responses, each from its own arrival: those of
// requests under way together wait together, as with a slow broker and unlike
// with a thin line.
func (p *proxy) responses(client io.Writer, broker io.Reader) {
	queue := make(chan response, waiting)
	var sent sync.WaitGroup
	sent.Go(func() {
		failed := false
		for r := range queue {
			if failed {
				continue
			}
			time.Sleep(time.Until(r.due))
			p.pass()
			_, err := client.Write(r.frame)
			failed = err != nil
		}
	})
	for {
		frame, err := readFrame(broker)
		if err != nil {
			break
		}
		queue <- response{time.Now().Add(p.slowness()), frame}
	}
	close(queue)
	sent.Wait()
}

// readFrame reads a size and as many bytes, as every response of Kafka has.
func readFrame(r io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxResponse {
		return nil, fmt.Errorf("response of %d bytes", n)
	}
	frame := make([]byte, len(size)+int(n))
	copy(frame, size[:])
	_, err := io.ReadFull(r, frame[len(size):])
	return frame, err
}

// pass returns when bytes may pass.
func (p *proxy) pass() {
	p.mu.Lock()
	open := p.open
	p.mu.Unlock()
	<-open
}

func (p *proxy) slowness() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.delay
}

func (p *proxy) slow(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
}

// partition keeps bytes from passing; heal lets them on.
func (p *proxy) partition() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.open:
		p.open = make(chan struct{})
	default: // it is so already
	}
}

func (p *proxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.open: // it is so already
	default:
		close(p.open)
	}
}

// cut closes every connection there is.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.connections {
		_ = c.Close()
	}
}

func (p *proxy) remember(c net.Conn) net.Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.connections[c] = struct{}{}
	return c
}

func (p *proxy) forget(c net.Conn) {
	_ = c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.connections, c)
}

func (p *proxy) close() {
	_ = p.listener.Close()
	p.heal()
	p.cut()
	p.running.Wait()
}

// Slow makes the node answer every request of a client so much later from now
// on; 0 ends it. The node itself works as before: requests under way together
// wait together. Needs [Shape.Proxied], as do Cut, Partition and Heal.
func (n *Node) Slow(t testing.TB, delay time.Duration) {
	t.Helper()
	n.proxied(t).slow(delay)
}

// Slow does it to all brokers, as [Node.Slow] does.
func (c *Cluster) Slow(t testing.TB, delay time.Duration) {
	t.Helper()
	for _, n := range c.nodes {
		n.Slow(t, delay)
	}
}

// Direct returns addresses that lead past the proxies, for the test's own writing
// and looking while its programs meet a slow or silent broker. Without
// [Shape.Proxied] they are [Cluster.Addresses].
func (c *Cluster) Direct() []string {
	addresses := c.Addresses()
	for i, n := range c.nodes {
		if n.proxy != nil {
			addresses[i] = n.server.(*jvm).role.peers
		}
	}
	return addresses
}

// Cut closes all connections of clients to the node, once. Clients may connect
// again.
func (n *Node) Cut(t testing.TB) {
	t.Helper()
	n.proxied(t).cut()
}

// Partition keeps all bytes between clients and the node from arriving, with
// no sign of it but silence; connections can be made and say nothing either.
// What was under way arrives after [Node.Heal], as TCP sends it again.
func (n *Node) Partition(t testing.TB) {
	t.Helper()
	n.proxied(t).partition()
}

// Heal ends a partition.
func (n *Node) Heal(t testing.TB) {
	t.Helper()
	n.proxied(t).heal()
}

func (n *Node) proxied(t testing.TB) *proxy {
	t.Helper()
	if n.proxy == nil {
		t.Fatalf("the broker %s has no proxy before it: kafkatest.JVM makes one with Shape.Proxied", n.name)
	}
	return n.proxy
}
