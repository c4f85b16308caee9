package kafkatest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// disk is a file system of a broker's own, in memory and small.
type disk struct {
	// bytes is its size.
	bytes int64
	// dir is where it is mounted; empty before.
	dir string
}

func (d *disk) mount(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if err := mount(dir, d.bytes); err != nil {
		return fmt.Errorf("mount a file system at %s: %w", dir, err)
	}
	d.dir = dir
	return nil
}

func (d *disk) unmount() error {
	if d.dir == "" {
		return nil
	}
	return unmount(d.dir)
}

// ballast is what fills the disk.
func (d *disk) ballast() string { return filepath.Join(d.dir, "ballast") }

// fill writes until nothing more fits.
func (d *disk) fill() error {
	file, err := os.OpenFile(d.ballast(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	block := make([]byte, 64<<10)
	for len(block) > 0 {
		_, err := file.Write(block)
		if errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// FillDisk writes the node's disk full, with a file beside its records. Needs
// [Shape.DiskBytes]. What Apache Kafka 4.1.1 makes of it stands at
// [Node.AwaitEnd].
func (n *Node) FillDisk(t testing.TB) {
	t.Helper()
	if err := n.disk(t).fill(); err != nil {
		t.Fatalf("fill the disk of the broker %s: %v", n.name, err)
	}
}

// FreeDisk takes the file of [Node.FillDisk] away again.
func (n *Node) FreeDisk(t testing.TB) {
	t.Helper()
	if err := os.Remove(n.disk(t).ballast()); err != nil {
		t.Fatalf("make space on the disk of the broker %s: %v", n.name, err)
	}
}

func (n *Node) disk(t testing.TB) *disk {
	t.Helper()
	j, ok := n.server.(*jvm)
	if !ok || j.disk == nil {
		t.Fatalf("the broker %s has no disk of its own: kafkatest.JVM makes one with Shape.DiskBytes", n.name)
	}
	return j.disk
}

// AwaitEnd returns when the node has ended by itself, and what it said last.
//
// That is what Apache Kafka 4.1.1 does at a full disk (seen with one log
// directory, on tmpfs): the first append that does not fit is answered with
// KAFKA_STORAGE_ERROR and makes the broker give up the directory; as it has no
// other, it halts within the second, with exit status 1 and no orderly stop. An
// idle broker goes the same way within 5 s, as it cannot write its checkpoint of
// high watermarks. Restarted while the disk is still full, it ends after a second with
// status 1 again, in the recovery of its metadata log (InternalError: there is
// no page for the index it maps). Restarted once there is space, it recovers
// its segments and has every record that it acknowledged. So "full disk, then
// space again" is, to a client, a broker that is gone until someone has made
// space and a supervisor has started it again.
func (n *Node) AwaitEnd(t testing.TB, patience time.Duration) string {
	t.Helper()
	j, ok := n.server.(*jvm)
	if !ok || j.process == nil {
		t.Fatalf("the broker %s does not run in a JVM of this test", n.name)
	}
	select {
	case <-j.process.done:
		return fmt.Sprintf("%s: %s", j.process.command.ProcessState, j.lastLines())
	case <-time.After(patience):
		t.Fatalf("the broker %s still runs after %s: %s", n.name, patience, j.lastLines())
	}
	return ""
}
