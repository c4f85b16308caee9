package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
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
	people  map[record.Pseudonym]person // those the story can say something of
	cases   map[record.Pseudonym]*outcome
	ordered time.Duration              // until the first isolation was seen; 0: none yet
	newest  map[stream.Partition]int64 // offset behind the last record taken
}

// person is what the story says of one terminal.
type person struct {
	called string         // what the input calls it; empty: nothing
	truth  simulate.Truth // what was done to it
	known  bool           // truth is set
}

// outcome is what came of one terminal.
type outcome struct {
	early   record.Micros           // first early warning; 0: none
	raised  record.Micros           // when the worst class was decided
	worst   record.Verdict          // of that class, the one with the most evidence
	command record.IsolationCommand // the first; Sequence 0: none
}

func newWitness(key pseudonym.Key, s *story) *witness {
	info, err := os.Stdout.Stat()
	tty := err == nil && info.Mode()&os.ModeCharDevice != 0
	return &witness{
		out: os.Stdout, tty: tty, began: time.Now(), key: key, story: s,
		people: map[record.Pseudonym]person{}, cases: map[record.Pseudonym]*outcome{}, newest: map[stream.Partition]int64{},
	}
}

// identify fills in who is who, at the end, when the input has named all its
// terminals: only the holder of the key and the input can.
func (w *witness) identify() error {
	deriver, err := pseudonym.NewDeriver(w.key, 0, 0)
	if err != nil {
		return err
	}
	for supi, called := range w.story.known() {
		id, err := identity.ParseSUPI(supi)
		if err != nil {
			return fmt.Errorf("terminal of the story: %w", err)
		}
		truth, known := w.story.truth[supi]
		w.people[deriver.Terminal(id)] = person{called: called, truth: truth, known: known}
	}
	return nil
}

// follow reads the output topics from goroutines of their own until ctx ends;
// the returned function waits for them.
func (w *witness) follow(ctx context.Context, c *kafka.Client, from replay.Mark) func() error {
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
			w.say("early warning  %s  %s", short(r.Terminal), r.ExceptionID)
		}
	case *record.Verdict:
		w.verdict(r)
	case *record.IsolationCommand:
		if o := w.of(r.Terminal); o.command.Sequence == 0 && r.Action != record.ActionRelease {
			o.command = *r
			w.say("isolation      %s  %s", short(r.Terminal), order(r))
			if w.ordered == 0 {
				w.ordered = time.Since(w.began)
			}
		}
	}
}

// verdict keeps, of the worst class a terminal reached, when it came and the
// verdict with the most evidence: a later one tells of what has faded.
func (w *witness) verdict(v *record.Verdict) {
	o := w.of(v.Terminal)
	if v.Status == record.StatusCleared {
		return
	}
	worse := o.worst.Class == record.ClassUnknown || v.Class < o.worst.Class
	if worse {
		o.raised = v.DecidedAt
		w.say("verdict        %s  %s: %s", short(v.Terminal), v.Class, reasons(v))
	}
	if worse || v.Class == o.worst.Class && v.Evidence > o.worst.Evidence {
		o.worst = *v
	}
}

// say prints one event, with the wall time since the replay began.
func (w *witness) say(format string, args ...any) {
	w.erase()
	fmt.Fprintln(w.out, cut(fmt.Sprintf("%6.1f s  ", time.Since(w.began).Seconds())+fmt.Sprintf(format, args...)))
}

// line shows how far the replay is, on terminals only.
func (w *witness) line(n int64, at record.Micros) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tty {
		fmt.Fprintf(w.out, "\r\x1b[K%6.1f s  %d records, %s of their time", time.Since(w.began).Seconds(), n, span(at.Duration()))
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
