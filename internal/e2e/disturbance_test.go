package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// soaked are the programs that are disturbed.
var soaked = []string{"collector", "scorer", "enforcer"}

// disturbances happen to one deployment and its brokers, one after the other.
type disturbances struct {
	*soak
	d *deployment
	t *testing.T
}

// until lets things happen until the replay has ended, and returns how it did.
func (s *disturbances) until(ended <-chan error) error {
	began, due := time.Now(), time.NewTicker(s.every)
	defer due.Stop()
	defer func() { s.replaying += time.Since(began) }()
	for {
		select {
		case err := <-ended:
			return err
		case <-due.C:
			s.next()
		}
	}
}

// next lets one thing happen, chosen at random, and tells of it.
func (s *disturbances) next() {
	s.t.Helper()
	s.checkAlive()
	kinds := []struct {
		name string
		do   func() string
	}{
		{"kill", s.kill}, {"restart", s.restart}, {"pause", s.pause}, {"add", s.add}, {"remove", s.remove},
		{"broker restart", s.restartBroker}, {"broker kill", s.killBroker},
	}
	began := time.Now()
	kind := kinds[s.dice.IntN(len(kinds))]
	what := kind.do()
	for what == "" { // no instance to add or to spare
		kind = kinds[s.dice.IntN(len(kinds))]
		what = kind.do()
	}
	s.events[kind.name]++
	s.t.Logf("%s %s: %s, %.1f s", began.UTC().Format("15:04:05.000"), kind.name, what, time.Since(began).Seconds())
}

// names returns the instances that run, in order.
func (s *disturbances) names() (all []string) {
	for _, name := range slices.Sorted(maps.Keys(s.d.programs)) {
		if !s.d.programs[name].ended() {
			all = append(all, name)
		}
	}
	return all
}

func (s *disturbances) any() string {
	all := s.names()
	return all[s.dice.IntN(len(all))]
}

func (s *disturbances) kill() string {
	name := s.any()
	s.d.kill(name)
	s.d.launch(name)
	return name
}

func (s *disturbances) restart() string {
	name := s.any()
	s.d.stop(name)
	s.d.launch(name)
	return name
}

// pause is shorter or longer than the session timeout (6 s) and the transaction
// timeout (15 s).
func (s *disturbances) pause() string {
	name, length := s.any(), time.Duration(1+s.dice.IntN(20))*time.Second
	s.d.pause(name)
	time.Sleep(length)
	s.d.resume(name)
	return fmt.Sprintf("%s for %s", name, length)
}

func (s *disturbances) add() string {
	of := soaked[s.dice.IntN(len(soaked))]
	for n := 1; n <= soakInstances; n++ {
		if name := instance(of, n); s.d.programs[name] == nil || s.d.programs[name].ended() {
			s.d.launch(name)
			return name
		}
	}
	return ""
}

func (s *disturbances) remove() string {
	name := s.any()
	of, _, _ := strings.Cut(name, "-")
	for _, other := range s.names() {
		if other != name && strings.HasPrefix(other, of) {
			s.d.stop(name)
			delete(s.d.programs, name)
			return name
		}
	}
	return ""
}

func instance(of string, n int) string {
	if n == 1 {
		return of
	}
	return fmt.Sprintf("%s-%d", of, n)
}

func (s *disturbances) restartBroker() string {
	nodes := s.cluster.Nodes()
	n := nodes[s.dice.IntN(len(nodes))]
	n.Restart(s.t)
	s.cluster.AwaitInSync(s.t)
	return fmt.Sprintf("broker %d", n.ID())
}

func (s *disturbances) killBroker() string {
	nodes := s.cluster.Nodes()
	n := nodes[s.dice.IntN(len(nodes))]
	n.Kill(s.t)
	n.Restart(s.t)
	s.cluster.AwaitInSync(s.t)
	return fmt.Sprintf("broker %d", n.ID())
}

// checkAlive fails the test when an instance has ended by itself, and starts it
// again as a supervisor would.
func (s *disturbances) checkAlive() {
	for name, p := range s.d.programs {
		if p.ended() {
			s.t.Errorf("%s ended by itself with exit code %d:\n%s", name, p.cmd.ProcessState.ExitCode(), s.d.tail(name))
			s.d.launch(name)
		}
	}
}

// keepLogs leaves the logs of all instances where they can be looked at.
func (d *deployment) keepLogs() {
	dir, err := os.MkdirTemp("", "cordon-soak-")
	if err != nil {
		d.t.Log(err)
		return
	}
	files, _ := filepath.Glob(filepath.Join(d.dir, "*.log"))
	for _, path := range files {
		text, _ := os.ReadFile(path)
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), text, 0o600); err != nil {
			d.t.Log(err)
		}
	}
	d.t.Logf("the logs are kept in %s", dir)
}
