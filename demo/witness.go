package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"cordon/collector/pseudonym"
	"cordon/internal/identity"
	"cordon/internal/record"
	"cordon/internal/replay"
	"cordon/internal/simulate"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

// witness gathers what the pipeline says about each terminal and prints the
// first of each as it comes. Safe for concurrent use.
type witness struct {
	mu      sync.Mutex
	out     io.Writer
	tty     bool
	began   time.Time
	key     pseudonym.Key
	story   *story
	names   map[record.Pseudonym]string // SUPI of terminals with a truth or a name
	cases   map[record.Pseudonym]*outcome
	ordered time.Duration // until the first isolation was seen; 0: none yet
	newest  map[stream.Partition]int64
}

// outcome is what came of one terminal.
type outcome struct {
	early   record.Micros
	raised  record.Micros
	worst   record.Verdict
	command record.IsolationCommand
	latency time.Duration // wall time from the start of the replay to the command
}

func newWitness(key pseudonym.Key, s *story) *witness {
	info, err := os.Stdout.Stat()
	tty := err == nil && info.Mode()&os.ModeCharDevice != 0
	w := &witness{
		out: os.Stdout, tty: tty, began: time.Now(), key: key, story: s,
		names: map[record.Pseudonym]string{}, cases: map[record.Pseudonym]*outcome{}, newest: map[stream.Partition]int64{},
	}
	return w
}

// name fills in who is who: only the holder of the key and the input can.
func (w *witness) name() {
	deriver, err := pseudonym.NewDeriver(w.key, 0, 0)
	if err != nil {
		return
	}
	add := func(supi string) {
		if id, err := identity.ParseSUPI(supi); err == nil {
			w.names[deriver.Terminal(id)] = supi
		}
	}
	for supi := range w.story.truth {
		add(supi)
	}
	for supi := range w.story.names() {
		add(supi)
	}
}

// follow reads the output topics from goroutines of their own until ctx ends;
// the returned function waits for them.
func (w *witness) follow(ctx context.Context, c *kafka.Client, from replay.Mark) func() error {
	w.name()
	var wait sync.WaitGroup
	failures := make(chan error, len(from))
	for p, next := range from {
		wait.Go(func() {
			failures <- c.Follow(ctx, stream.Position{Topic: p.Topic, Partition: p.ID, Next: next}, w.take)
		})
	}
	return func() error {
		wait.Wait()
		close(failures)
		var all []error
		for err := range failures {
			all = append(all, err)
		}
		return errors.Join(all...)
	}
}

// readRest takes what came between the last look and now.
func (w *witness) readRest(ctx context.Context, c *kafka.Client, from replay.Mark) error {
	for p, next := range from {
		if err := c.Read(ctx, p, max(next, w.newest[p]), w.take); err != nil {
			return err
		}
	}
	return nil
}

func (w *witness) take(b stream.Batch) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, rec := range b.Records {
		w.newest[b.Partition] = rec.Offset + 1
		decoded, err := record.Decode(rec.Value)
		if err != nil {
			return fmt.Errorf("%s: %w", b.Partition.Topic, err)
		}
		w.note(decoded)
	}
	return nil
}

func (w *witness) of(id record.Pseudonym) *outcome {
	o := w.cases[id]
	if o == nil {
		o = &outcome{}
		w.cases[id] = o
	}
	return o
}

func (w *witness) note(decoded any) {
	switch r := decoded.(type) {
	case *record.EarlyWarning:
		if o := w.of(r.Terminal); o.early == 0 {
			o.early = r.OccurredAt
			w.say("early warning  %s  %s", r.Terminal, r.ExceptionID)
		}
	case *record.Verdict:
		o := w.of(r.Terminal)
		if r.Status == record.StatusCleared {
			return
		}
		if o.worst.Class == record.ClassUnknown || r.Class < o.worst.Class {
			o.raised = r.DecidedAt
			w.say("verdict        %s  %s: %s", r.Terminal, r.Class, reasons(r))
		}
		if o.worst.Class == record.ClassUnknown || r.Class <= o.worst.Class {
			o.worst = *r
		}
	case *record.IsolationCommand:
		if o := w.of(r.Terminal); o.command.Sequence == 0 && r.Action != record.ActionRelease {
			o.command, o.latency = *r, time.Since(w.began)
			if w.ordered == 0 {
				w.ordered = o.latency
			}
			w.say("isolation      %s  %s%s", r.Terminal, r.Action, victims(r.Target))
		}
	}
}

func reasons(v *record.Verdict) string {
	var parts []string
	for _, r := range v.Reasons {
		parts = append(parts, fmt.Sprintf("%s %d %s", r.Feature, r.Value, r.Unit))
	}
	return strings.Join(parts, ", ")
}

func victims(t record.Target) string {
	var list []string
	for _, d := range t.Destinations {
		list = append(list, d.Address.String())
	}
	if len(list) == 0 {
		return ""
	}
	return " to " + strings.Join(list, ", ")
}

// say prints one event, with the wall time since the replay began.
func (w *witness) say(format string, args ...any) {
	w.erase()
	fmt.Fprintf(w.out, "%6.1f s  %s\n", time.Since(w.began).Seconds(), fmt.Sprintf(format, args...))
}

// line shows how far the replay is, on terminals only.
func (w *witness) line(n int64, at record.Micros) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tty {
		fmt.Fprintf(w.out, "\r\x1b[K%6.1f s  %d records, %s of the story", time.Since(w.began).Seconds(), n, at.Duration().Truncate(time.Second))
	}
}

func (w *witness) clearLine() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.erase()
}

func (w *witness) erase() {
	if w.tty {
		fmt.Fprint(w.out, "\r\x1b[K")
	}
}

// table prints what was found beside what is known, the worst first.
func (w *witness) table(out io.Writer, result replay.Result) {
	ids := make([]record.Pseudonym, 0, len(w.cases))
	for id, o := range w.cases {
		if o.worst.Class != record.ClassUnknown {
			ids = append(ids, id)
		}
	}
	sort.Slice(ids, func(i, j int) bool {
		a, b := w.cases[ids[i]], w.cases[ids[j]]
		if a.worst.Class != b.worst.Class {
			return a.worst.Class < b.worst.Class
		}
		return a.raised < b.raised || a.raised == b.raised && ids[i].String() < ids[j].String()
	})
	fmt.Fprintf(out, "\n%d records. Terminals with a verdict:\n", result.Records)
	for _, id := range ids {
		w.row(out, id, w.cases[id])
	}
	if len(ids) == 0 {
		fmt.Fprintln(out, "  none")
	}
	w.missed(out)
	if w.ordered > 0 {
		fmt.Fprintf(out, "\nFirst isolation ordered %.1f s after the replay began.\n", w.ordered.Seconds())
	}
}

func (w *witness) row(out io.Writer, id record.Pseudonym, o *outcome) {
	truth, known := w.story.truth[w.names[id]]
	did := "benign"
	if known {
		did = fmt.Sprintf("%s: %s since %s", truth.Label, truth.ExceptionID, clock(truth.Start))
	} else if name := w.story.names()[w.names[id]]; name != "" {
		did = name
	}
	fmt.Fprintf(out, "\n  %s  %s\n", id, o.worst.Class)
	fmt.Fprintf(out, "    in truth   %s\n", did)
	fmt.Fprintf(out, "    verdict    %s%s, evidence %d.%d nats: %s\n", clock(o.raised), after(truth, o.raised), o.worst.Evidence/1000, o.worst.Evidence%1000/100, reasons(&o.worst))
	if o.early != 0 {
		fmt.Fprintf(out, "    warned     %s%s\n", clock(o.early), after(truth, o.early))
	}
	if o.command.Sequence > 0 {
		fmt.Fprintf(out, "    command    %s%s, issued %s, for %s\n", o.command.Action, victims(o.command.Target), clock(o.command.IssuedAt), time.Duration(o.command.ValidForSeconds)*time.Second)
	}
}

// missed lists what is known to be bad and was not found.
func (w *witness) missed(out io.Writer) {
	found := map[string]bool{}
	for id, o := range w.cases {
		found[w.names[id]] = o.worst.Class != record.ClassUnknown
	}
	n := map[string]int{}
	for supi, t := range w.story.truth {
		if !found[supi] {
			n[fmt.Sprintf("%s: %s", t.Label, t.ExceptionID)]++
		}
	}
	kinds := make([]string, 0, len(n))
	for kind := range n {
		kinds = append(kinds, kind)
	}
	sort.Strings(kinds)
	for _, kind := range kinds {
		fmt.Fprintf(out, "\n  without a verdict: %d %s\n", n[kind], kind)
	}
}

func clock(at record.Micros) string { return at.Time().Format("15:04:05") }

// after says how long after the start of what really happened.
func after(t simulate.Truth, at record.Micros) string {
	if t.Start == 0 {
		return ""
	}
	return fmt.Sprintf(", %d s after it began", (at-t.Start)/record.Second)
}
