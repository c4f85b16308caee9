package kafkatest

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// What an operator of a single broker with a full disk sees, and that nothing
// acknowledged is lost by it.
func TestFullDiskEndsTheBroker(t *testing.T) {
	t.Parallel()
	c := JVM(t, Shape{Brokers: 1, DiskBytes: 48 << 20})
	n, topic := c.Nodes()[0], UniquePrefix(t)+"telemetry"
	createTopic(t, c, topic)
	produceSoon(t, c, topic, "0")
	acknowledged := []string{"0"}
	n.FillDisk(t)
	filler := strings.Repeat("x", 1000)
	for i := 1; ; i++ {
		value := strconv.Itoa(i) + filler
		if tryProduce(t, c, topic, value) != nil {
			break
		}
		acknowledged = append(acknowledged, value)
	}
	if last := n.AwaitEnd(t, time.Minute); !strings.Contains(last, "all log dirs") {
		t.Errorf("the broker ended, but not over its log directory: %s", last)
	}
	// What a supervisor tries in vain, before someone makes space.
	if err := n.restart(); err == nil {
		t.Error("the broker runs on a full disk: Node.AwaitEnd says otherwise")
	}
	n.FreeDisk(t)
	n.Restart(t)
	wantRecords(t, c, topic, acknowledged...)
}
