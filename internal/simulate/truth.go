package simulate

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"cordon/internal/record"
)

// Truth is what is known of one terminal because it was made up.
type Truth struct {
	Source string // its SUPI, of the test network
	Kind   string // one of Kinds
	Class  string // of the device, one of Classes
	Label  Label
	Start  record.Micros // when the first packet leaves
	End    record.Micros // no record after it; 0: until the end of the simulation
	// ExceptionID is what it is in the words of TS 29.520.
	ExceptionID record.ExceptionID
}

// Truth returns the truth about every terminal that is not benign, by start.
func (f *Fleet) Truth() []Truth {
	sorted := slices.Clone(f.truth)
	slices.SortFunc(sorted, func(a, b Truth) int {
		if a.Start != b.Start {
			return int(min(max(a.Start-b.Start, -1), 1))
		}
		return strings.Compare(a.Source, b.Source)
	})
	return sorted
}

// WriteTruth writes the truth as CSV: a heading, then a line for each terminal
// that is not benign, by start. An empty end is that of the simulation.
func (f *Fleet) WriteTruth(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"source", "label", "start", "end", "exceptionId", "kind", "class"}}
	for _, t := range f.Truth() {
		end := ""
		if t.End != 0 {
			end = t.End.String()
		}
		rows = append(rows, []string{t.Source, string(t.Label), t.Start.String(), end, t.ExceptionID.String(), t.Kind, t.Class})
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("truth: %w", err)
	}
	return nil
}
