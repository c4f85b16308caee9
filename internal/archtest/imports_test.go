package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// use is one import of one file.
type use struct {
	path   string
	pos    token.Pos
	inTest bool
}

// folder is the folder of an import of this module, empty for others.
func (u use) folder() string {
	if rest, ok := strings.CutPrefix(u.path, module+"/"); ok {
		return rest
	}
	return ""
}

// foreign reports whether the import is of another module than ours and the
// standard library, whose paths have no dot in their first element.
func (u use) foreign() bool {
	first, _, _ := strings.Cut(u.path, "/")
	return strings.Contains(first, ".")
}

// uses returns the imports of all files of a package. What a folder named
// …test imports serves tests.
func (p *pkg) uses() []use {
	return append(importsOf(p.code, servesTests(p.folder)), importsOf(p.tests, true)...)
}

// servesTests reports whether a folder, or one above it, is named …test: such
// packages hold what tests share.
func servesTests(folder string) bool {
	for name := range strings.SplitSeq(folder, "/") {
		if strings.HasSuffix(name, "test") && name != "backtest" {
			return true
		}
	}
	return false
}

func importsOf(files []*ast.File, inTest bool) []use {
	var all []use
	for _, file := range files {
		for _, spec := range file.Imports {
			// The parser has accepted the literal.
			name, _ := strconv.Unquote(spec.Path.Value)
			all = append(all, use{path: name, pos: spec.Pos(), inTest: inTest})
		}
	}
	return all
}

// checkModules holds imports of other modules against the table modules.
func checkModules(r *tree) []finding {
	var found []finding
	for _, p := range r.packages {
		for _, u := range p.uses() {
			if !u.foreign() {
				continue
			}
			home := homeOf(u.path)
			if home == nil {
				found = append(found, finding{r.at(u.pos), fmt.Sprintf("%s has no row in archtest's table of modules", u.path),
					"every dependency has one home and a reason, so that it can be replaced in one place"})
				continue
			}
			if !home.admits(p.folder, u.inTest) {
				found = append(found, finding{r.at(u.pos), fmt.Sprintf("%s may not import %s; its home is %s", p.folder, u.path, home), home.why})
			}
		}
	}
	return found
}

// homeOf returns the row with the longest prefix of an import path.
func homeOf(name string) *home {
	var best *home
	for i := range modules {
		row := &modules[i]
		if within(name, row.module) && (best == nil || len(row.module) > len(best.module)) {
			best = row
		}
	}
	return best
}

func (h *home) admits(folder string, inTest bool) bool {
	return within(folder, h.code...) || inTest && (h.anyTest || within(folder, h.tests...))
}

func (h *home) String() string {
	places := strings.Join(h.code, ", ")
	switch {
	case h.anyTest && places == "":
		return "tests"
	case h.anyTest:
		return places + " and tests"
	case len(h.tests) > 0:
		return places + " and tests of " + strings.Join(h.tests, ", ")
	}
	return places
}

// checkImporters holds imports within the module against the table importers.
func checkImporters(r *tree) []finding {
	var found []finding
	for _, p := range r.packages {
		for _, u := range p.uses() {
			if servesTests(u.folder()) && !u.inTest {
				found = append(found, finding{r.at(u.pos), fmt.Sprintf("%s may not import %s outside tests", p.folder, u.folder()),
					"what tests share starts brokers, panics and draws at random; no program may"})
			}
			for _, row := range importers {
				if !within(u.folder(), row.folder) || row.admits(p.folder, u.inTest) {
					continue
				}
				found = append(found, finding{r.at(u.pos), fmt.Sprintf("%s may not import %s", p.folder, u.folder()), row.why})
			}
		}
	}
	return found
}

func (m importerRow) admits(folder string, inTest bool) bool {
	return within(folder, m.folder) || within(folder, m.by...) || inTest && !m.testsToo
}

// checkIdentity follows imports from scorer and enforcer, through every package
// between, to one that can name a subscriber.
func checkIdentity(r *tree) []finding {
	var found []finding
	for _, p := range r.packages {
		if !within(p.folder, blind...) {
			continue
		}
		for _, u := range p.uses() {
			if way := r.wayTo(u.folder(), nil); way != nil {
				found = append(found, finding{r.at(u.pos),
					fmt.Sprintf("%s reaches identity: %s", p.folder, strings.Join(way, " → ")),
					"the code of scorer and enforcer must not be able to name a subscriber (promise 1)"})
			}
		}
	}
	return found
}

// wayTo returns a chain of imports from a folder to a package
// that knows identities, or nil.
func (r *tree) wayTo(folder string, passed []string) []string {
	passed = append(passed[:len(passed):len(passed)], folder)
	if within(folder, identityFolders...) {
		return passed
	}
	p := r.find(folder)
	if p == nil {
		return nil
	}
	for _, u := range importsOf(p.code, false) {
		if way := r.wayTo(u.folder(), passed); way != nil {
			return way
		}
	}
	return nil
}

// checkPureImports holds the imports of pure packages against the table pure,
// and asks for a row for every package inside the three programs.
func checkPureImports(r *tree) []finding {
	var found []finding
	for _, p := range r.packages {
		row, listed := pureRow(p.folder)
		switch {
		case listed:
			found = append(found, r.pureImports(p, row)...)
		case strings.Contains(p.folder, "/") && within(p.folder, programs...) && !within(p.folder, impure...):
			found = append(found, finding{p.folder, "no row in archtest's tables pure or impure",
				"every package inside a program has its place in the flow: it decides (pure) or it does (impure)"})
		}
	}
	return found
}

func (r *tree) pureImports(p *pkg, row pureFolder) []finding {
	var found []finding
	for _, u := range importsOf(p.code, false) {
		if row.admits(u) {
			continue
		}
		found = append(found, finding{r.at(u.pos), fmt.Sprintf("pure package %s may not import %s", p.folder, u.path),
			"a decision depends on its input alone; a stage knows the stages before it and no plumbing"})
	}
	return found
}

// admits leaves imports of other modules to the table of modules.
func (row pureFolder) admits(u use) bool {
	switch {
	case u.foreign():
		return true
	case u.folder() != "":
		return within(u.folder(), pureBase...) || within(u.folder(), row.cordon...)
	}
	return slices.Contains(pureStandard, u.path) || slices.Contains(row.standard, u.path)
}

func pureRow(folder string) (pureFolder, bool) {
	for _, row := range pure {
		if row.folder == folder {
			return row, true
		}
	}
	return pureFolder{}, false
}

func TestImportRulesBite(t *testing.T) {
	r := madeUp(t, map[string]string{
		"scorer/pane/a.go":          "package pane\nimport _ \"os\"\nimport _ \"cordon/internal/record\"\n",
		"scorer/judge/b.go":         "package judge\nimport _ \"cordon/internal/middle\"\n",
		"scorer/judge/b_test.go":    "package judge\nimport _ \"cordon/internal/raw\"\n",
		"internal/middle/c.go":      "package middle\nimport _ \"cordon/internal/identity\"\n",
		"internal/logging/d.go":     "package logging\nimport _ \"github.com/segmentio/kafka-go/sasl\"\nimport _ \"github.com/rs/zerolog\"\n",
		"internal/logging/e.go":     "package logging\nimport _ \"example.org/unheard/of\"\n",
		"enforcer/ladder/f.go":      "package ladder\nimport _ \"cordon/scorer/detect\"\n",
		"enforcer/surprise/g.go":    "package surprise\n",
		"internal/config/h_test.go": "package config\nimport _ \"pgregory.net/rapid\"\nimport _ \"cordon/internal/kafkatest\"\n",
		"internal/config/i.go":      "package config\nimport _ \"pgregory.net/rapid\"\nimport _ \"cordon/internal/kafkatest\"\n",
	})
	t.Run("modules", func(t *testing.T) {
		expect(t, checkModules(r),
			"internal/config/i.go:2: internal/config may not import pgregory.net/rapid",
			"internal/logging/d.go:2: internal/logging may not import github.com/segmentio/kafka-go/sasl",
			"internal/logging/e.go:2: example.org/unheard/of has no row")
	})
	t.Run("importers", func(t *testing.T) {
		expect(t, checkImporters(r),
			"enforcer/ladder/f.go:2: enforcer/ladder may not import scorer/detect",
			"internal/config/i.go:3: internal/config may not import internal/kafkatest outside tests",
			"internal/middle/c.go:2: internal/middle may not import internal/identity",
			"scorer/judge/b_test.go:2: scorer/judge may not import internal/raw")
	})
	t.Run("identity", func(t *testing.T) {
		expect(t, checkIdentity(r),
			"scorer/judge/b.go:2: scorer/judge reaches identity: internal/middle → internal/identity",
			"scorer/judge/b_test.go:2: scorer/judge reaches identity: internal/raw")
	})
	t.Run("pure", func(t *testing.T) {
		expect(t, checkPureImports(r),
			"enforcer/ladder/f.go:2: pure package enforcer/ladder may not import cordon/scorer/detect",
			"enforcer/surprise: no row",
			"scorer/judge/b.go:2: pure package scorer/judge may not import cordon/internal/middle",
			"scorer/pane/a.go:2: pure package scorer/pane may not import os")
	})
}
