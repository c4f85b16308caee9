package task

import (
	"testing"
	"time"

	"cordon/internal/record"
	"cordon/internal/stream"
)

// A scorer that lost its state never clears the cases of the state before it.
// What it does not say again is not renewed, or a cleaned device would stay
// isolated for ever.
func TestVerdictsOfALostStateAreNotRenewed(t *testing.T) {
	b := newBench(t, 1, generous())
	b.give(stream.Verdicts, 0, clock(0, 50), flood(7, 1, 20*second), flood(8, 1, 20*second))
	lost := clock(minute, 50)
	lost.StateGeneration = 2
	again := flood(8, 1, 2*minute)
	again.StateGeneration = 2
	b.give(stream.Verdicts, 0, lost, again)
	b.cut(true)
	b.restart()
	later := clock(11*minute, 50)
	later.StateGeneration = 2
	b.give(stream.Verdicts, 0, later)
	b.want("20s 7: BLOCK_DESTINATION", "20s 8: BLOCK_DESTINATION", "10m20s 7: RELEASE", "10m20s 8: BLOCK_DESTINATION")
}

// What waits on the word of a scorer that lost its state is not isolated.
func TestVerdictsOfALostStateDoNotIsolate(t *testing.T) {
	b := newBench(t, 1, generous())
	b.give(stream.Verdicts, 0, flood(7, 1, 20*second)) // no population: it waits
	lost := clock(minute, 50)
	lost.StateGeneration = 2
	b.give(stream.Verdicts, 0, lost)
	b.want()
	b.wantAudit("DEFER NO_POPULATION 7", "DROP unwanted 7")
}

// A verdict in another partition than the one before does not leave a timer
// behind that is never met.
func TestTerminalMovesToAnotherPartition(t *testing.T) {
	b := newBench(t, 2, generous())
	b.give(stream.Verdicts, 0, clock(0, 50), flood(7, 1, 20*second))
	b.give(stream.Verdicts, 1, clock(0, 50), flood(7, 1, 30*second)) // a repeat, elsewhere
	b.give(stream.Verdicts, 0, clock(11*minute, 50))
	b.want("20s 7: BLOCK_DESTINATION")
	b.give(stream.Verdicts, 1, clock(11*minute, 50))
	b.want("20s 7: BLOCK_DESTINATION", "10m20s 7: BLOCK_DESTINATION")
}

// Contracts section 6: a policy system "refuses an older (fence, sequence)". A
// sequence that starts over while commands are kept would be refused in silence.
func TestSequenceOutlivesTheMemoryOfOffences(t *testing.T) {
	s := generous()
	s.Memory = time.Hour
	b := newBench(t, 1, s)
	b.give(stream.Verdicts, 0, clock(0, 50), flood(7, 1, 20*second), cleared(7, 2, minute), clock(29*record.Day, 50))
	b.give(stream.Verdicts, 0, flood(7, 3, 29*record.Day))
	b.cut(true)
	if n := len(b.commands); n != 3 || b.commands[2].Sequence != 3 || b.commands[2].ValidForSeconds != 600 {
		t.Errorf("commands %v, the last %+v; want three, the last with sequence 3 and the first duration", b.lines(), b.commands[n-1])
	}
}
