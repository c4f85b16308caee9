package docs

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the tables into the pages instead of comparing them")

// root is the folder of the repository.
const root = ".."

// walk calls fn for every file of the repository with the given ending that is
// no test's and no program's own output.
func walk(t *testing.T, ending string, fn func(name, text string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch base := filepath.Base(name); {
		case err != nil:
			return err
		case entry.IsDir() && name != root && (base == "bin" || base == "testdata" || base[0] == '.'):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ending):
			return nil
		}
		text, err := os.ReadFile(name)
		if err == nil {
			fn(name, string(text))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

var region = regexp.MustCompile(`(?s)<!-- table (\S+) -->\n(.*?)<!-- end (\S+) -->`)

// TestTablesSayWhatTheCodeSays compares every generated table with its page.
func TestTablesSayWhatTheCodeSays(t *testing.T) {
	made := tables(t)
	used := map[string]bool{}
	walk(t, ".md", func(page, text string) {
		now := region.ReplaceAllStringFunc(text, func(whole string) string {
			m := region.FindStringSubmatch(whole)
			name, was := m[1], m[2]
			want, known := made[name]
			if !known || m[3] != name {
				t.Errorf("%s: <!-- table %s --> … <!-- end %s -->: no table of that name is made here", page, name, m[3])
				return whole
			}
			used[name] = true
			if was != want && !*rewrite {
				t.Errorf("%s: table %s is not what the code says; run: go test ./docs -rewrite\ngot:\n%s\nwant:\n%s", page, name, was, want)
			}
			return "<!-- table " + name + " -->\n" + want + "<!-- end " + name + " -->"
		})
		if *rewrite && now != text {
			if err := os.WriteFile(page, []byte(now), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
	for name := range made {
		if !used[name] {
			t.Errorf("table %s stands on no page", name)
		}
	}
}

// table writes a Markdown table; a bar in a cell would end it.
func table(head []string, rows [][]string) string {
	var b strings.Builder
	row := func(cells []string) {
		for i := range cells {
			cells[i] = strings.ReplaceAll(strings.ReplaceAll(cells[i], "|", `\|`), "\n", " ")
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	row(head)
	b.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, cells := range rows {
		row(cells)
	}
	return b.String()
}

// code marks text as such; nothing stays nothing.
func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

var (
	fence   = regexp.MustCompile("(?s)```.*?```")
	inline  = regexp.MustCompile("`[^`]*`")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	noSlug  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors are the fragments a page offers, as GitHub makes them of headings.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		slug := noSlug.ReplaceAllString(strings.ToLower(m[1]), "")
		all[strings.ReplaceAll(slug, " ", "-")] = true
	}
	return all
}

// broken lists the relative links of a page that lead nowhere.
func broken(page, text string) []string {
	var bad []string
	for _, m := range link.FindAllStringSubmatch(inline.ReplaceAllString(fence.ReplaceAllString(text, ""), ""), -1) {
		if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
			continue
		}
		file, fragment, _ := strings.Cut(m[1], "#")
		target := page
		if file != "" {
			target = filepath.Join(filepath.Dir(page), filepath.FromSlash(file))
		}
		content, err := os.ReadFile(target)
		if err != nil {
			if info, serr := os.Stat(target); serr != nil || !info.IsDir() || fragment != "" {
				bad = append(bad, m[1])
			}
			continue
		}
		if fragment != "" && !anchors(string(content))[fragment] {
			bad = append(bad, m[1])
		}
	}
	return bad
}

func TestLinksLeadSomewhere(t *testing.T) {
	walk(t, ".md", func(page, text string) {
		for _, to := range broken(page, text) {
			t.Errorf("%s: link to %s leads nowhere", page, to)
		}
	})
}

func TestBrokenLinksAreFound(t *testing.T) {
	text := "# A b, c\n[x](gone.md) [y](#a-b-c) [z](#nowhere) [w](https://example.org/gone) `[v](no-link.md)` [u](doc.go)\n"
	page := filepath.Join(t.TempDir(), "x.md")
	if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(broken(page, text), " ")
	if want := "gone.md #nowhere doc.go"; got != want {
		t.Errorf("broken links of %q: %q, want %q", text, got, want)
	}
}

var (
	proof    = regexp.MustCompile("`((?:Test|Fuzz|Example|Benchmark)[A-Z]\\w*)`")
	function = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Example|Benchmark)\w*)\(`)
)

// TestProofsExist looks up every test that a page names.
func TestProofsExist(t *testing.T) {
	known := map[string]bool{}
	walk(t, "_test.go", func(_, text string) {
		for _, m := range function.FindAllStringSubmatch(text, -1) {
			known[m[1]] = true
		}
	})
	walk(t, ".md", func(page, text string) {
		for _, m := range proof.FindAllStringSubmatch(text, -1) {
			if !known[m[1]] {
				t.Errorf("%s names the test %s, which does not exist", page, m[1])
			}
		}
	})
}

// TestArchitectureNamesEveryPackage compares ARCHITECTURE.md with the folders
// that hold Go code.
func TestArchitectureNamesEveryPackage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	walk(t, ".go", func(name, _ string) {
		folder, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			t.Fatal(err)
		}
		folder = filepath.ToSlash(folder)
		if !regexp.MustCompile(`(^|[^\w/])` + regexp.QuoteMeta(folder) + `($|[^\w/-])`).Match(text) {
			missing[folder] = true
		}
	})
	for folder := range missing {
		t.Errorf("ARCHITECTURE.md does not name `%s`", folder)
	}
}
