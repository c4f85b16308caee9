package e2e

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"cordon/internal/kafkatest"
	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/stream"
)

// An instance with a backlog is not ready before it has worked through it: what
// is sent to it by its readiness, such as the next step of a rolling upgrade,
// would come too early.
func TestReadyWhenCaughtUp(t *testing.T) {
	t.Parallel()
	const partitions = 2
	d := deploy(t, partitions)
	d.start("collector")
	result, err := replay.Run(t.Context(), replay.Settings{Client: d.client, Source: ofFleet(t, outbreak...)()})
	if err != nil {
		t.Fatal(err)
	}
	forwarded := int64(0)
	d.await("the collector has forwarded all telemetry", time.Minute, func() bool {
		before := forwarded
		forwarded = 0
		for p := range int32(partitions) {
			_, end, err := d.client.Bounds(t.Context(), stream.Partition{Topic: stream.Telemetry, ID: p})
			if err != nil {
				return false
			}
			forwarded += end
		}
		return forwarded >= result.Records && forwarded == before && d.metrics("collector").sum("cordon_input_lag_records") == 0
	})
	d.launch("scorer")
	reasons := map[string]bool{}
	d.await("the scorer is ready", time.Minute, func() bool {
		ready, reason := d.programs["scorer"].readiness()
		reasons[reason] = true
		return ready
	})
	progress := map[int32]record.Micros{}
	d.each(stream.Verdicts, func(id int32, r stream.Record) {
		var p record.Progress
		if record.NameOf(r.Value) == "Progress" && record.DecodeInto(r.Value, &p) == nil {
			progress[id] = p.Time
		}
	})
	for id := range int32(partitions) {
		if progress[id] < result.Settled() {
			t.Errorf("the scorer is ready when partition %d is decided up to %s, want %s", id, progress[id], result.Settled())
		}
	}
	if !reasons["not ready: restoring or catching up"] {
		t.Errorf("/readyz did not say why, before the scorer was ready: %v", reasons)
	}
}

// A restore that takes longer than a second tells how far it has come: here
// because the broker answers late.
func TestRestoreIsTold(t *testing.T) {
	t.Parallel()
	cluster := kafkatest.JVM(t, kafkatest.Shape{Brokers: 1, Proxied: true})
	d := deployOn(t, plan{partitions: 1, cluster: cluster})
	d.startAll()
	d.replayed(marked(), 0, nil)
	d.stop("scorer")
	cluster.Slow(t, 1200*time.Millisecond)
	before := d.programs["scorer"].position()
	d.launch("scorer")
	progress := regexp.MustCompile(`^restoring: [1-9]\d* pieces of state read, \d+ % of scorer\.state\[0\]$`)
	d.await("the scorer tells how far it has come", time.Minute, func() bool {
		return slices.ContainsFunc(d.programs["scorer"].lines(before), func(l line) bool { return progress.MatchString(l.Message) })
	})
	cluster.Slow(t, 0)
	d.awaitReady("scorer")
	if !d.programs["scorer"].says(before, "restored in ") {
		t.Errorf("the scorer does not say that it is restored:\n%s", d.tail("scorer"))
	}
}
