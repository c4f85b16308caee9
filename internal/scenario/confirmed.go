package scenario

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"cordon/internal/record"
)

// Log is what was confirmed about each terminal, in a form that two runs over
// the same input have to agree on to the byte. The zero Log is empty.
type Log struct {
	entries map[record.Pseudonym][]entry
}

// entry is one confirmed record of a terminal.
type entry struct {
	order [2]int64 // what the contract orders it by
	json  []byte   // plain JSON, less what may differ
}

// Confirmed returns what a set of verdicts comes to. Verdicts may be in any
// order and repeated, as a scorer repeats them after a crash; a repeat that says
// something else is an error.
//
// Coverage, confidence and configDigest are left out: they tell about the run.
// A verdictId, which is made from the digest, stands for "the first case of this
// terminal", "the second", and so on.
func Confirmed(verdicts []*record.Verdict) (Log, error) {
	log := Log{map[record.Pseudonym][]entry{}}
	sorted := slices.Clone(verdicts)
	slices.SortStableFunc(sorted, func(a, b *record.Verdict) int {
		return cmp.Or(cmp.Compare(a.StateGeneration, b.StateGeneration), cmp.Compare(a.Sequence, b.Sequence))
	})
	ids := numbering{}
	for _, v := range sorted {
		plain := *v
		plain.Coverage, plain.Confidence, plain.ConfigDigest = record.Coverage{}, 0, record.Digest{}
		plain.VerdictID = ids.of(v.Terminal, v.VerdictID)
		plain.NetworkVerdictID = ids.of(v.Terminal, v.NetworkVerdictID)
		if err := log.add(v.Terminal, [2]int64{v.StateGeneration, v.Sequence}, &plain); err != nil {
			return log, fmt.Errorf("verdict: %w", err)
		}
	}
	return log, nil
}

// ConfirmedCommands is Confirmed for commands. Fence and sealed identity are
// left out, and the ids stand for their order, as in Confirmed.
func ConfirmedCommands(commands []*record.IsolationCommand) (Log, error) {
	log := Log{map[record.Pseudonym][]entry{}}
	sorted := slices.Clone(commands)
	slices.SortStableFunc(sorted, func(a, b *record.IsolationCommand) int { return cmp.Compare(a.Sequence, b.Sequence) })
	ids, verdicts := numbering{}, numbering{}
	for _, c := range sorted {
		plain := *c
		plain.Fence, plain.SealedIdentity, plain.KeyID = 0, nil, [8]byte{}
		plain.CommandID = ids.of(c.Terminal, c.CommandID)
		plain.Supersedes = ids.of(c.Terminal, c.Supersedes)
		plain.Reason.VerdictID = verdicts.of(c.Terminal, c.Reason.VerdictID)
		if err := log.add(c.Terminal, [2]int64{0, c.Sequence}, &plain); err != nil {
			return log, fmt.Errorf("command: %w", err)
		}
	}
	return log, nil
}

// add keeps a record unless it repeats the one before it.
func (l Log) add(terminal record.Pseudonym, order [2]int64, rec any) error {
	text, err := record.AppendJSON(nil, rec)
	if err != nil {
		return err
	}
	list := l.entries[terminal]
	if n := len(list); n > 0 && list[n-1].order == order {
		if !bytes.Equal(list[n-1].json, text) {
			return fmt.Errorf("terminal %v: two different ones with sequence %d:\n\t%s\n\t%s", terminal, order[1], list[n-1].json, text)
		}
		return nil
	}
	l.entries[terminal] = append(list, entry{order, text})
	return nil
}

// numbering names ids by the order in which a terminal's first appear.
type numbering map[record.Pseudonym][]record.ID

func (n numbering) of(terminal record.Pseudonym, id record.ID) record.ID {
	if id.IsZero() {
		return id
	}
	at := slices.Index(n[terminal], id)
	if at < 0 {
		at = len(n[terminal])
		n[terminal] = append(n[terminal], id)
	}
	return record.ID{15: byte(at + 1), 14: byte((at + 1) >> 8)}
}

// Len returns how many records were confirmed.
func (l Log) Len() int {
	total := 0
	for _, list := range l.entries {
		total += len(list)
	}
	return total
}

// Equal reports whether two runs confirmed the same.
func Equal(a, b Log) bool { return Difference(a, b) == "" }

// Difference tells the first record in which two runs differ, of the terminal
// that comes first; empty where they are equal.
func Difference(a, b Log) string {
	var terminals []record.Pseudonym
	for _, l := range []Log{a, b} {
		for t := range l.entries {
			terminals = append(terminals, t)
		}
	}
	slices.SortFunc(terminals, func(x, y record.Pseudonym) int { return bytes.Compare(x[:], y[:]) })
	for _, t := range slices.Compact(terminals) {
		x, y := a.entries[t], b.entries[t]
		for i := range max(len(x), len(y)) {
			one, other := textAt(x, i), textAt(y, i)
			if one != other {
				return fmt.Sprintf("terminal %v, record %d of %d and %d:\n\t%s\n\t%s", t, i+1, len(x), len(y), one, other)
			}
		}
	}
	return ""
}

func textAt(list []entry, i int) string {
	if i >= len(list) {
		return "nothing"
	}
	return string(list[i].json)
}
