package e2e

import (
	"sync"
	"testing"
	"time"

	"cordon/internal/kafkatest"
)

// A broker whose disk is full ends, as Apache Kafka does (kafkatest.Node.AwaitEnd
// says how), and comes back when there is space again.
func TestFullDisk(t *testing.T) {
	beside(t)
	cluster := kafkatest.JVM(t, kafkatest.Shape{Brokers: 1, DiskBytes: 128 << 20})
	d := deployOn(t, plan{partitions: 4, cluster: cluster})
	full := either(20, 2) // how long it takes someone to make space
	outage := full + 10   // the broker's end, its return and the recovery of its log
	var breaking sync.WaitGroup
	t.Cleanup(breaking.Wait)
	withstand(t, d, steady(2000, either(30, 5), outage, outage+either(30, 4)), func(phase int) {
		if phase != 1 {
			return
		}
		breaking.Go(func() {
			t := aside{t}
			broker := cluster.Nodes()[0]
			broker.FillDisk(t)
			broker.AwaitEnd(t, 30*time.Second)
			time.Sleep(time.Duration(full) * time.Second)
			broker.FreeDisk(t)
			broker.Restart(t)
		})
	})
}
