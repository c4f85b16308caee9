package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cordon/internal/config"
	"cordon/internal/simulate"
)

// classesIn writes a file of classes into a new folder.
func classesIn(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "classes.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The file that --print-classes writes makes the fleet that no file makes.
func TestPrintedClassesAreTheDefault(t *testing.T) {
	printed := run(t, "simulate", "--print-classes")
	printed.expect(t, 0, "classes:", "- name: meter", "keep_alive:")
	plain, described := simulatedFile(t, "fleet.jsonl"), simulatedFile(t, "fleet.jsonl", "--classes", classesIn(t, printed.out))
	if !bytes.Equal(content(t, plain), content(t, described)) {
		t.Error("the printed classes make another fleet than none")
	}
	run(t, "simulate", "--print-classes", "--json").expect(t, 0, `"meter":{`, `"reports.every":`)
}

// The example of the documentation works, and its classes are in the truth.
func TestClassesOfTheDocumentation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fleet.jsonl")
	run(t, "simulate", "--classes", "../docs/simulate-classes.yaml", "--terminals", "40", "--duration", "10m", "--attack", "scan/pump:1@3m", "--out", path).expect(t, 0, "40 terminals")
	if truth := content(t, filepath.Join(filepath.Dir(path), "truth.csv")); !bytes.Contains(truth, []byte(",scan,pump")) {
		t.Errorf("truth: %s; want a scan on a pump", truth)
	}
}

func TestClassesFromStandardInput(t *testing.T) {
	var out bytes.Buffer
	c := root()
	c.SetIn(strings.NewReader("classes: [{name: meter}]"))
	c.SetOut(&out)
	c.SetErr(&out)
	c.SetArgs([]string{"simulate", "--classes", "-", "--terminals", "5", "--duration", "2m", "--out", filepath.Join(t.TempDir(), "fleet.jsonl")})
	if err := execute(t.Context(), c); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
}

func TestClassesRefused(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", []string{"classes: is empty", "--print-classes"}},
		{"classes:\n  - name: meter\n    shaer: 3\n", []string{":3: classes[0].shaer", "did you mean share?"}},
		{"classes:\n  - name: meter\n    reports:\n      every: 10\n", []string{":4: classes[0].reports.every", "with its unit"}},
		{"classes:\n  - name: meter\n    reports:\n      up: 10..1\n", []string{":4: classes[0].reports.up", "lower end first"}},
		{"classes:\n  - name: meter\n  - name: toaster\n    share: 1\n", []string{":3: classes[1].like: is missing", "write like: and one of meter, tracker"}},
		{"classes:\n  - name: a\n    like: metre\n", []string{":3: classes[0].like", "write one of meter, tracker"}},
		{"classes:\n  - name: a\n    like: meter\n    share: 1\n    keep_alive: {every: 60s}\n", []string{":5: classes[0].keep_alive: a meter has none", "tracker, camera"}},
		{"classes:\n  - name: meter\n    slice: 1\n", []string{":3: classes[0].slice", `write it in quotes: "1"`}},
		{"classes:\n  - name: meter\n    type_code: \"35000000\"\n", []string{":3: classes[0].type_code", "00100201"}},
	} {
		run(t, "simulate", "--classes", classesIn(t, c.text), "--out", filepath.Join(t.TempDir(), "fleet.jsonl")).
			expect(t, 2, append(c.want, "--classes: ", "classes.yaml")...)
	}
	run(t, "simulate", "--classes", "absent.yaml", "--out", filepath.Join(t.TempDir(), "fleet.jsonl")).expect(t, 2, "absent.yaml", "--print-classes")
	run(t, append(append([]string{}, fleet...), "--classes", classesIn(t, "classes: [{name: meter}]"), "--attack", "scan/camera:1@1m", "--out", filepath.Join(t.TempDir(), "fleet.jsonl"))...).
		expect(t, 2, "camera", "want one of meter")
}

// The page lists every parameter, with what the code says of it.
func TestPageListsTheParameters(t *testing.T) {
	keys, err := config.DocumentKeys[simulate.Class]()
	if err != nil {
		t.Fatal(err)
	}
	page := string(content(t, "../docs/simulate.md"))
	for _, k := range classKeys(keys) {
		row := parameterRow(k)
		if !strings.Contains(page, row) {
			t.Errorf("docs/simulate.md: the table of parameters lacks the line\n%s", row)
		}
	}
	if example := string(content(t, "../docs/simulate-classes.yaml")); !strings.Contains(page, "```yaml\n"+example+"```") {
		t.Errorf("docs/simulate.md does not hold the example docs/simulate-classes.yaml as it is")
	}
}

// parameterRow is a line of the table of the page.
func parameterRow(k config.Key) string {
	return fmt.Sprintf("| `%s` | %s |", strings.ReplaceAll(k.Name, ", ", "`, `"), keyText(k))
}
