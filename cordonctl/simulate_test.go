package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cordon/internal/capture"
	"cordon/internal/raw"
)

// fleet are the flags of a small fleet with an outbreak.
var fleet = []string{"simulate", "--terminals", "30", "--duration", "8m", "--attack", "scan:1@3m"}

// simulatedFile makes up a fleet into a new folder and returns the file.
func simulatedFile(t *testing.T, name string, flags ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	run(t, append(append(append([]string{}, fleet...), flags...), "--out", path)...).expect(t, 0, "30 terminals", "1 of them attacked", "backtest "+path)
	return path
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Contracts section 9: "The same seed gives the same bytes."
func TestSimulateSameSeedSameBytes(t *testing.T) {
	for _, name := range []string{"fleet.jsonl", "fleet.avro"} {
		first := simulatedFile(t, name)
		again, other := simulatedFile(t, name), simulatedFile(t, name, "--seed", "2")
		if !bytes.Equal(content(t, first), content(t, again)) {
			t.Errorf("%s: two runs with the same seed differ", name)
		}
		if bytes.Equal(content(t, first), content(t, other)) {
			t.Errorf("%s: seeds 1 and 2 give the same", name)
		}
		truth := content(t, filepath.Join(filepath.Dir(first), "truth.csv"))
		if !bytes.Equal(truth, content(t, filepath.Join(filepath.Dir(again), "truth.csv"))) {
			t.Errorf("%s: the truth of two runs differs", name)
		}
		lines := strings.Split(strings.TrimSpace(string(truth)), "\n")
		if len(lines) != 2 || lines[0] != "source,label,start,end,exceptionId,kind,class" || !strings.Contains(lines[1], ",malicious,2026-01-01T00:03:0") {
			t.Errorf("%s: truth.csv: got %q, want the header and one malicious terminal from 00:03 on", name, lines)
		}
	}
}

// records reads a file back as backtest does.
func records(t *testing.T, path string) [][]byte {
	t.Helper()
	source, err := capture.Open([]string{path}, capture.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	var all [][]byte
	var r raw.Telemetry
	for {
		switch err := source.Next(&r); {
		case errors.Is(err, io.EOF):
			if p := source.Problems(); len(p) > 0 {
				t.Fatalf("%s: %v", path, p)
			}
			return all
		case err != nil:
			t.Fatal(err)
		}
		all = append(all, raw.AppendTelemetry(nil, &r))
	}
}

func TestSimulateFormatsHoldTheSame(t *testing.T) {
	lines, container := records(t, simulatedFile(t, "fleet.jsonl")), records(t, simulatedFile(t, "fleet.avro"))
	if len(lines) != len(container) || len(lines) < 1000 {
		t.Fatalf("%d records in JSON lines, %d in the container; want the same number, some thousands", len(lines), len(container))
	}
	for i := range lines {
		if !bytes.Equal(lines[i], container[i]) {
			t.Fatalf("record %d differs between the formats", i)
		}
	}
}

// Records that a probe of the fleet sends twice come to the collector as such, and
// it drops one of each.
func TestSimulatedRepeatsAreDropped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fleet.jsonl")
	run(t, "simulate", "--terminals", "100", "--duration", "1h", "--out", path).expect(t, 0)
	all, repeats := records(t, path), 0
	for i := range all {
		if i > 0 && bytes.Equal(all[i], all[i-1]) {
			repeats++
		}
	}
	if repeats == 0 {
		t.Fatalf("%d records, none of them twice", len(all))
	}
	run(t, "backtest", path, "--partitions", "3", "--json").
		expect(t, 0, fmt.Sprintf(`"records":%d`, len(all)), fmt.Sprintf(`"accepted":%d`, len(all)-repeats))
}

func TestSimulateSaysWhatItMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fleet.jsonl")
	o := run(t, append(append([]string{}, fleet...), "--out", path, "--json", "--start", "2026-05-04T10:00:00Z")...)
	o.expect(t, 0, `"terminals":30`, `"start":"2026-05-04T10:00:00.000000Z"`, `"end":"2026-05-04T10:08:00.000000Z"`, `"attacked":1`, `"truth":"`)
	if o.told != "" {
		t.Errorf("standard error with --json: %q, want nothing", o.told)
	}
}

// An interrupted simulation leaves no file that could be taken for a whole one,
// and does not report success.
func TestSimulateInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	runIn(ctx, append(append([]string{}, fleet...), "--out", filepath.Join(dir, "fleet.avro"))...).expect(t, 1, "interrupted")
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("it left %v, want nothing", left)
	}
}

func TestSimulateIntoDeployment(t *testing.T) {
	at := deployed(t)
	run(t, append([]string{"simulate", "--terminals", "3"}, at...)...).expect(t, 2, "topics create")
	create(t, at, "2")
	truth := filepath.Join(t.TempDir(), "truth.csv")
	o := run(t, append([]string{"simulate", "--terminals", "20", "--duration", "2m", "--attack", "beacon:1@1m", "--truth", truth}, at...)...)
	o.expect(t, 0, "written to the deployment", "cordonctl tail verdicts")
	if !strings.Contains(string(content(t, truth)), "malicious") {
		t.Errorf("truth: got %q, want one malicious terminal", content(t, truth))
	}
	if n := countRecords(t, at, "telemetry.raw"); n < 20 {
		t.Errorf("%d records in telemetry.raw, want at least one per terminal", n)
	}
}
