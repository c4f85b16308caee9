package e2e

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"cordon/internal/record"
	"cordon/internal/simulate"
)

// Soak replays fleets one after the other for CORDON_SOAK (make soak), and every
// few seconds kills or restarts one of the programs at random. Each fleet must
// come out as in a backtest. The seed is printed, so that a run can be repeated.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("CORDON_SOAK"))
	if err != nil {
		t.Skip("skipped: a soak runs for CORDON_SOAK, such as 10m (make soak)")
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	for end, round := time.Now().Add(length), 1; time.Now().Before(end) && !t.Failed(); round++ {
		soakRound(t, dice, round)
	}
}

// soakRound replays 20 minutes of a fleet in 60 s under random interruptions.
func soakRound(t *testing.T, dice *rand.Rand, round int) {
	start := (record.MicrosOf(time.Now()) - 10*record.Day).Floor(record.Hour)
	seed := dice.Uint64()
	open := func() *simulate.Fleet {
		fleet, err := simulate.New(simulate.Settings{Terminals: 500, Start: start, Duration: 20 * record.Minute, Seed: seed, Attacks: outbreak, Lifelike: true})
		if err != nil {
			t.Fatal(err)
		}
		return fleet
	}
	d := deploy(t, 4)
	d.startAll()
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		defer close(done) // also when a program that does not stop ends it
		done <- interrupt(d, dice, stop)
	}()
	got := d.replayed(open(), 20, nil)
	close(stop)
	n := <-done
	same(t, quiet(t, open(), d.key, d.partitions), got)
	t.Logf("round %d: %d terminals with verdicts, %d interruptions", round, len(got.verdicts), n)
	d.killAll()
}

// interrupt kills or restarts a random program every 3 to 10 s until stop, and
// returns how often.
func interrupt(d *deployment, dice *rand.Rand, stop <-chan struct{}) int {
	names := []string{"collector", "scorer", "enforcer"}
	for n := 0; ; n++ {
		select {
		case <-stop:
			return n
		case <-time.After(3*time.Second + rand.N(7*time.Second)):
		}
		name := names[dice.IntN(len(names))]
		if dice.IntN(3) == 0 {
			d.stop(name)
		} else {
			d.kill(name)
		}
		d.start(name)
	}
}
