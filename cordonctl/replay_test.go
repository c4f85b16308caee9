package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseSpeed(t *testing.T) {
	for text, want := range map[string]int64{"max": 0, "real": 1, "1x": 1, "60x": 60} {
		if got, err := parseSpeed(text); got != want || err != nil {
			t.Errorf("parseSpeed(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "0x", "-1x", "1.5x", "60", "fast"} {
		if got, err := parseSpeed(text); err == nil {
			t.Errorf("parseSpeed(%q) = %d, want an error", text, got)
		}
	}
}

func TestReplayNeedsTopics(t *testing.T) {
	run(t, append([]string{"replay", simulatedFile(t, "fleet.jsonl")}, deployed(t)...)...).expect(t, 2, "cordonctl topics create")
}

func TestReplayWrites(t *testing.T) {
	at := deployed(t)
	create(t, at, "2")
	input := simulatedFile(t, "fleet.jsonl")
	names := filepath.Join(t.TempDir(), "names.csv")
	o := run(t, append([]string{"replay", "--json", "--end-at", "now", "--terminals-out", names, "--key-file", keyIn(t, t.TempDir()), input}, at...)...)
	o.expect(t, 0, `"records":`, `"lastEvent":"`+time.Now().UTC().Format("2006-01-02"))
	if rows := strings.Count(string(content(t, names)), "\n"); rows != 31 {
		t.Errorf("%s: %d lines, want the header and 30 terminals", names, rows)
	}
	run(t, append([]string{"replay", "--wait", "--timeout", "1s", input}, at...)...).expect(t, 1, "not everything is decided", "doctor")
}

// Of a capture shifted to now the last seconds cannot be decided yet.
func TestReplayTellsUpToWhenItIsDecided(t *testing.T) {
	at := deployed(t)
	create(t, at, "1")
	stop := runPrograms(t, client(t, at))
	defer stop()
	args := []string{"replay", "--wait", "--timeout", "1m", "--end-at", "now", simulatedFile(t, "fleet.jsonl")}
	run(t, append(args, at...)...).expect(t, 0, "decided up to ", "follow as time goes on", "--key-file FILE")
}

func TestReplayInterrupted(t *testing.T) {
	at := deployed(t)
	create(t, at, "1")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	runIn(ctx, append([]string{"replay", "--speed", "real", simulatedFile(t, "fleet.jsonl")}, at...)...).expect(t, 1, "interrupted", "fresh prefix")
}

func TestTopicsCreate(t *testing.T) {
	at := deployed(t)
	run(t, append([]string{"topics", "create", "--partitions", "3"}, at...)...).expect(t, 0, "created 18 topics, 0 were there already")
	run(t, append([]string{"topics", "create", "--partitions", "3", "--json"}, at...)...).expect(t, 0, `"created":[]`)
}
