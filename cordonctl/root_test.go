package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// eachCommand calls fn for every command below c that people use.
func eachCommand(c *cobra.Command, fn func(*cobra.Command)) {
	for _, sub := range c.Commands() {
		if sub.Name() == "help" || sub.Name() == "completion" {
			continue
		}
		fn(sub)
		eachCommand(sub, fn)
	}
}

// Contracts section 9: "Every command: --help with an example, --json, --quiet".
func TestEveryCommandHasHelp(t *testing.T) {
	seen := 0
	eachCommand(root(), func(c *cobra.Command) {
		seen++
		args := append(strings.Fields(c.CommandPath())[1:], "--help")
		o := run(t, args...)
		o.expect(t, 0, "Examples:", "cordonctl ", "--json", "--quiet")
		if c.Example == "" || c.Short == "" {
			t.Errorf("%s: example %q, short %q; want both", c.CommandPath(), c.Example, c.Short)
		}
		if !strings.Contains(c.Example, c.CommandPath()) {
			t.Errorf("%s: its example does not use it: %s", c.CommandPath(), c.Example)
		}
		if c.HasLocalFlags() && !c.HasSubCommands() && len(c.Long) < 100 && c.Name() != "version" {
			t.Errorf("%s: its help teaches nothing: %q", c.CommandPath(), c.Long)
		}
	})
	if seen < 12 {
		t.Errorf("%d commands, want at least 12", seen)
	}
}

// Contracts section 9: "2 wrong usage or configuration (the key or flag is
// named)", "3 a needed system is not reachable (named, with the remedy)".
func TestExitCodes(t *testing.T) {
	const nobody = "127.0.0.1:1"
	for _, c := range []struct {
		args string
		code int
		text string
	}{
		{"", 0, "backtest capture.pcap"},
		{"version", 0, "cordonctl"},
		{"version --json", 0, `"version":`},
		{"version twice", 2, "cordonctl version --help"},
		{"foo", 2, `no command "foo"`},
		{"replai", 2, "did you mean replay?"},
		{"topics", 0, "create"},
		{"topics destroy", 2, `cordonctl topics has no command "destroy"`},
		{"keys old", 2, `no command "old"`},
		{"config chek", 2, "did you mean check?"},
		{"--nope", 2, "--nope"},
		{"backtest", 2, "backtest --help"},
		{"backtest --partitions 0 x", 2, "--partitions 0"},
		{"backtest --partitions many x", 2, "--partitions"},
		{"backtest --config /nowhere x", 2, "--config"},
		{"backtest --config a --config b --config c x", 2, "--config: have 3"},
		{"backtest --config /nowhere --config . x", 2, "--config"},
		{"backtest --config . --config /nowhere x", 2, "--config"},
		{"backtest --config . --config . /dev/null", 2, "read twice"},
		{"backtest --local 10.0.0.1 x", 2, "--local 10.0.0.1: not a CIDR"},
		{"backtest --terminal ten x", 2, "--terminal ten"},
		{"backtest --key-file /nowhere x", 2, "--key-file"},
		{"backtest --format word x", 2, "--format word"},
		{"backtest --report-interval 0s x", 2, "--report-interval 0s"},
		{"backtest --snssai gold x", 2, "--snssai gold"},
		{"backtest --snssai 256 x", 2, "--snssai 256"},
		{"backtest /nowhere.pcap", 2, "/nowhere.pcap"},
		{"evaluate", 2, "--verdicts"},
		{"evaluate --verdicts x", 2, "--terminals"},
		{"evaluate --verdicts x --terminals x", 2, "--truth"},
		{"evaluate --verdicts /nowhere --terminals x --truth x", 2, "--verdicts"},
		{"evaluate --verdicts x --terminals x --truth x --grace -1s", 2, "--grace"},
		{"evaluate --verdicts x --terminals x --truth x --gate scan", 2, "malicious.falseRate<=1e-6"},
		{"evaluate --verdicts x --terminals x --truth x --gate scan.recall>=1", 2, "recall"},
		{"replay --speed 2 x", 2, "--speed 2"},
		{"replay --start-at noon x", 2, "--start-at"},
		{"replay --start-at now x", 2, "--speed real"},
		{"replay --start-at now --end-at now --speed real x", 2, "only one"},
		{"replay --terminals-out x x", 2, "--key-file"},
		{"tail", 2, "tail --help"},
		{"tail verdicts --terminal xyz", 2, "--terminal"},
		{"tail telemetry.raw --brokers " + nobody, 2, "subscribers"},
		{"tail verdicts --brokers " + nobody, 3, nobody},
		{"topics create --partitions 0", 2, "--partitions 0"},
		{"topics create --brokers " + nobody, 3, "kafka.brokers"},
		{"topics create --brokers " + nobody, 3, "--brokers, CORDON_KAFKA_BROKERS"},
		{"topics create --brokers nonsense", 2, "--brokers"},
		{"topics create --prefix a/b", 2, "--prefix"},
		{"doctor --brokers " + nobody, 3, "problem"},
		{"doctor --dead-letters 0", 2, "--dead-letters 0"},
		{"explain", 2, "want cordonctl explain TERMINAL [flags], have 0 arguments; see cordonctl explain --help"},
		{"explain 3g", 2, `"3g"`},
		{"explain 3f --verdicts /nowhere", 2, "--verdicts"},
		{"explain 3f --verdicts x --brokers " + nobody, 2, "--verdicts"},
		{"explain 3f --scorer-config /nowhere", 2, "--scorer-config"},
		{"explain 3f --brokers " + nobody, 3, nobody},
		{"simulate", 2, "--out"},
		{"simulate --out x.csv", 2, "--out x.csv"},
		{"simulate --out x.jsonl --live", 2, "--out"},
		{"simulate --out x.jsonl --attack scan", 2, "--attack"},
		{"simulate --out x.jsonl --attack fire:1@1m", 2, "fire"},
		{"simulate --out x.jsonl --terminals 0", 2, "terminals"},
		{"simulate --out x.jsonl --start yesterday", 2, "--start yesterday"},
		{"simulate --out /nowhere/x.jsonl", 2, "--out"},
		{"simulate --brokers " + nobody, 3, nobody},
		{"config check", 2, "--dir"},
		{"config check --dir /nowhere", 2, "--dir"},
		{"config check --program gateway", 2, "--program gateway"},
		{"config check x.yaml", 2, "--program"},
		{"config check collector.yaml --dir .", 2, "--dir"},
	} {
		t.Run(c.args, func(t *testing.T) { run(t, strings.Fields(c.args)...).expect(t, c.code, c.text) })
	}
}
