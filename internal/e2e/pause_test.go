package e2e

import (
	"strconv"
	"strings"
	"testing"

	"cordon/enforcer/audit"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// A paused process is the worst kind of dead: the others take it for one, and it
// goes on later as if nothing had been. Its transactional ids have been taken
// over meanwhile, so nothing it commits is accepted; it says so, and stands by.
func TestPausedInstanceIsFenced(t *testing.T) {
	t.Parallel()
	for _, of := range []string{"enforcer", "scorer", "collector"} {
		t.Run(of, func(t *testing.T) {
			t.Parallel()
			open := ofFleet(t, outbreak...)
			d := deployOn(t, plan{partitions: scaled, env: map[string][]string{"scorer": {"CORDON_CHECKPOINT_INTERVAL=1s"}}})
			d.startAll()
			d.launch(of + "-2")
			d.awaitShared(of, of, of+"-2")
			paused, other, asleep := of, of+"-2", int64(0)
			got := d.acted(open(), fast, act{3 * record.Minute, func() { // the attacks have begun
				d.await("a command is written", movedWithin, func() bool { return len(d.records(stream.IsolationRehearsal)) > 0 })
				if len(d.owned(paused)) == 0 {
					paused, other = other, paused
				}
				asleep = d.programs[paused].position()
				d.pause(paused)
				d.awaitShared(of, other)
			}}, act{330 * record.Second, func() {
				d.resume(paused)
				d.await(paused+" says that it was fenced", movedWithin, func() bool {
					return d.programs[paused].says(asleep, "another instance took over") || d.programs[paused].says(asleep, "handed over; the new owner took it")
				})
				d.awaitShared(of, of, of+"-2")
			}})
			same(t, d.quiet(open()), got)
			if fences := d.checkAudit(); of == "enforcer" && fences < 2 {
				t.Errorf("commands have %d fences, want one of each enforcer that was active", fences)
			}
			if d.programs[paused].ended() {
				t.Errorf("%s ended, want that it stands by:\n%s", paused, d.tail(paused))
			}
			if of == "enforcer" { // and can be counted on
				d.kill(other)
				d.awaitShared(of, paused)
			}
		})
	}
}

// checkAudit verifies that the audit is one whole chain, that nobody acts after
// a later enforcer has, and that the fences of commands only rise in each
// partition. It returns how many fences there are.
func (d *deployment) checkAudit() int {
	d.t.Helper()
	var events []record.AuditEvent
	acting := int64(0)
	d.each(stream.Audit, func(_ int32, r stream.Record) {
		var e record.AuditEvent
		if err := record.DecodeInto(r.Value, &e); err != nil {
			d.t.Fatal(err)
		}
		events = append(events, e)
		if fence, err := strconv.ParseInt(strings.TrimPrefix(e.Actor, "enforcer/"), 10, 64); err != nil || fence < acting {
			d.t.Errorf("an act of %s follows one of enforcer/%d", e.Actor, acting)
		} else {
			acting = fence
		}
	})
	if err := audit.Verify(events); err != nil || len(events) == 0 || events[0].PreviousHash != [32]byte{} {
		d.t.Errorf("the audit of %d events is not one whole chain from its beginning: %v", len(events), err)
	}
	seen, newest := map[int64]bool{}, map[int32]int64{}
	d.each(stream.IsolationRehearsal, func(p int32, r stream.Record) {
		var c record.IsolationCommand
		if err := record.DecodeInto(r.Value, &c); err != nil {
			d.t.Fatal(err)
		}
		if c.Fence < newest[p] {
			d.t.Errorf("a command with fence %d follows one with fence %d in partition %d", c.Fence, newest[p], p)
		}
		seen[c.Fence], newest[p] = true, c.Fence
	})
	return len(seen)
}
