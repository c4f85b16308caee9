package e2e

import (
	"cmp"
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"cordon/internal/kafkatest"
	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/simulate"
	"cordon/internal/stream"
)

const (
	// soakPartitions are shared out among up to soakInstances of each program.
	soakPartitions, soakInstances = 4, 3
	// soakFleet is replayed at soakSpeed in each round: 2 minutes.
	soakFleet, soakSpeed = 40 * record.Minute, 20
	// soakDecided bounds the wait for the end of a round once it is written.
	soakDecided = 5 * time.Minute
)

// Soak replays fleets one after the other for CORDON_SOAK (make soak), with two
// instances of each program at first. Every CORDON_SOAK_EVERY (15 s) something
// happens, at random: events in disturbance_test.go. Each round must come out as
// in a backtest. CORDON_SOAK_BROKERS=3 makes three brokers that copy each other
// of the one, and fails where they cannot be had. CORDON_SOAK_SEED chooses what
// happens; the seed is printed.
func TestSoak(t *testing.T) {
	length := soakLength(t)
	every, err := time.ParseDuration(cmp.Or(os.Getenv("CORDON_SOAK_EVERY"), "15s"))
	if err != nil {
		t.Fatalf("CORDON_SOAK_EVERY: %v", err)
	}
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("CORDON_SOAK_SEED"), strconv.FormatInt(time.Now().UnixNano(), 10)), 10, 64)
	if err != nil {
		t.Fatalf("CORDON_SOAK_SEED: %v", err)
	}
	s := &soak{every: every, dice: rand.New(rand.NewPCG(seed, 0)), replication: 1, events: map[string]int{}}
	switch brokers := os.Getenv("CORDON_SOAK_BROKERS"); brokers {
	case "", "1":
		s.cluster = kafkatest.Private(t)
	case "3":
		s.cluster, s.replication = kafkatest.JVM(t, kafkatest.Shape{Brokers: 3, Required: true}), 3
	default:
		t.Fatalf("CORDON_SOAK_BROKERS=%s: must be 1 or 3", brokers)
	}
	t.Logf("soak of %s, an event every %s, on %s; CORDON_SOAK_SEED=%d", length, every, s.cluster.Name(), seed)
	for end := time.Now().Add(length); time.Now().Before(end) && s.differences == 0; {
		s.rounds++
		s.round(t)
	}
	t.Logf("soak: %d rounds, %.1f events a minute of replay, events %v, %d records, %d differences",
		s.rounds, s.perMinute(), s.events, s.records, s.differences)
}

// soakLength returns CORDON_SOAK; a test that needs it is skipped where it is not
// set, and fails where it cannot be read: a soak must not pass unrun.
func soakLength(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("CORDON_SOAK")
	if text == "" {
		t.Skip("skipped: it runs for CORDON_SOAK, such as 10m (make soak)")
	}
	length, err := time.ParseDuration(text)
	if err != nil || length <= 0 {
		t.Fatalf("CORDON_SOAK=%s: must be a length of time above 0 with its unit, such as 10m", text)
	}
	return length
}

// soakAttacks are spread over the round, so that whatever happens, happens while
// cases are opened, updated and answered.
func soakAttacks() []simulate.Attack {
	attacks := []simulate.Attack{
		{Kind: "scan-slow", Count: 4, Offset: 4 * record.Minute},
		{Kind: "scan", Count: 1, Offset: 20 * record.Minute},
		{Kind: "syn-flood", Count: 1, Offset: 28 * record.Minute},
		{Kind: "scan", Count: 1, Offset: 33 * record.Minute},
	}
	for at := 2 * record.Minute; at < soakFleet-2*record.Minute; at += 2 * record.Minute {
		attacks = append(attacks, simulate.Attack{Kind: "udp-flood", Count: 2, Offset: at})
	}
	return attacks
}

// soak is what a soak has come to.
type soak struct {
	every       time.Duration
	dice        *rand.Rand
	cluster     *kafkatest.Cluster
	replication int16
	rounds      int
	events      map[string]int // by kind
	replaying   time.Duration  // in which they happened
	records     int64
	differences int
}

// round replays a fleet under disturbances, and compares.
func (s *soak) round(t *testing.T) {
	start := fleetStart()
	seed := s.dice.Uint64()
	open := func() *simulate.Fleet {
		fleet, err := simulate.New(simulate.Settings{Terminals: 500, Start: start, Duration: soakFleet, Seed: seed, Attacks: soakAttacks(), Lifelike: true})
		if err != nil {
			t.Fatal(err)
		}
		return fleet
	}
	// A long interval lets much be repeated after a kill, a short one lets kills
	// meet checkpoints.
	interval := []string{"1s", "5s", "30s"}[s.dice.IntN(3)]
	d := deployOn(t, plan{partitions: soakPartitions, cluster: s.cluster, replication: s.replication,
		env: map[string][]string{"scorer": {"CORDON_CHECKPOINT_INTERVAL=" + interval}}})
	defer d.killAll()
	d.startAll()
	for _, of := range soaked {
		d.launch(of + "-2")
	}
	t.Logf("round %d: prefix %s, the scorers' checkpoint.interval is %s", s.rounds, d.prefix, interval)
	got, records := s.disturbed(t, d, open())
	s.records += records
	n := differ(t, d.quiet(open()), got)
	s.differences += n
	d.checkAudit()
	t.Logf("round %d: %d records, %d terminals with verdicts, %d commands, %d differences", s.rounds, records, len(got.verdicts), lines(got.commands), n)
	if t.Failed() {
		s.differences = max(s.differences, 1)
		d.keepLogs()
	}
}

// perMinute is how many events there were.
func (s *soak) perMinute() float64 {
	n := 0
	for _, of := range s.events {
		n += of
	}
	return float64(n) / s.replaying.Minutes()
}

// disturbed replays a source while events happen, and waits for the end. One
// that is due while another lasts follows it at once.
func (s *soak) disturbed(t *testing.T, d *deployment, source replay.Source) (outputs, int64) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	mark, err := replay.MarkOutputs(ctx, d.client, stream.Verdicts)
	if err != nil {
		t.Fatal(err)
	}
	var result replay.Result
	ended := make(chan error, 1)
	go func() {
		var err error
		result, err = replay.Run(ctx, replay.Settings{Client: d.client, Source: source, Speed: soakSpeed})
		ended <- err
	}()
	disturb := &disturbances{soak: s, d: d, t: t}
	if err := disturb.until(ended); err != nil {
		t.Fatalf("the replay ended: %v", err)
	}
	disturb.checkAlive()
	limit, cancel := context.WithTimeout(ctx, soakDecided)
	defer cancel()
	return d.decided(limit, mark, result), result.Records
}

// lines counts the records of all terminals.
func lines(of map[record.Pseudonym][]string) (n int) {
	for _, all := range of {
		n += len(all)
	}
	return n
}
