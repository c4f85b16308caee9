package e2e

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"cordon/internal/kafkatest"
	"cordon/internal/stream"
)

// Three brokers with three copies of everything, killed and started again one
// after the other under load: leaders move inside transactions, coordinators
// with them.
func TestBrokersDieInTurn(t *testing.T) {
	beside(t)
	cluster := kafkatest.Three(t)
	d := deployOn(t, plan{partitions: 4, cluster: cluster, replication: 3})
	cluster.AwaitInSync(t)
	turns := either(6, 1)
	during := 15 * turns // a broker is gone for 6 s, and as long again behind
	var breaking sync.WaitGroup
	t.Cleanup(breaking.Wait)
	withstand(t, d, steady(1000, either(30, 5), during, either(during+30, during+4)), func(phase int) {
		if phase != 1 {
			return
		}
		breaking.Go(func() {
			t := aside{t}
			for turn := range turns {
				broker := cluster.Nodes()[turn%3]
				if turns == 1 {
					broker = cluster.Leader(t, d.prefix+string(stream.ScorerState), 0)
				}
				broker.Kill(t)
				time.Sleep(6 * time.Second) // its session ends after 4 s
				broker.Restart(t)
				cluster.AwaitInSync(t)
			}
		})
	})
}

// aside is a test to a goroutine beside its own: what cannot go on fails the test
// and ends that goroutine, for only the test's own may end the test.
type aside struct{ *testing.T }

// Fatalf is Errorf, and ends the goroutine.
func (a aside) Fatalf(format string, args ...any) {
	a.Helper()
	a.Errorf(format, args...)
	runtime.Goexit()
}

// Skipf is Fatalf: what was begun cannot be left out.
func (a aside) Skipf(format string, args ...any) {
	a.Helper()
	a.Fatalf(format, args...)
}
