package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cordon/internal/failure"
	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

// State of one line of the checklist.
const (
	stateOK      = "ok"
	stateWarning = "warning" // works, but should be known
	stateProblem = "problem" // to be mended
)

// diagnosis is one line of the checklist.
type diagnosis struct {
	State  string `json:"state"`
	What   string `json:"what"`
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
}

func doctorCommand() *cobra.Command {
	var n connection
	var letters int
	c := &cobra.Command{
		Use:   "doctor",
		Short: "look at a running deployment and say what is wrong, and what to do",
		Long: `doctor connects to the deployment, reads and changes nothing, and prints a
checklist: brokers, topics and their settings, whether each program moves and how
far behind it is, the clock of every raw partition, the watermark of every
verdicts partition, dead letters by reason, and whether the enforcer orders or
only rehearses. A line is ok, a warning (it works, but you should know) or a
problem, with what to do about it.

The clock of a raw partition is up to where its probes have reported: ACTIVE moves
with them, IDLE with the wall clock while they are silent, EMPTY never had one,
STALLED is not waited for: it cannot be read, its probes stopped writing Clocks, or
its collector is silent; DATA_LOSS lost records before they were read. A source that
is too far behind the others is SKEWED and not waited for. The line alignment names
the raw partition the others wait for, and how old telemetry may be for a replay.
The watermark is the oldest clock less the lateness: up to there everything is
decided, so one slow probe delays every verdict.

Exit code 0: no problem; 1: a problem; 3: no broker could be reached.`,
		Example: `  cordonctl doctor
  cordonctl doctor --brokers kafka:9092 --prefix trial.
  cordonctl doctor --json | jq 'select(.state != "ok")'`,
		Args: arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return runDoctor(c, &n, letters) },
	}
	n.add(c)
	c.Flags().IntVar(&letters, "dead-letters", 1000, "how many of the newest dead letters of each partition to look at")
	return c
}

func runDoctor(c *cobra.Command, n *connection, letters int) error {
	if letters < 1 {
		return failure.Usage(fmt.Errorf("--dead-letters %d: want 1 or more", letters))
	}
	cfg, err := n.load()
	if err != nil {
		return err
	}
	client, err := n.dial(c)
	if err != nil {
		return errors.Join(unreached(c, err), err)
	}
	defer client.Close()
	d := &doctor{client: client, now: record.MicrosOf(time.Now()), letters: int64(letters), prefix: cfg.Topics.Prefix}
	d.tell(stateOK, "broker", inWordsOf(cfg))
	bar := newProgress(c)
	d.examine(c.Context(), func(done, all int, what string) { bar.at(int64(done), int64(all), what) })
	bar.end()
	if c.Context().Err() != nil {
		return errInterrupted
	}
	return d.print(c)
}

// unreached prints the only line there is without a broker.
func unreached(c *cobra.Command, err error) error {
	var down *failure.Unreachable
	if !errors.As(err, &down) {
		return nil
	}
	f := diagnosis{State: stateProblem, What: "broker", Text: fmt.Sprintf("%s is not reachable: %v", down.Address, down.Err), Remedy: down.Remedy}
	if asJSON(c) {
		return printJSON(c.OutOrStdout(), f)
	}
	return f.print(c)
}

// doctor looks at one deployment.
type doctor struct {
	client  *kafka.Client
	now     record.Micros
	letters int64
	prefix  string

	counts   map[stream.Topic]int32
	clocks   map[int32]said[record.SourceClock] // by raw partition
	findings []diagnosis
}

func (d *doctor) tell(state, what, text string) { d.advise(state, what, text, "") }

func (d *doctor) advise(state, what, text, remedy string) {
	d.findings = append(d.findings, diagnosis{state, what, text, remedy})
}

// examine goes through the checklist in the order of the flow. What cannot be
// read is a problem of its own and does not end the examination.
func (d *doctor) examine(ctx context.Context, progress func(done, all int, what string)) {
	var err error
	if d.counts, err = d.client.Counts(ctx); err != nil {
		d.advise(stateProblem, "topics", fmt.Sprintf("cannot be listed: %v", err), "this principal needs DESCRIBE on the topics of the prefix")
		return
	}
	steps := []struct {
		what string
		do   func(context.Context) error
	}{
		{"topics", d.topics}, {"collector", d.collector}, {"collector", d.stage(collectorFlow)}, {"scorer", d.stage(scorerFlow)},
		{"verdicts", d.watermarks}, {"enforcer", d.stage(enforcerFlow)}, {"enforcer", d.mode}, {"dead letters", d.deadLetters},
	}
	for i, step := range steps {
		progress(i, len(steps), step.what)
		if err := d.attempt(ctx, step.do); err != nil && ctx.Err() == nil {
			d.advise(stateProblem, step.what, fmt.Sprintf("cannot be read: %v", err), "if it stays: look at the brokers' log; this principal needs READ and DESCRIBE on the topics of the prefix")
		}
	}
}

// attempts and attemptPause bound how long a step is tried again: leaders move
// in a second or two.
const (
	attempts     = 3
	attemptPause = time.Second
)

// attempt does a step, again where it fails; what the failed try told is
// forgotten.
func (d *doctor) attempt(ctx context.Context, step func(context.Context) error) error {
	told := len(d.findings)
	for try := 1; ; try++ {
		err := step(ctx)
		if err == nil || try == attempts {
			return err
		}
		d.findings = d.findings[:told]
		select {
		case <-ctx.Done():
			return err
		case <-time.After(attemptPause):
		}
	}
}

// print writes the checklist and returns an error if there is a problem.
func (d *doctor) print(c *cobra.Command) error {
	problems, warnings := 0, 0
	for _, f := range d.findings {
		switch f.State {
		case stateProblem:
			problems++
		case stateWarning:
			warnings++
		}
		if asJSON(c) {
			if err := printJSON(c.OutOrStdout(), f); err != nil {
				return err
			}
			continue
		}
		if err := f.print(c); err != nil {
			return err
		}
	}
	if problems > 0 {
		return fmt.Errorf("%s and %s; each line says what to do", plural(problems, "problem"), plural(warnings, "warning"))
	}
	return nil
}

func (f *diagnosis) print(c *cobra.Command) error {
	_, err := fmt.Fprintf(c.OutOrStdout(), "%-8s %-13s %s\n", f.State, f.What, f.Text)
	if err == nil && f.Remedy != "" {
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s→ %s\n", strings.Repeat(" ", 23), f.Remedy)
	}
	return err
}
