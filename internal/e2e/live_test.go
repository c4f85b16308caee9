package e2e

import (
	"net/netip"
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
			same(t, d.quiet(open()), got)
		})
	}
}

func TestLiveFleetEqualsBacktest(t *testing.T) {
	open := ofFleet(t, outbreak...)
	d := deploy(t, 4)
	d.startAll()
	got := d.replayed(open(), 0, nil)
	same(t, d.quiet(open()), got)
}

// A kill -9 of each program in mid-stream, three times, each followed by a
// restart: nothing lost, nothing doubled. The scorer makes checkpoints each
// second, so that not every life of it begins without one.
func TestKillChangesNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"collector", "scorer", "enforcer"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := ofFleet(t, outbreak...)
			d := deployOn(t, plan{partitions: 4, env: map[string][]string{"scorer": {"CORDON_CHECKPOINT_INTERVAL=1s"}}})
			d.startAll()
			again := func() {
				d.kill(name)
				d.start(name)
			}
			got := d.acted(open(), fast, act{2 * record.Minute, again}, act{3 * record.Minute, again}, act{5 * record.Minute, again})
			same(t, d.quiet(open()), got)
		})
	}
}

// A clean restart of each program in mid-stream changes nothing either.
func TestRestartChangesNothing(t *testing.T) {
	open := ofFleet(t, outbreak...)
	d := deploy(t, 4)
	d.startAll()
	got := d.acted(open(), fast, act{4 * record.Minute, func() {
		for _, name := range []string{"collector", "scorer", "enforcer"} {
			d.stop(name)
			d.start(name)
		}
	}})
	same(t, d.quiet(open()), got)
}

// fast is the speed of a replay that something is done in the middle of: 8
// minutes of a fleet in 8 s.
const fast = 60
