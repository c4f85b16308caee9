package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"cordon/internal/backtest"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// The table shows the worst first, each with what came of it, and counts the
// rest.
func TestTableWorstFirst(t *testing.T) {
	r, err := newResults("")
	if err != nil {
		t.Fatal(err)
	}
	names := map[record.Pseudonym]string{}
	for i := range 25 {
		v := verdicts()[0]
		v.Terminal = record.Pseudonym{byte(i + 1)}
		v.Evidence += int64(i)
		names[v.Terminal] = fmt.Sprintf("10.0.0.%d", i+1)
		r.note(backtest.Output{Topic: stream.Verdicts}, &v)
	}
	worst := verdicts()[1] // of a case that was raised as WATCH
	worst.Terminal = record.Pseudonym{7}
	r.note(backtest.Output{Topic: stream.Verdicts}, &worst)
	r.note(backtest.Output{Topic: stream.VerdictsEarly}, &record.EarlyWarning{Terminal: worst.Terminal, OccurredAt: record.Minute})
	r.note(backtest.Output{Topic: stream.IsolationRehearsal}, &record.IsolationCommand{
		Terminal: worst.Terminal, Sequence: 1, Action: record.ActionRateLimit, Mode: record.ModeDryRun,
	})
	var out bytes.Buffer
	r.table(&out, names)
	text := out.String()
	for _, want := range []string{"MALICIOUS  07", "10.0.0.7", "early warning  1970-01-01T00:01:00", "RATE_LIMIT", "(DRY_RUN)", "and 5 more", "+17.000 nats"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if at := strings.Index(text, "MALICIOUS  07"); at < 0 || at > strings.Index(text, "WATCH  ") {
		t.Errorf("the worst is not the first:\n%s", text)
	}
	if r.summary.Raised["WATCH"] != 24 || r.summary.Raised["MALICIOUS"] != 1 || r.summary.Commands["RATE_LIMIT"] != 1 {
		t.Errorf("summary %+v, want 24 WATCH, 1 MALICIOUS and 1 RATE_LIMIT", r.summary)
	}
}

// A terminal may have several cases: the command shown is the one that answered
// the worst verdict, in whatever order verdicts and commands were read.
func TestAnswerBelongsToTheWorstVerdict(t *testing.T) {
	command := func(at record.Micros, action record.Action) record.IsolationCommand {
		return record.IsolationCommand{IssuedAt: at, Action: action}
	}
	block, limit, release := record.ActionBlockDestination, record.ActionRateLimit, record.ActionRelease
	for name, c := range map[string]struct {
		commands []record.IsolationCommand
		want     record.Micros // when it was issued; -1: none
	}{
		"nothing ordered":      {nil, -1},
		"held already":         {[]record.IsolationCommand{command(5, limit)}, 5},
		"replaced by it":       {[]record.IsolationCommand{command(5, limit), command(10, block), command(15, limit)}, 10},
		"of an earlier case":   {[]record.IsolationCommand{command(5, limit), command(8, release), command(11, block), command(12, limit)}, 11},
		"only of an early one": {[]record.IsolationCommand{command(5, limit), command(8, release)}, -1},
		"released later":       {[]record.IsolationCommand{command(5, limit), command(18, release)}, 5},
	} {
		f := finding{worst: record.Verdict{DecidedAt: 10}, commands: c.commands}
		got := record.Micros(-1)
		if answer := f.answer(); answer != nil {
			got = answer.IssuedAt
		}
		if got != c.want {
			t.Errorf("%s: the command of %d, want that of %d", name, got, c.want)
		}
	}
}

func TestAim(t *testing.T) {
	block := record.Target{Destinations: []record.TargetDestination{{Protocol: 17, Address: netip.MustParseAddr("192.0.2.1"), Port: 53}}}
	limit := record.Target{UplinkBitsPerSecond: record.Some[int64](8000)}
	for _, c := range []struct {
		target record.Target
		want   string
	}{{record.Target{}, ""}, {block, " 192.0.2.1 port 53, udp"}, {limit, " 8000 bit/s up"}} {
		if got := aim(c.target); got != c.want {
			t.Errorf("aim(%+v) = %q, want %q", c.target, got, c.want)
		}
	}
}

func TestCounts(t *testing.T) {
	for _, c := range []struct {
		counts map[string]int64
		want   string
	}{{nil, "none"}, {map[string]int64{"B": 2, "A": 1}, "1 A, 2 B"}} {
		if got := counts(c.counts); got != c.want {
			t.Errorf("counts(%v) = %q, want %q", c.counts, got, c.want)
		}
	}
}

func TestNats(t *testing.T) {
	for milliNats, want := range map[int64][2]string{0: {"0.0", "0.000"}, 12_345: {"12.3", "12.345"}, -1: {"-0.0", "-0.001"}, -1500: {"-1.5", "-1.500"}} {
		if got := [2]string{nats(milliNats), milli(milliNats)}; got != want {
			t.Errorf("%d milli-nats: %q, want %q", milliNats, got, want)
		}
	}
}
