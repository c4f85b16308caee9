package e2e

import (
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
	back := make(chan struct{})
	withstand(t, d, steady(1000, either(30, 5), during, either(during+30, during+4)), func(phase int) {
		if phase != 1 {
			return
		}
		go func() {
			defer close(back) // also when a step fails the test
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
		}()
	})
	<-back
}
