package docs

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	texts = regexp.MustCompile(`(?s)<!-- texts -->\n(.*?)<!-- end texts -->`)
	cell  = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")
	verb  = regexp.MustCompile(`%[+#]?[0-9]*[a-z]`)
)

// pieces are the parts of a text of errors.md that stand in the code as they
// are: names and numbers between them are written as "…", and a remedy comes
// from elsewhere than its problem, behind a semicolon.
func pieces(text string) []string {
	var all []string
	for part := range strings.SplitSeq(strings.ReplaceAll(text, "; ", "…"), "…") {
		if part = strings.Trim(part, " ();,:%"); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// TestTextsAreInTheCode looks up the error texts of errors.md in the code.
func TestTextsAreInTheCode(t *testing.T) {
	page, err := os.ReadFile("errors.md")
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	walk(t, ".go", func(name, text string) {
		if !strings.HasSuffix(name, "_test.go") {
			said.WriteString(verb.ReplaceAllString(text, "…"))
		}
	})
	found := 0
	for _, block := range texts.FindAllStringSubmatch(string(page), -1) {
		for _, m := range cell.FindAllStringSubmatch(block[1], -1) {
			found++
			for _, piece := range pieces(m[1]) {
				if !strings.Contains(said.String(), piece) {
					t.Errorf("errors.md: %q: nothing in the code says %q", m[1], piece)
				}
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d texts looked up: the tables of errors.md are not read as they are meant", found)
	}
}
