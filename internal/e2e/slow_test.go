package e2e

import (
	"testing"
	"time"

	"cordon/internal/kafkatest"
	"cordon/internal/stream/kafka"
)

// slowness is how much later a slow broker answers every request.
const slowness = 200 * time.Millisecond

// behindProxy returns a deployment whose programs reach the broker through a
// proxy. The load comes past it: it does not wait for them.
func behindProxy(t *testing.T) *deployment {
	t.Helper()
	cluster := kafkatest.JVM(t, kafkatest.Shape{Brokers: 1, Proxied: true})
	d := deployOn(t, plan{partitions: 4, cluster: cluster})
	client, err := kafka.NewClient(kafka.Settings{Brokers: cluster.Direct(), ClientID: "e2e", Prefix: d.prefix})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	d.client = client
	return d
}

// A broker that answers every request late.
func TestSlowBroker(t *testing.T) {
	beside(t)
	d := behindProxy(t)
	slow := either(60, 12)
	withstand(t, d, steady(either(5000, 2000), either(30, 5), slow, slow+either(30, 4)), func(phase int) {
		d.cluster.Slow(t, map[int]time.Duration{1: slowness}[phase])
	})
}

// A broker that is silent for a while, with nothing else to show that the
// network to it is gone.
func TestSilentBroker(t *testing.T) {
	beside(t)
	d := behindProxy(t)
	broker := d.cluster.Nodes()[0]
	silent := either(60, 10)
	withstand(t, d, steady(either(5000, 2000), either(30, 5), silent, silent+either(30, 4)), func(phase int) {
		switch phase {
		case 1:
			broker.Partition(t)
		case 2:
			broker.Heal(t)
		}
	})
}
