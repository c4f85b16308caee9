package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cordon/collector/keyfile"
)

// keyIn makes a key file in a folder.
func keyIn(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "pseudonym.key")
	if err := keyfile.Create(path, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	return path
}

// folder makes a folder of configuration files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestConfigCheckTellsEveryProblem(t *testing.T) {
	path := write(t, "scorer.yaml", "kafka:\n  brokr: [x]\nlateness: 20\ndecision:\n  watch: 1\n")
	o := run(t, "config", "check", path)
	o.expect(t, 2,
		path+":2: kafka.brokr: is not a key; did you mean kafka.brokers?",
		path+":3: lateness: 20 has no unit; write 20s",
		path+":5: decision.watch: ",
		"3 problems in the configuration")
}

func TestConfigCheckShowsWhatIsInForce(t *testing.T) {
	t.Setenv("CORDON_LOG_LEVEL", "debug")
	path := write(t, "scorer.yaml", "decision:\n  watch: 13000\n")
	o := run(t, "config", "check", path)
	o.expect(t, 0, "scorer, "+path+": ok", "decision.watch", "13000", "(milli-nats)", path+":2", "log.level", "CORDON_LOG_LEVEL", "2 of ")
	if strings.Contains(o.out, "flood.bytes") {
		t.Errorf("it shows keys at their defaults without --all:\n%s", o.out)
	}
}

// What --all prints is a file that check takes, with the same values.
func TestConfigCheckAllIsAFile(t *testing.T) {
	for _, program := range programNames {
		t.Run(program, func(t *testing.T) {
			t.Setenv("CORDON_KEYS_FILE", keyIn(t, t.TempDir()))
			all := run(t, "config", "check", "--program", program, "--all")
			all.expect(t, 0, "# "+program+", no file", "default")
			again := run(t, "config", "check", "--all", write(t, program+".yaml", all.out))
			again.expect(t, 0)
			if a, b := values(all.out), values(again.out); a != b {
				t.Errorf("read again it is\n%s\nwant\n%s", b, a)
			}
		})
	}
}

// values strips comments, for these tell where values came from.
func values(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimRight(line, " \n"); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func TestConfigCheckOpensWhatIsNamed(t *testing.T) {
	dir := t.TempDir()
	key := keyIn(t, dir)
	open := filepath.Join(dir, "open.key")
	if err := os.WriteFile(open, content(t, key), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		code int
		want string
	}{
		"good":       {"keys:\n  file: " + key, 0, "ok"},
		"no key":     {"log:\n  level: info", 2, "keys.file: is not set"},
		"absent key": {"keys:\n  file: /nowhere", 2, ":2: keys.file: "},
		"open key":   {"keys:\n  file: " + open, 2, "chmod 600"},
		"CA":         {"keys:\n  file: " + key + "\nkafka:\n  tls:\n    enabled: true\n    ca_file: /nowhere", 2, ":6: kafka.tls.ca_file: "},
		"password":   {"keys:\n  file: " + key + "\nkafka:\n  sasl:\n    mechanism: plain\n    username: me\n    password_file: /nowhere", 2, ":7: kafka.sasl.password_file: "},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, "config", "check", write(t, "collector.yaml", c.text)).expect(t, c.code, c.want)
		})
	}
}

// What works but should be meant is told, and is no problem.
func TestConfigCheckCautions(t *testing.T) {
	key := filepath.Join(t.TempDir(), "DEV-pseudonym.key")
	if err := keyfile.Create(key, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	dir := folder(t, map[string]string{
		"collector.yaml": "keys:\n  file: " + key + "\nkafka:\n  brokers: ['127.0.0.1:9092', 'kafka:9092']\n",
		"enforcer.yaml":  "mode: ENFORCE\n",
	})
	run(t, "config", "check", "--dir", dir).expect(t, 0, "caution  ", "DEV key", "cross the network in clear", "mode is ENFORCE")
	for brokers, want := range map[string]bool{"127.0.0.1:1": true, "localhost:1": true, "[::1]:1": true, "10.0.0.1:1": false, "kafka:1": false, "x": false} {
		if got := onLoopback([]string{brokers}); got != want {
			t.Errorf("onLoopback(%q) = %v, want %v", brokers, got, want)
		}
	}
}

func TestConfigCheckFolder(t *testing.T) {
	key := keyIn(t, t.TempDir())
	dir := folder(t, map[string]string{"collector.yaml": "keys:\n  file: " + key + "\ntopics:\n  prefix: a.\n", "scorer.yaml": "topics:\n  prefix: a.\nlateness: 30s\n"})
	run(t, "config", "check", "--dir", dir).expect(t, 2,
		"enforcer, no file, defaults: 1 problem", "topics.prefix: is cordon. here and a. for the collector",
		filepath.Join(dir, "scorer.yaml")+":3: lateness: is 30s here and 20s for the collector", "2 problems")

	good := folder(t, map[string]string{"collector.yaml": "keys:\n  file: " + key + "\n"})
	run(t, "config", "check", "--dir", good).expect(t, 0, "collector", "scorer, no file, defaults: ok")
}

func TestConfigCheckJSON(t *testing.T) {
	dir := folder(t, map[string]string{"scorer.yaml": "lateness: 20\n", "enforcer.yaml": "mode: ENFORCE\n"})
	o := run(t, "config", "check", "--json", filepath.Join(dir, "scorer.yaml"), filepath.Join(dir, "enforcer.yaml"))
	o.expect(t, 2)
	var got []checkedConfig
	for line := range strings.Lines(o.out) {
		var one checkedConfig
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		got = append(got, one)
	}
	if len(got) != 2 || len(got[0].Problems) != 1 || got[0].Problems[0].Line != 1 || got[0].Problems[0].Key != "lateness" || len(got[0].Settings) != 0 {
		t.Errorf("got %+v, want one problem of scorer.yaml with its line and key", got)
	}
	if mode, _ := got[1].value("mode"); mode != "ENFORCE" || len(got[1].Problems) != 0 {
		t.Errorf("enforcer: mode %q, problems %v; want ENFORCE, none", mode, got[1].Problems)
	}
}

// The ranges in the tags are all that bounds a number: the tasks take single
// keys as they are.
func TestEveryNumberHasItsBounds(t *testing.T) {
	for program, check := range programs {
		checked, err := check("", []string{})
		if err != nil {
			t.Fatal(err)
		}
		numbers := 0
		for _, s := range checked.Settings {
			switch s.Type {
			case "whole number", "duration", "size":
				numbers++
				low, high, ranged := strings.Cut(s.Allowed, "..")
				if !ranged || low == "" || high == "" {
					t.Errorf("%s: %s allows %q, want a lowest and a highest value", program, s.Name, s.Allowed)
				}
			}
		}
		if program != "collector" && numbers == 0 { // without a key file nothing of the collector is in force
			t.Errorf("%s: no key with a number was looked at", program)
		}
	}
}
