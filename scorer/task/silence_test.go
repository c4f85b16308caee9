package task

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/scorer/detect"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
	"cordon/scorer/profile"
)

// A terminal is alone when fewer than five of its area, and fewer than a fifth, fell
// silent within half an hour of it, and few anywhere, and five of its area go on.
func TestAloneEqualsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := hushes{regular: make([]int, 4)}
		for range rapid.IntRange(1, 40).Draw(t, "silent") {
			x := hush{uint32(rapid.IntRange(0, 3).Draw(t, "area")), pane.Number(rapid.IntRange(1000, 2500).Draw(t, "last"))}
			h.silent = append(h.silent, x)
			h.regular[x.area]++
		}
		for area := range h.regular {
			h.regular[area] += rapid.IntRange(0, 12).Draw(t, "alive")
			h.total += h.regular[area]
		}
		x := h.silent[0]
		near, anywhere, silent := 0, 0, 0
		for _, y := range h.silent {
			apart := max(y.last-x.last, x.last-y.last)
			if y.area == x.area {
				silent++
			}
			if apart <= 180 {
				anywhere++
			}
			if apart <= 180 && y.area == x.area {
				near++
			}
		}
		want := h.regular[x.area]-silent >= 5 && near < 5 && (near == 1 || 5*near < h.regular[x.area]) && (anywhere < 20 || 100*anywhere < h.total)
		h.sort()
		if got := h.alone(x, true); got != want {
			t.Fatalf("alone %v, want %v: %d near of %d, %d anywhere of %d", got, want, near, h.regular[x.area], anywhere, h.total)
		}
		if got, alive := h.alone(x, false), h.regular[x.area]-silent >= 5; got != alive {
			t.Fatalf("without a gate alone %v, want %v", got, alive)
		}
	})
}

// Who deregisters is not missed; what is reported within ten minutes does not take it
// back.
func TestLeave(t *testing.T) {
	event := func(kind record.Kind, what uint8) []pane.Event { return []pane.Event{{Kind: kind, What: what}} }
	gone := event(record.KindRegistration, uint8(record.Deregistration))
	for _, c := range []struct {
		name   string
		events []pane.Event
		flows  uint64
		idle   pane.Number
		left   bool
	}{
		{"a report of before", nil, 1, 60, true},
		{"a report after a while", nil, 1, 61, false},
		{"the session is released", event(record.KindSession, uint8(record.SessionReleased)), 0, 1, true},
		{"it registers", event(record.KindRegistration, uint8(record.InitialRegistration)), 0, 1, false},
		{"it registers and leaves again", append(event(record.KindRegistration, uint8(record.InitialRegistration)), gone...), 0, 1, true},
		{"a session is established", event(record.KindSession, uint8(record.SessionEstablished)), 0, 1, false},
	} {
		var term terminal
		term.leave(&feature.Vector{Totals: new(pane.Totals), Events: gone}, 1)
		if !term.is(flagLeft) {
			t.Fatal("it deregistered and has not left")
		}
		if term.leave(&feature.Vector{Totals: &pane.Totals{Records: c.flows}, Events: c.events}, c.idle); term.is(flagLeft) != c.left {
			t.Errorf("%s: left %v, want %v", c.name, term.is(flagLeft), c.left)
		}
	}
}

// hourly returns what 20 terminals report every hour, for so many days; the first one
// stops after nine.
func hourly(days int) [][]byte {
	var s script
	s.clock(epoch)
	for hour := range 24 * days {
		at := epoch + record.Micros(hour)*record.Hour + 7*record.Minute
		for id := range byte(20) {
			if id == 0 && hour >= 24*9 {
				continue
			}
			s.add(flow{id + 1, at + record.Micros(id)*record.Minute, "203.0.113.7:8883", pane.TCP, 3, 3}.record())
		}
		s.clock(at + 50*record.Minute)
	}
	return s.values
}

// A silent terminal is missed in the same pane wherever the task was stopped, also
// between its due time and the full hour.
func TestMissedAfterRestart(t *testing.T) {
	values := hourly(10)
	want := storedVerdicts(run(t, start(t, nil), values))
	if len(want) != 1 {
		t.Fatalf("%d verdicts, want the one on the terminal that stopped", len(want))
	}
	for _, cutAt := range []int{len(values) / 2, len(values) * 9 / 10, len(values)*9/10 + 60, len(values)*9/10 + 130} {
		kept := checkpoint{pieces: map[string][]byte{}, next: 1}
		task := start(t, nil)
		got := run(t, task, values[:cutAt])
		var cut stream.Cut
		task.Cut(&cut)
		kept.take(&cut)
		task.Settle(true)
		got = append(got, run(t, kept.restore(t, DefaultSettings()), values[cutAt:])...)
		if told := storedVerdicts(got); !slices.EqualFunc(told, want, bytes.Equal) {
			t.Errorf("stopped after %d records: %d verdicts, not those of an undisturbed run", cutAt, len(told))
		}
	}
}

// An operator who says that a silence is benign is not told of it again.
func TestBenignSilenceIsNotToldAgain(t *testing.T) {
	task := start(t, nil)
	run(t, task, hourly(10))
	number, _ := task.roster.find(&record.Pseudonym{1, 1})
	term := task.roster.at(number)
	if d := task.roster.device.look(term.parts.device); d == nil || !d.Missing() {
		t.Fatal("it is not missed")
	}
	task.acquit(number, profile.Change{}, task.ring.First())
	if term.vigil != 0 || task.missed(term) != 0 {
		t.Errorf("after BENIGN it would be missed at %d, want never", task.missed(term))
	}
	if l := task.roster.standing(term).At(task.ring.First()); l.Faults[detect.Silence] != 0 {
		t.Errorf("after BENIGN %d nats of silence, want 0", l.Faults[detect.Silence])
	}
}
