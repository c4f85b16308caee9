package kafkatest

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// echo stands for a broker: it answers each frame with itself.
func echo(t *testing.T) *proxy {
	t.Helper()
	listener, err := listenFree()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); c.Close() }()
		}
	}()
	p, err := startProxy(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

func dial(t *testing.T, p *proxy) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func framed(body string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

// ask sends frames together and returns how long after that each came back.
func ask(t *testing.T, c net.Conn, bodies ...string) []time.Duration {
	t.Helper()
	began, after := time.Now(), []time.Duration(nil)
	for _, body := range bodies {
		if _, err := c.Write(framed(body)); err != nil {
			t.Fatalf("write %q: %v", body, err)
		}
	}
	for _, body := range bodies {
		got, err := readFrame(c)
		if err != nil || string(got[4:]) != body {
			t.Fatalf("answer: got %q, %v; want %q", got, err, body)
		}
		after = append(after, time.Since(began))
	}
	return after
}

func TestProxyDelaysEachResponse(t *testing.T) {
	const delay = 300 * time.Millisecond
	p := echo(t)
	c := dial(t, p)
	if got := ask(t, c, "fast")[0]; got >= delay {
		t.Errorf("before Slow: answered after %s", got)
	}
	p.slow(delay)
	large := string(make([]byte, 1<<20))
	for i, got := range ask(t, c, "one", large, "three") {
		if got < delay || got >= 2*delay {
			t.Errorf("response %d of 3 under way together: after %s, want %s and not its multiple", i, got, delay)
		}
	}
	p.slow(0)
	if got := ask(t, c, "fast again")[0]; got >= delay {
		t.Errorf("after Slow: answered after %s", got)
	}
}

func TestProxyCuts(t *testing.T) {
	p := echo(t)
	c := dial(t, p)
	ask(t, c, "before")
	p.cut()
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read from a connection that was cut: %v", err)
	}
	ask(t, dial(t, p), "after")
}

func TestProxyPartition(t *testing.T) {
	p := echo(t)
	old := dial(t, p)
	ask(t, old, "before")
	p.partition()
	p.partition() // twice is once
	fresh := dial(t, p)
	for name, c := range map[string]net.Conn{"old": old, "fresh": fresh} {
		if _, err := c.Write(framed(name)); err != nil {
			t.Fatalf("write to the %s connection: %v", name, err)
		}
		_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if n, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read from the %s connection during a partition: %d bytes, %v", name, n, err)
		}
		_ = c.SetReadDeadline(time.Time{})
	}
	p.heal()
	for name, c := range map[string]net.Conn{"old": old, "fresh": fresh} {
		if got, err := readFrame(c); err != nil || string(got[4:]) != name {
			t.Errorf("after the partition the %s connection answers %q, %v", name, got, err)
		}
	}
}

func TestProxyRefusesWhatIsNoFrame(t *testing.T) {
	p := echo(t)
	c := dial(t, p)
	if _, err := c.Write([]byte{0xff, 0xff, 0xff, 0xff}); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("a response of 4 GB: got %d bytes, %v; want the end of the connection", n, err)
	}
}

// The broker advertises the proxy: all that clients do is late, and still
// right; the broker itself notices nothing.
func TestSlowBroker(t *testing.T) {
	t.Parallel()
	c := JVM(t, Shape{Brokers: 1, Proxied: true})
	topic := UniquePrefix(t) + "telemetry"
	createTopic(t, c, topic)
	produceSoon(t, c, topic, "zero")
	const delay = 200 * time.Millisecond
	c.Slow(t, delay)
	began := time.Now()
	produce(t, c, topic, "one")
	if got := time.Since(began); got < delay {
		t.Errorf("produced within %s, want at least %s", got, delay)
	}
	began = time.Now()
	past := &Cluster{given: c.Direct()}
	produce(t, past, topic, "two")
	if got := time.Since(began); got >= delay {
		t.Errorf("past the proxy: produced within %s, want less than %s", got, delay)
	}
	c.Slow(t, 0)
	c.Nodes()[0].Cut(t)
	wantRecords(t, c, topic, "zero", "one", "two")
}
