package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The page says what the text says, and asks for nothing from elsewhere.
func TestExplainHTML(t *testing.T) {
	file := filepath.Join(t.TempDir(), "case.html")
	list := verdicts()
	for name, some := range map[string]int{"one verdict": 1, "a case": 3, "a cleared case": 4} {
		run(t, "explain", "3f2a", "--verdicts", verdictsFile(t, list[:some]...), "--html", file).expect(t, 0)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"<svg", "firstContactsFailed", "scan", "MALICIOUS from 20.0", "T1046 Network Service Discovery", "</html>"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s: the page does not say %q", name, want)
			}
		}
		for _, elsewhere := range []string{"http://", "https://", "src=", "@import"} {
			if strings.Contains(string(text), elsewhere) {
				t.Errorf("%s: the page asks for %q", name, elsewhere)
			}
		}
	}
}

func TestExplainHTMLThatCannotBeWritten(t *testing.T) {
	run(t, "explain", "3f2a", "--verdicts", verdictsFile(t, verdicts()...), "--html", filepath.Join(t.TempDir(), "missing", "case.html")).expect(t, 1, "--html", "no such file")
}
