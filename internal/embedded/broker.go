// Package embedded runs a Kafka-compatible broker inside the calling process,
// for `make demo` and for tests on a machine that has nothing but Go.
//
// What it is: franz-go's kfake, a test fake by name and by nature, with a
// folder behind it. One broker, one run loop, about one core. This package is
// the only importer of kfake outside tests.
//
// What it promises: the protocol that Cordon speaks (topics, groups,
// idempotent and transactional producers, read_committed), one broker per
// folder, and that acknowledged records, group offsets and topic settings
// outlive [Broker.Close] and a kill -9 of the process, for they are handed to
// the operating system before the acknowledgement.
//
// What it does not: it is not for production. It listens on loopback only and
// knows no users; records not yet on disk are lost when the machine itself
// goes down; default retention is not enforced; compaction runs once an hour.
// Two of its answers differ from Apache Kafka's where a test would notice: a
// producer may take its transactional id back with a stale epoch, and offsets
// of a transaction show at once. Fencing is therefore tested on Apache Kafka.
//
// A [Broker] may be used from any goroutine.
package embedded

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
)

// ClusterID is what clients see as the name of the cluster; it tells anyone
// who looks that this is not Apache Kafka.
const ClusterID = "cordon-embedded"

// ErrFolderInUse is returned by [Start] when another broker, of this process
// or of another one, holds the folder. Two of them would ruin each other's
// segments.
var ErrFolderInUse = errors.New("the folder is in use by another embedded broker")

// Settings say where a broker keeps its records and where it listens.
type Settings struct {
	// Dir is the folder of the records, made when absent. Required: kfake
	// without a folder keeps every record in memory (7.6 GB for 16 million
	// records of 216 bytes, against 30 to 63 MB with one).
	Dir string

	// Address is the loopback host:port to listen on and to advertise.
	// Port 0 takes a free one; empty means "127.0.0.1:0". Addresses that
	// other machines can reach are refused, for anyone could read and write.
	Address string

	// Log receives one line for each error inside the broker, such as a
	// full disk. Nil discards them.
	Log io.Writer
}

// Broker is a running embedded broker. The zero value is of no use; [Start]
// makes one.
type Broker struct {
	// address is the host:port that clients connect to.
	address string
	// cluster is the fake that answers them.
	cluster *kfake.Cluster
	// lock holds the folder against a second broker until Close.
	lock *os.File
	// once makes Close idempotent.
	once sync.Once
}

// Start opens the folder, reloads what an earlier broker left there and
// listens. It returns when clients can connect. An address that is taken shows
// as an error that wraps syscall.EADDRINUSE.
func Start(s Settings) (*Broker, error) {
	listener, err := listen(s.Address)
	if err != nil {
		return nil, err
	}
	lock, err := openFolder(s.Dir)
	if err != nil {
		_ = listener.Close()
		return nil, err
	}
	cluster, err := kfake.NewCluster(options(s, listener)...)
	if err != nil {
		_ = listener.Close()
		_ = lock.Close()
		return nil, fmt.Errorf("embedded broker in %s: %w", s.Dir, err)
	}
	return &Broker{address: listener.Addr().String(), cluster: cluster, lock: lock}, nil
}

// Addresses returns the bootstrap addresses for a client, as host:port.
func (b *Broker) Addresses() []string { return []string{b.address} }

// Close stops listening, writes what is still open and frees the folder.
// Requests in flight may stay unanswered. Closing again does nothing.
func (b *Broker) Close() {
	b.once.Do(func() {
		b.cluster.Close()
		_ = b.lock.Close()
	})
}

func options(s Settings, listener net.Listener) []kfake.Opt {
	log := s.Log
	if log == nil {
		log = io.Discard
	}
	return []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ClusterID(ClusterID),
		kfake.DataDir(filepath.Join(s.Dir, "log")),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return listener, nil }),
		kfake.WithLogger(kfake.BasicLogger(log, kfake.LogLevelError)),
	}
}

func listen(address string) (net.Listener, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	resolved, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("embedded broker: address %q: %w", address, err)
	}
	if !resolved.IP.IsLoopback() {
		return nil, fmt.Errorf("embedded broker: address %q: not a loopback address, and this broker knows no users", address)
	}
	listener, err := net.ListenTCP("tcp", resolved)
	if err != nil {
		return nil, fmt.Errorf("embedded broker: %w", err)
	}
	return listener, nil
}
