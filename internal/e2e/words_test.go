package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cordon/internal/stream"
)

// What a newcomer meets first when something is missing: the exit code and the
// words that name the thing and the remedy.
func TestWhatIsMissingIsNamed(t *testing.T) {
	if err := build(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	open := write("open.key", "{}")
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		program string
		args    []string
		code    int
		words   []string
	}{
		{"no key", "collector", nil, 2, []string{"keys.file", "cordonctl keys new"}},
		{"key that is not there", "collector", []string{"--keys.file", filepath.Join(dir, "none")}, 2, []string{"keys.file", "cordonctl keys new"}},
		{"key that others may read", "collector", []string{"--keys.file", open}, 2, []string{"chmod 600"}},
		{"key that is none", "collector", []string{"--keys.file", write("bad.key", "secret")}, 2, []string{"bad.key"}},
		{"unknown key", "scorer", []string{"--config", write("scorer.yaml", "latenes: 20s\n")}, 2, []string{"latenes", "lateness", "scorer.yaml"}},
		{"duration without unit", "scorer", []string{"--config", write("unit.yaml", "lateness: 20\n")}, 2, []string{"lateness", "20s"}},
		{"unknown flag", "enforcer", []string{"--mod", "ENFORCE"}, 2, []string{"--mod", "enforcer --help"}},
		{"wrong mode", "enforcer", []string{"--mode", "ON"}, 2, []string{"mode", "DRY_RUN", "ENFORCE"}},
		{"no broker", "enforcer", []string{"--kafka.brokers", "127.0.0.1:1", "--kafka.start_timeout", "1s", "--http.listen", "off"}, 3, []string{"127.0.0.1:1", "kafka.brokers"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command(filepath.Join(binaries, c.program), c.args...)
			text, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != c.code {
				t.Errorf("exit code %d, want %d\n%s", code, c.code, text)
			}
			for _, w := range c.words {
				if !strings.Contains(string(text), w) {
					t.Errorf("%q is not in:\n%s", w, text)
				}
			}
			if strings.Contains(string(text), "secret") {
				t.Errorf("the key file's text is shown:\n%s", text)
			}
		})
	}
}

// A key other than the one the state was sealed with stops the collector with
// the remedy, and nothing is written under the wrong key.
func TestWrongKeyStops(t *testing.T) {
	d := deploy(t, 1)
	d.startAll()
	d.replayed(marked(), 0, nil)
	d.stop("collector")
	before := len(d.records(stream.Telemetry))
	if err := os.Remove(filepath.Join(d.dir, "pseudonym.key")); err != nil {
		t.Fatal(err)
	}
	d.newKey()
	p := d.launch("collector")
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		t.Fatalf("the collector still runs under another key after 30 s:\n%s", d.tail("collector"))
	}
	text, _ := os.ReadFile(p.log)
	if code := p.cmd.ProcessState.ExitCode(); code == 0 || !strings.Contains(string(text), "keys.file") {
		t.Errorf("exit code %d, want a failure that names keys.file:\n%s", code, d.tail("collector"))
	}
	if after := len(d.records(stream.Telemetry)); after != before {
		t.Errorf("%d records were written under another key", after-before)
	}
}
