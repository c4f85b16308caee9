package scenario

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cordon/internal/record"
)

// verdicts of two terminals, of which the first has two cases.
func verdicts() []*record.Verdict {
	a, b := record.Pseudonym{1}, record.Pseudonym{2}
	return []*record.Verdict{
		{Terminal: a, StateGeneration: 1, Sequence: 1, VerdictID: record.ID{7}, Status: record.StatusRaised, Evidence: 21_000},
		{Terminal: a, StateGeneration: 1, Sequence: 2, VerdictID: record.ID{7}, Status: record.StatusCleared},
		{Terminal: b, StateGeneration: 1, Sequence: 1, VerdictID: record.ID{8}, Status: record.StatusRaised},
		{Terminal: a, StateGeneration: 1, Sequence: 3, VerdictID: record.ID{9}, Status: record.StatusRaised},
	}
}

func confirmed(t *testing.T, list []*record.Verdict) Log {
	t.Helper()
	log, err := Confirmed(list)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// TestConfirmedIgnoresTheRun: order, repeats, coverage, confidence, digest and
// the ids made from it tell about the run and not about the terminal.
func TestConfirmedIgnoresTheRun(t *testing.T) {
	other := verdicts()
	for _, v := range other {
		v.Coverage.Late, v.Confidence, v.ConfigDigest = 3, 50, record.Digest{1}
		v.VerdictID[15] = 0xee
	}
	other = append(other, other[1], other[0])
	slices.Reverse(other)
	if d := Difference(confirmed(t, verdicts()), confirmed(t, other)); d != "" {
		t.Errorf("got a difference, want none: %s", d)
	}
	if n := confirmed(t, other).Len(); n != 4 {
		t.Errorf("confirmed: got %d verdicts, want 4", n)
	}
}

// TestConfirmedSeesTheRest: everything else counts.
func TestConfirmedSeesTheRest(t *testing.T) {
	for name, change := range map[string]func(list []*record.Verdict) []*record.Verdict{
		"evidence":     func(l []*record.Verdict) []*record.Verdict { l[0].Evidence++; return l },
		"sequence":     func(l []*record.Verdict) []*record.Verdict { l[3].Sequence++; return l },
		"generation":   func(l []*record.Verdict) []*record.Verdict { l[3].StateGeneration++; return l },
		"lost":         func(l []*record.Verdict) []*record.Verdict { return l[:3] },
		"terminal":     func(l []*record.Verdict) []*record.Verdict { l[2].Terminal[3] = 1; return l },
		"same case":    func(l []*record.Verdict) []*record.Verdict { l[3].VerdictID = l[0].VerdictID; return l },
		"another case": func(l []*record.Verdict) []*record.Verdict { l[1].VerdictID[1] = 1; return l },
	} {
		if got := confirmed(t, change(verdicts())); Equal(got, confirmed(t, verdicts())) {
			t.Errorf("%s: got no difference, want one", name)
		}
	}
}

// TestConfirmedRefusesContradictions: a repeat has to say the same.
func TestConfirmedRefusesContradictions(t *testing.T) {
	list := append(verdicts(), verdicts()[0])
	list[4].Evidence++
	if _, err := Confirmed(list); err == nil || !strings.Contains(err.Error(), "two different ones with sequence 1") {
		t.Errorf("got %v, want two different ones with sequence 1", err)
	}
}

// TestConfirmedCommandsIgnoresTheFence: another instance gives the same command.
func TestConfirmedCommandsIgnoresTheFence(t *testing.T) {
	commands := func(fence int64) []*record.IsolationCommand {
		return []*record.IsolationCommand{
			{Terminal: record.Pseudonym{1}, Sequence: 1, Fence: fence, CommandID: record.ID{1, byte(fence)}, Action: record.ActionRateLimit},
			{Terminal: record.Pseudonym{1}, Sequence: 2, Fence: fence, CommandID: record.ID{2}, Supersedes: record.ID{1, byte(fence)}, Action: record.ActionRelease},
		}
	}
	one, err1 := ConfirmedCommands(commands(1))
	two, err2 := ConfirmedCommands(commands(2))
	if err1 != nil || err2 != nil || !Equal(one, two) {
		t.Errorf("got %v, %v, %s, want equal", err1, err2, Difference(one, two))
	}
	changed := commands(1)
	changed[1].Action = record.ActionBar
	if three, _ := ConfirmedCommands(changed); Equal(one, three) {
		t.Error("another action: got no difference, want one")
	}
}

func ExampleConfirmed() {
	id := record.Pseudonym{0xaa}
	live, _ := Confirmed([]*record.Verdict{{Terminal: id, Sequence: 1, Evidence: 21_000, Confidence: 80}})
	backtest, _ := Confirmed([]*record.Verdict{{Terminal: id, Sequence: 1, Evidence: 21_000, Confidence: 40}})
	fmt.Println(Equal(live, backtest))
	// Output: true
}
