package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Contracts section 9: the same input gives byte-identical files, and which
// files there are.
func TestBacktestWritesTheSameFiles(t *testing.T) {
	input := simulatedFile(t, "fleet.avro")
	first, again := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	run(t, "backtest", "--out", first, input).expect(t, 0, "30 terminals", "1 MALICIOUS", "MALICIOUS  ", "early warning", "otherwise")
	t.Setenv("CORDON_DECISION_MALICIOUS", "60000") // a backtest depends on its arguments alone
	run(t, "backtest", "--out", again, input).expect(t, 0)
	for _, name := range []string{"verdicts.jsonl", "early.jsonl", "network.jsonl", "commands.jsonl", "deadletters.jsonl", "terminals.csv", "summary.json"} {
		if !bytes.Equal(content(t, filepath.Join(first, name)), content(t, filepath.Join(again, name))) {
			t.Errorf("%s differs between two runs over the same input", name)
		}
	}
	if rows := strings.Count(string(content(t, filepath.Join(first, "terminals.csv"))), "\n"); rows != 31 {
		t.Errorf("terminals.csv: %d lines, want the header and 30 terminals", rows)
	}
	summary := string(content(t, filepath.Join(first, "summary.json")))
	if strings.Contains(summary, "wallSeconds") {
		t.Errorf("summary.json holds the wall time: %s", summary)
	}
}

// The two commands of the README, one behind the other: what backtest writes,
// explain adds up, and what it explains is what backtest called the worst.
func TestBacktestThenExplain(t *testing.T) {
	out := t.TempDir()
	told := run(t, "backtest", "--out", out, simulatedFile(t, "fleet.jsonl"))
	told.expect(t, 0, "raised: 1 MALICIOUS, 0 MALFUNCTIONING, 0 WATCH", "worst verdict")
	path := filepath.Join(out, "verdicts.jsonl")
	line, _, _ := strings.Cut(string(content(t, path)), "\n")
	var v struct{ Terminal string }
	if err := json.Unmarshal([]byte(line), &v); err != nil {
		t.Fatal(err)
	}
	_, worst, _ := strings.Cut(told.out, "worst verdict")
	worst = strings.Fields(worst)[0]
	worst = strings.TrimSuffix(worst, ",")
	o := run(t, "explain", v.Terminal[:8], "--verdicts", path)
	o.expect(t, 0, "MALICIOUS  ", "UPDATED at "+worst, "the scan family alone reaches it", "since then", "CLEARED")
}

func TestBacktestJSON(t *testing.T) {
	o := run(t, "backtest", "--json", simulatedFile(t, "fleet.jsonl"))
	o.expect(t, 0, `"terminals":30`, `"MALICIOUS":1`, `"wallSeconds":`)
	if strings.Count(o.out, "\n") != 1 {
		t.Errorf("%q, want one line", o.out)
	}
}

// Contracts section 9: "4 done, but some input was rejected (counts and reasons
// printed)".
func TestBacktestRejectsSomeInput(t *testing.T) {
	good := `{"occurredAt":"2026-05-04T10:00:05Z","sourceId":"smf-1","supi":"imsi-001010000000001","session":{"event":"ESTABLISHED","causeClass":"NONE","emergency":false}}`
	for name, c := range map[string]struct{ line, text string }{
		"broken line":    {`{"occurredAt":`, "line 2"},
		"unknown key":    {`{"occurredAt":"2026-05-04T10:00:05Z","colour":"red"}`, "colour"},
		"wrong identity": {strings.Replace(good, "imsi-001010000000001", "imsi-1", 1), "INVALID_IDENTITY"},
	} {
		t.Run(name, func(t *testing.T) {
			out := t.TempDir()
			run(t, "backtest", "--out", out, write(t, "input.jsonl", good+"\n"+c.line+"\n"+good+"\n")).expect(t, 4, c.text, "of 1 terminal, ")
			if !strings.Contains(string(content(t, filepath.Join(out, "summary.json"))), `"accepted": 2`) {
				t.Errorf("summary: %s, want 2 accepted", content(t, filepath.Join(out, "summary.json")))
			}
		})
	}
}

func TestBacktestSaysWhenNothingIsOfATerminal(t *testing.T) {
	log := "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\n" +
		"1500000000.0\tC1\t8.8.8.8\t1\t9.9.9.9\t2\ttcp\n"
	run(t, "backtest", write(t, "conn.log", log)).expect(t, 0, "0 records of 0 terminals, in ", "--local CIDR")
}

func TestBacktestSaysWhatIsWrongWithAFile(t *testing.T) {
	const header = "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x01\x00\x00\x00"
	for name, c := range map[string]struct {
		content string
		code    int
		text    string
	}{
		"empty":          {"", 4, "the file is empty"},
		"something else": {"hello", 4, "known are pcap"},
		"cut header":     {header[:10], 4, "(the file ends in the middle)"},
		"cut packet":     {header + "\x00\x00", 4, "nothing could be used"},
		"no packets":     {header, 0, "no packet and no row"},
	} {
		t.Run(name, func(t *testing.T) { run(t, "backtest", write(t, "capture", c.content)).expect(t, c.code, c.text) })
	}
}

// A folder with a summary is whole.
func TestBacktestInterrupted(t *testing.T) {
	input, out := simulatedFile(t, "fleet.jsonl"), t.TempDir()
	if err := os.WriteFile(filepath.Join(out, "summary.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	runIn(ctx, "backtest", "--out", out, input).expect(t, 1, "interrupted", "incomplete")
	if _, err := os.Stat(filepath.Join(out, "summary.json")); !os.IsNotExist(err) {
		t.Errorf("summary.json of a former run is left: %v", err)
	}
}

func TestBacktestConfiguration(t *testing.T) {
	input := simulatedFile(t, "fleet.jsonl")
	off := folder(t, map[string]string{"scorer.yaml": "scan:\n  enabled: false\nflood:\n  enabled: false\n"})
	run(t, "backtest", "--json", "--config", off, input).expect(t, 0, `"MALICIOUS":0`)
	wrong := folder(t, map[string]string{"scorer.yaml": "scam:\n  enabled: false\n", "enforcer.yaml": "mode: MAYBE\n"})
	run(t, "backtest", "--config", wrong, input).expect(t, 2, "scam", "mode")
}
