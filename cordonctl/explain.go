package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cordon/internal/config"
	"cordon/internal/failure"
	"cordon/internal/record"
	scorersettings "cordon/internal/settings/scorer"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
	scorer "cordon/scorer/task"
)

// explainFlags are the flags of explain.
type explainFlags struct {
	connection
	verdicts string
	scorer   string
	html     string
	choice   choice
}

func explainCommand() *cobra.Command {
	var f explainFlags
	c := &cobra.Command{
		Use:   "explain TERMINAL",
		Short: "say why a terminal has its verdict, and check the sum",
		Long: `explain shows the gravest verdict of the newest case about a terminal and adds it
up again, line by line: what each family of detectors contributes and what comes of
computing that from the numbers it shows, the total against the thresholds, the rule that made the class, what would have to be
different, and how the evidence went since the case was raised. --sequence and
--at choose another verdict. --html writes the same as a page
with a plot, one file that can be kept with a ticket and read offline.

Evidence is counted in nats, the natural logarithm of how much better "it was
taken over" explains what was seen than "it is as always": 20 nats are odds of
500 million to one before anything else is considered. A family is bounded, so
that no single observation decides.

TERMINAL is a pseudonym, as backtest and tail print it, or the first digits of
one. The verdicts come from a backtest (--verdicts) or from the deployment. If
the numbers of a verdict do not add up, explain says so and exits with 1.`,
		Example: `  cordonctl explain 3f2a --verdicts result/verdicts.jsonl
  cordonctl explain 3f2a91 --brokers kafka:9092
  cordonctl explain 3f2a91 --verdicts result/verdicts.jsonl --html case.html
  cordonctl explain 3f2a --verdicts result/verdicts.jsonl --at 2026-05-04T10:00:00Z
  cordonctl explain 3f2a91 --scorer-config scorer.yaml --json`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return runExplain(c, &f, args[0]) },
	}
	f.connection.add(c)
	c.Flags().StringVar(&f.verdicts, "verdicts", "", "`FILE`, the verdicts.jsonl of a backtest (default: the topic of the deployment)")
	c.Flags().StringVar(&f.scorer, "scorer-config", "", "the scorer's YAML `FILE`, for its thresholds (default: the shipped ones)")
	c.Flags().Int64Var(&f.choice.sequence, "sequence", 0, "`NUMBER` of the verdict to explain (default: the gravest of the newest case)")
	c.Flags().StringVar(&f.choice.at, "at", "", "`TIME` (RFC 3339); explains the verdict that was the newest then")
	c.Flags().StringVar(&f.html, "html", "", "`FILE` to write as a page with a plot, in place of the text")
	return c
}

func runExplain(c *cobra.Command, f *explainFlags, prefix string) error {
	prefix = strings.ToLower(prefix)
	if !isPrefix(prefix) {
		return failure.Usage(fmt.Errorf("TERMINAL %q: want the first digits of a pseudonym, 1 to 32 of 0-9 and a-f; terminals.csv of backtest --out says whose is which", prefix))
	}
	if f.verdicts != "" && f.given() {
		return failure.Usage(errors.New("--verdicts reads a file, so --brokers, --config and --prefix do not go with it"))
	}
	cfg, err := scorerSettings(f.scorer)
	if err != nil {
		return err
	}
	found := history{prefix: prefix, cases: map[record.Pseudonym][]record.Verdict{}}
	if f.verdicts != "" {
		err = found.readFile(f.verdicts)
	} else {
		err = f.readTopic(c, &found)
	}
	if err != nil {
		return err
	}
	verdicts, err := found.only()
	if err != nil {
		return err
	}
	chosen, err := f.choice.of(verdicts)
	if err != nil {
		return err
	}
	e := explain(verdicts, chosen, thresholdsOf(cfg, verdicts[chosen].ConfigDigest))
	if f.html != "" {
		err = e.writeHTML(f.html)
	} else {
		err = e.print(c)
	}
	if err != nil {
		return err
	}
	if !e.Consistent {
		return errors.New("the verdict does not add up; see the lines that say WRONG")
	}
	return nil
}

// scorerSettings reads the scorer's configuration; the environment counts as
// for the scorer.
func scorerSettings(path string) (scorer.Settings, error) {
	cfg, err := config.Load(config.Options[scorer.Settings]{Program: "scorer", Path: path, Defaults: scorersettings.Default(), Environ: os.Environ()})
	if err != nil && path != "" {
		return cfg.Settings, fmt.Errorf("--scorer-config: %w", err)
	}
	return cfg.Settings, err
}

// isPrefix reports whether text begins a pseudonym.
func isPrefix(text string) bool {
	digits := text
	if len(digits)%2 == 1 {
		digits += "0"
	}
	_, err := hex.DecodeString(digits)
	return err == nil && len(text) >= 1 && len(text) <= 2*len(record.Pseudonym{})
}

// history gathers the verdicts about the terminals whose pseudonym begins with
// a prefix.
type history struct {
	prefix string
	cases  map[record.Pseudonym][]record.Verdict
}

func (h *history) add(v record.Verdict) {
	if strings.HasPrefix(v.Terminal.String(), h.prefix) {
		h.cases[v.Terminal] = append(h.cases[v.Terminal], v)
	}
}

// readFile reads a verdicts.jsonl.
func (h *history) readFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return failure.Usage(fmt.Errorf("--verdicts: %w", err))
	}
	defer file.Close()
	lines := bufio.NewReaderSize(file, 1<<20)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if text := strings.TrimSpace(string(line)); text != "" {
			var v record.Verdict
			if err := record.ParseJSON([]byte(text), &v); err != nil {
				return failure.Usage(fmt.Errorf("--verdicts: %s:%d: %w; name the verdicts.jsonl that backtest --out wrote", path, number, err))
			}
			h.add(v)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("--verdicts: %w", err)
		}
	}
}

// readTopic reads the verdicts of the deployment.
func (f *explainFlags) readTopic(c *cobra.Command, h *history) error {
	client, err := f.dial(c)
	if err != nil {
		return err
	}
	defer client.Close()
	counts, err := client.Counts(c.Context())
	if err != nil {
		return err
	}
	if counts[stream.Verdicts] == 0 {
		return failure.Usage(errors.New("there is no topic verdicts with this prefix; see cordonctl doctor, or name a file with --verdicts"))
	}
	bar := newProgress(c)
	defer bar.end()
	for p := range counts[stream.Verdicts] {
		if err := h.readPartition(c.Context(), client, p); err != nil {
			return err
		}
		bar.at(int64(p+1), int64(counts[stream.Verdicts]), "verdicts read")
	}
	return nil
}

func (h *history) readPartition(ctx context.Context, client *kafka.Client, p int32) error {
	return client.Read(ctx, stream.Partition{Topic: stream.Verdicts, ID: p}, 0, func(b stream.Batch) error {
		for _, r := range b.Records {
			var v record.Verdict
			if !strings.HasPrefix(hex.EncodeToString(r.Key), h.prefix) || record.NameOf(r.Value) != "Verdict" || record.DecodeInto(r.Value, &v) != nil {
				continue
			}
			h.add(v)
		}
		return nil
	})
}

// ambiguous is how many pseudonyms are listed when a prefix fits several.
const ambiguous = 5

// only returns the verdicts of the one terminal found, in their order, each
// once: a scorer that was restarted may repeat some.
func (h *history) only() ([]record.Verdict, error) {
	if len(h.cases) == 0 {
		return nil, fmt.Errorf("no verdict about a terminal whose pseudonym begins with %s; backtest and replay --wait list those with one", h.prefix)
	}
	if len(h.cases) > 1 {
		var names []string
		for id := range h.cases {
			names = append(names, id.String())
		}
		slices.Sort(names)
		rest := ""
		if n := len(names) - ambiguous; n > 0 {
			rest = fmt.Sprintf(" and %d more", n)
		}
		return nil, failure.Usage(fmt.Errorf("TERMINAL %s fits several: %s%s; give more digits", h.prefix, strings.Join(names[:min(len(names), ambiguous)], ", "), rest))
	}
	var list []record.Verdict
	for _, list = range h.cases {
	}
	slices.SortStableFunc(list, func(a, b record.Verdict) int {
		return cmp.Or(cmp.Compare(a.StateGeneration, b.StateGeneration), cmp.Compare(a.Sequence, b.Sequence))
	})
	return slices.CompactFunc(list, func(a, b record.Verdict) bool {
		return a.StateGeneration == b.StateGeneration && a.Sequence == b.Sequence
	}), nil
}
