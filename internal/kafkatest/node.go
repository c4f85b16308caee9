package kafkatest

import (
	"context"
	"errors"
	"testing"
)

// server is one broker started here, whatever it is made of.
type server interface {
	// addresses returns the bootstrap addresses; they outlive a restart.
	addresses() []string
	// start brings a stopped broker back with the same address and records.
	start(context.Context) error
	// stop ends it in good order; kill ends it at once. Both end a paused one.
	stop() error
	kill() error
	// pause keeps it from running, its connections open; resume lets it on.
	pause() error
	resume() error
	// remove stops it and deletes what it stored.
	remove() error
}

// errNotHere says that a kind of broker cannot do what a test asks of it.
var errNotHere = errors.New("this kind of broker cannot")

// Node is one broker of a [Cluster]. Its methods are not for two goroutines at
// once; those of different nodes are.
type Node struct {
	// id is the node's number in Kafka's metadata, from 1.
	id int32
	// name says in words which broker of which cluster it is.
	name string
	// server is what runs.
	server server
	// proxy stands before it when [Shape] asks for one; nil else.
	proxy *proxy
}

// ID returns the node's number in Kafka's metadata.
func (n *Node) ID() int32 { return n.id }

// Address returns where clients reach this node.
func (n *Node) Address() string { return n.server.addresses()[0] }

// Stop ends the node in good order: it gives its leaderships away first.
func (n *Node) Stop(t testing.TB) {
	t.Helper()
	n.apply(t, "stop", n.server.stop)
}

// Kill ends the node without warning: kill -9. What it led moves when its
// session has ended, after 4 s. An embedded broker cannot die alone; it closes
// its connections and is stopped.
func (n *Node) Kill(t testing.TB) {
	t.Helper()
	n.apply(t, "kill", n.server.kill)
}

// Pause keeps the node from running, as SIGSTOP does: its connections stay open
// and nothing answers. Skips the test on an embedded broker.
func (n *Node) Pause(t testing.TB) {
	t.Helper()
	n.apply(t, "pause", n.server.pause)
}

// Resume lets a paused node run on. Nothing happens to one that runs.
func (n *Node) Resume(t testing.TB) {
	t.Helper()
	n.apply(t, "resume", n.server.resume)
}

// Restart starts the node again, with its address and records, after stopping
// it if it still runs. It returns when the node answers and its cluster has
// let it in; its copies may still be behind: [Cluster.AwaitInSync].
func (n *Node) Restart(t testing.TB) {
	t.Helper()
	n.apply(t, "restart", n.restart)
}

func (n *Node) restart() error {
	if err := n.server.stop(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	return n.server.start(ctx)
}

func (n *Node) apply(t testing.TB, verb string, action func() error) {
	t.Helper()
	judge(t, verb, n.name, action())
}

// judge ends a test over what a broker could not do.
func judge(t testing.TB, verb, name string, err error) {
	t.Helper()
	if errors.Is(err, errNotHere) {
		t.Skipf("%s the broker %s: %v", verb, name, err)
	}
	if err != nil {
		t.Fatalf("%s the broker %s: %v", verb, name, err)
	}
}

// remove ends the node and whatever stands before it.
func (n *Node) remove() error {
	err := n.server.remove()
	if n.proxy != nil {
		n.proxy.close()
	}
	return err
}
