package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// module is the prefix of the import paths of this repository.
const module = "cordon"

// tree is the Go code of a module, parsed.
type tree struct {
	root     string // folder of go.mod, empty for code made up by a test
	files    *token.FileSet
	packages []*pkg // in order of folder
}

// pkg is one folder of Go files.
type pkg struct {
	folder string // below the root, with slashes; "." is the root itself
	name   string // as its files say, without the _test of external tests
	code   []*ast.File
	tests  []*ast.File
}

// finding is one place where a rule is broken.
type finding struct {
	at   string // file:line, or what else names the place
	rule string
	why  string
}

func (f finding) String() string {
	return fmt.Sprintf("%s: %s\n\tbecause: %s", f.at, f.rule, f.why)
}

// at names the place of a node as file:line below the root.
func (r *tree) at(pos token.Pos) string {
	place := r.files.Position(pos)
	name := strings.TrimPrefix(strings.TrimPrefix(place.Filename, r.root), string(filepath.Separator))
	return fmt.Sprintf("%s:%d", filepath.ToSlash(name), place.Line)
}

// find returns the package of a folder, or nil.
func (r *tree) find(folder string) *pkg {
	for _, p := range r.packages {
		if p.folder == folder {
			return p
		}
	}
	return nil
}

// add parses one file into the package of its folder.
func (r *tree) add(folder, name string, text any) error {
	file, err := parser.ParseFile(r.files, filepath.Join(r.root, folder, name), text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	p := r.find(folder)
	if p == nil {
		p = &pkg{folder: folder}
		r.packages = append(r.packages, p)
	}
	p.name = strings.TrimSuffix(file.Name.Name, "_test")
	if strings.HasSuffix(name, "_test.go") {
		p.tests = append(p.tests, file)
	} else {
		p.code = append(p.code, file)
	}
	return nil
}

// repository parses the module that this package is part of, once.
var repository = sync.OnceValues(func() (*tree, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	r := &tree{root: filepath.Dir(filepath.Dir(here)), files: token.NewFileSet()}
	err = filepath.WalkDir(r.root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != r.root && skipped(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(name) != ".go":
			return nil
		}
		folder, err := filepath.Rel(r.root, filepath.Dir(name))
		if err != nil {
			return err
		}
		return r.add(filepath.ToSlash(folder), filepath.Base(name), nil)
	})
	slices.SortFunc(r.packages, func(a, b *pkg) int { return strings.Compare(a.folder, b.folder) })
	return r, err
})

// skipped reports whether the go command would not look into such a folder.
func skipped(name string) bool {
	return name == "testdata" || name == "bin" || name[0] == '.' || name[0] == '_'
}

// loadRepository is repository for tests.
func loadRepository(t *testing.T) *tree {
	t.Helper()
	r, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// madeUp is a tree of files given as text, to show that a rule bites.
func madeUp(t *testing.T, files map[string]string) *tree {
	t.Helper()
	r := &tree{files: token.NewFileSet()}
	for name, text := range files {
		if err := r.add(path.Dir(name), path.Base(name), text); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// expect compares what a rule found with the starts of the lines wanted.
func expect(t *testing.T, found []finding, want ...string) {
	t.Helper()
	slices.SortFunc(found, func(a, b finding) int { return strings.Compare(a.at, b.at) })
	if len(found) != len(want) {
		t.Fatalf("found %d places %v, want %d: %q", len(found), found, len(want), want)
	}
	for i, f := range found {
		if !strings.HasPrefix(f.String(), want[i]) {
			t.Errorf("place %d: got %s\nwant it to start with %q", i, f, want[i])
		}
	}
}

// within reports whether a folder is one of the places or below one.
func within(folder string, places ...string) bool {
	for _, place := range places {
		if folder == place || strings.HasPrefix(folder, place+"/") {
			return true
		}
	}
	return false
}

// TestRepository holds the code of this repository against every rule that
// needs no more than its syntax.
func TestRepository(t *testing.T) {
	r := loadRepository(t)
	rules := []struct {
		name  string
		check func(*tree) []finding
	}{
		{"modules have one home", checkModules},
		{"packages have their importers", checkImporters},
		{"identity stays in the collector", checkIdentity},
		{"pure packages import pure packages", checkPureImports},
		{"packages say what they are", checkPackageDocs},
		{"kafka-go without Reader and Writer", checkKafkaClients},
		{"only main ends the program", checkExits},
		{"functions and files are short", checkSizes},
	}
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			for _, f := range rule.check(r) {
				t.Error(f)
			}
		})
	}
}
