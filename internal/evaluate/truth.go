package evaluate

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"cordon/internal/record"
)

// Label says what is true of a terminal for a time.
type Label string

// Labels of the truth (contracts, section 9).
const (
	Malicious      Label = "malicious"
	Malfunctioning Label = "malfunctioning"
	Benign         Label = "benign"
)

// Class is the class of verdict that is right for a label; ClassUnknown for
// Benign, which no verdict is right for.
func (l Label) Class() record.Class {
	switch l {
	case Malicious:
		return record.ClassMalicious
	case Malfunctioning:
		return record.ClassMalfunctioning
	}
	return record.ClassUnknown
}

// Episode is one line of the truth.
type Episode struct {
	Source   string           // as the input names the terminal: address or SUPI
	Terminal record.Pseudonym // who that is in the verdicts; zero: not in the input
	Label    Label
	Start    record.Micros // first record that belongs to it
	End      record.Micros // last one; 0: until the end of the input
	// ExceptionID is the exception that is right; ExceptionUnknown: not said.
	ExceptionID record.ExceptionID
	Kind        string // of attack or malfunction; empty: not said
	Class       string // of device; empty: not said
}

// truthColumns are those that a truth has to have.
var truthColumns = []string{"source", "label", "start", "end", "exceptionId"}

// ReadTruth reads CSV with a heading: source,label,start,end,exceptionId in any
// order (contracts, section 9), kind and class where there are any, other
// columns are passed over. Lines of benign terminals are no episodes and are
// left out. An error names the line and the column, never what stands there: it
// may be a subscriber.
func ReadTruth(from io.Reader) ([]Episode, error) {
	t, err := newTable(from, truthColumns)
	if err != nil {
		return nil, fmt.Errorf("truth: %w", err)
	}
	var all []Episode
	for {
		switch err := t.next(); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("truth: %w", err)
		}
		e, err := t.episode()
		if err != nil {
			return nil, fmt.Errorf("truth: line %d: %w", t.line, err)
		}
		if e.Label != Benign {
			all = append(all, e)
		}
	}
}

// episode reads the current line.
func (t *table) episode() (e Episode, err error) {
	e = Episode{Source: t.get("source"), Label: Label(strings.ToLower(t.get("label"))), Kind: t.get("kind"), Class: t.get("class")}
	if e.Source == "" {
		return e, errors.New("source: is empty")
	}
	if !slices.Contains([]Label{Malicious, Malfunctioning, Benign}, e.Label) {
		return e, errors.New("label: want malicious, malfunctioning or benign")
	}
	if e.Label == Benign && t.get("start") == "" {
		return e, nil // a benign terminal has neither beginning nor end
	}
	if e.Start, err = t.time("start"); err != nil {
		return e, err
	}
	if t.get("end") != "" {
		if e.End, err = t.time("end"); err != nil {
			return e, err
		}
		if e.End < e.Start {
			return e, errors.New("end: is before start")
		}
	}
	if name := t.get("exceptionId"); name != "" {
		if e.ExceptionID = exceptionNamed(name); e.ExceptionID == record.ExceptionUnknown {
			return e, errors.New("exceptionId: is none of TS 29.520, such as WRONG_DESTINATION_ADDRESS")
		}
	}
	return e, nil
}

// exceptions are those of TS 29.520, in its order.
func exceptions() []record.ExceptionID {
	var all []record.ExceptionID
	for id := record.UnexpectedUELocation; id <= record.PingPongAcrossCells; id++ {
		all = append(all, id)
	}
	return all
}

// exceptionNamed returns the exception of a name, else ExceptionUnknown.
func exceptionNamed(name string) record.ExceptionID {
	for _, id := range exceptions() {
		if strings.EqualFold(id.String(), name) {
			return id
		}
	}
	return record.ExceptionUnknown
}

// Terminals says who is who: pseudonyms by what the input calls a terminal, its
// address and its SUPI both.
type Terminals struct {
	names map[string]record.Pseudonym
	known map[record.Pseudonym]bool
}

// Count is how many terminals there are.
func (t *Terminals) Count() int { return len(t.known) }

// Find returns the pseudonym of a source, and whether there is one.
func (t *Terminals) Find(source string) (record.Pseudonym, bool) {
	id, ok := t.names[source]
	return id, ok
}

// Add names a terminal.
func (t *Terminals) Add(id record.Pseudonym, names ...string) {
	if t.names == nil {
		t.names, t.known = map[string]record.Pseudonym{}, map[record.Pseudonym]bool{}
	}
	t.known[id] = true
	for _, name := range names {
		t.names[name] = id
	}
}

// ReadTerminals reads the terminals.csv of a backtest:
// source,supi,terminal.
func ReadTerminals(from io.Reader) (*Terminals, error) {
	t, err := newTable(from, []string{"source", "supi", "terminal"})
	if err != nil {
		return nil, fmt.Errorf("terminals: %w", err)
	}
	all := &Terminals{}
	for {
		switch err := t.next(); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("terminals: %w", err)
		}
		id, err := record.ParsePseudonym(t.get("terminal"))
		if err != nil {
			return nil, fmt.Errorf("terminals: line %d: terminal: want 32 hexadecimal digits", t.line)
		}
		all.Add(id, t.get("source"), t.get("supi"))
	}
}

// Resolve fills in the terminal of every episode and returns the sources that
// are none of the input's: nobody can have found these.
func (t *Terminals) Resolve(episodes []Episode) (unknown []string) {
	for i := range episodes {
		id, ok := t.Find(episodes[i].Source)
		if !ok {
			unknown = append(unknown, episodes[i].Source)
		}
		episodes[i].Terminal = id
	}
	return unknown
}

// table is CSV with a heading.
type table struct {
	r     *csv.Reader
	place map[string]int // of a column
	row   []string
	line  int
}

func newTable(from io.Reader, want []string) (*table, error) {
	t := &table{r: csv.NewReader(from), place: map[string]int{}}
	heading, err := t.r.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("is empty; its first line has to be %s", strings.Join(want, ","))
	}
	if err != nil {
		return nil, err
	}
	for i, name := range heading {
		t.place[strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))] = i
	}
	for _, name := range want {
		if _, ok := t.place[name]; !ok {
			return nil, fmt.Errorf("the first line has no column %s; it has to be %s", name, strings.Join(want, ","))
		}
	}
	return t, nil
}

func (t *table) next() (err error) {
	if t.row, err = t.r.Read(); err == nil {
		t.line, _ = t.r.FieldPos(0)
	}
	return err
}

// get returns a field of the current line, empty where there is no such column.
func (t *table) get(column string) string {
	i, ok := t.place[column]
	if !ok {
		return ""
	}
	return strings.TrimSpace(t.row[i])
}

func (t *table) time(column string) (record.Micros, error) {
	at, err := time.Parse(time.RFC3339Nano, t.get(column))
	if err != nil {
		return 0, fmt.Errorf("%s: want a time of RFC 3339, such as 2026-05-04T10:00:05Z", column)
	}
	return record.MicrosOf(at), nil
}
