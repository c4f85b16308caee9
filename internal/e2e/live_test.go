package e2e

import (
	"net/netip"
	"sync"
	"testing"

	"cordon/internal/capture"
	"cordon/internal/record"
	"cordon/internal/simulate"
)

func terminals(addresses ...string) capture.Settings {
	var s capture.Settings
	for _, a := range addresses {
		s.Terminals = append(s.Terminals, netip.MustParseAddr(a))
	}
	return s
}

// outbreak is what happens to the fleet of these tests.
var outbreak = []simulate.Attack{
	{Kind: "scan", Count: 2, Offset: 2 * record.Minute},
	{Kind: "udp-flood", Count: 2, Offset: 3 * record.Minute},
	{Kind: "retry-loop", Count: 2, Offset: 2 * record.Minute},
}

// P2 of the architecture: the same raw input, key, partition count and
// configuration give the same confirmed verdicts, live or in backtest. The
// captures are replayed at full speed into 8 raw partitions, of which 7 hold
// nothing but Clocks.
func TestLiveEqualsBacktest(t *testing.T) {
	for _, c := range []struct{ name, path, terminal string }{
		{"hide-and-seek", "hide-and-seek/test7-malicious.pcap", "192.168.2.16"},
		{"mirai", "iot23-34-1-mirai/conn.log.labeled", "192.168.1.195"},
	} {
		t.Run(c.name, func(t *testing.T) {
			open := ofCapture(t, captures(t, c.path), c.terminal)
			d := deploy(t, 8)
			d.startAll()
			got := d.replayed(open(), 0, nil)
			same(t, quiet(t, open(), d.key, d.partitions), got)
		})
	}
}

func TestLiveFleetEqualsBacktest(t *testing.T) {
	open := ofFleet(t, outbreak...)
	d := deploy(t, 4)
	d.startAll()
	got := d.replayed(open(), 0, nil)
	same(t, quiet(t, open(), d.key, d.partitions), got)
}

// A kill -9 of each program in mid-stream, then a restart: nothing lost,
// nothing doubled.
func TestKillChangesNothing(t *testing.T) {
	for _, name := range []string{"collector", "scorer", "enforcer"} {
		t.Run(name, func(t *testing.T) {
			interrupted(t, func(d *deployment) {
				d.kill(name)
				d.start(name)
			})
		})
	}
}

// A clean restart of each program in mid-stream changes nothing either.
func TestRestartChangesNothing(t *testing.T) {
	interrupted(t, func(d *deployment) {
		for _, name := range []string{"collector", "scorer", "enforcer"} {
			d.stop(name)
			d.start(name)
		}
	})
}

// interrupted replays a fleet and breaks in when about half of it is written.
func interrupted(t *testing.T, breakIn func(*deployment)) {
	t.Helper()
	open := ofFleet(t, outbreak...)
	d := deploy(t, 4)
	d.startAll()
	var once sync.Once
	done := make(chan struct{})
	got := d.replayed(open(), 60, func(n int64) {
		if n > 3000 {
			once.Do(func() {
				go func() {
					defer close(done)
					breakIn(d)
				}()
			})
		}
	})
	once.Do(func() {
		t.Error("the replay ended before anything was interrupted: nothing is shown")
		close(done)
	})
	<-done
	same(t, quiet(t, open(), d.key, d.partitions), got)
}
