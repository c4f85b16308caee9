package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// clocks are what package time must not be asked in a pure package.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Timer", "Ticker"}

// mapOrders are what package maps returns in random order.
var mapOrders = []string{"All", "Keys", "Values"}

const (
	whyClock = "time is an argument in a pure package: the same input must give the same result, live and in replay"
	whyOrder = "map order differs from run to run and would reach a decision; go through a sorted slice or state the reason in mayRangeOverMap"
	whyFloat = "float rounding differs between machines and orders of addition; decisions are counted in fixed point"
	whyGo    = "a pure package has one caller and no goroutine, so that its order of work is its input's"
)

// purity walks one type-checked pure package.
type purity struct {
	tree  *tree
	pkg   *pkg
	info  types.Info
	found []finding
	seen  map[string]bool // places and rules already told
}

// checkPurity looks into the code of a pure package for what makes the same
// input give another result.
func checkPurity(r *tree, p *pkg, from types.Importer) []finding {
	w := &purity{tree: r, pkg: p, seen: map[string]bool{}}
	w.info.Types = map[ast.Expr]types.TypeAndValue{}
	w.info.Uses = map[*ast.Ident]types.Object{}
	config := types.Config{Importer: from, Error: func(err error) {
		w.found = append(w.found, finding{p.folder, "cannot be checked: " + err.Error(), "only code that compiles can be shown to be pure"})
	}}
	// Errors have gone to the function above.
	_, _ = config.Check(module+"/"+p.folder, r.files, p.code, &w.info)
	for _, file := range p.code {
		eachFunction(file, func(function string, n ast.Node) {
			sorted := sortedCalls(n)
			ast.Inspect(n, func(n ast.Node) bool {
				w.visit(function, n, sorted)
				return true
			})
		})
	}
	return w.found
}

func (w *purity) tell(pos token.Pos, rule, why string) {
	at := w.tree.at(pos)
	if !w.seen[at+why] {
		w.seen[at+why] = true
		w.found = append(w.found, finding{at, rule, why})
	}
}

func (w *purity) visit(function string, n ast.Node, sorted map[ast.Node]bool) {
	switch n := n.(type) {
	case *ast.GoStmt:
		w.tell(n.Pos(), function+" starts a goroutine", whyGo)
	case *ast.SelectStmt, *ast.ChanType:
		w.tell(n.Pos(), function+" uses a channel", whyGo)
	case *ast.RangeStmt:
		if w.isMap(n.X) && !excused(mayRangeOverMap, w.pkg, function) {
			w.tell(n.Pos(), function+" ranges over a map", whyOrder)
		}
	case *ast.CallExpr:
		if name := w.from("maps", n.Fun, mapOrders); name != "" && !sorted[n] && !excused(mayRangeOverMap, w.pkg, function) {
			w.tell(n.Pos(), function+" uses maps."+name+" unsorted", whyOrder)
		}
	case *ast.SelectorExpr:
		if name := w.from("time", n, clocks); name != "" {
			w.tell(n.Pos(), function+" uses time."+name, whyClock)
		}
	}
	if e, ok := n.(ast.Expr); ok && w.isFloat(e) {
		w.tell(n.Pos(), function+" uses a float", whyFloat)
	}
}

// from returns the name that an expression takes from a package, if listed.
func (w *purity) from(path string, e ast.Expr, names []string) string {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	used := w.info.Uses[s.Sel]
	if used == nil || used.Pkg() == nil || used.Pkg().Path() != path || used.Parent() != used.Pkg().Scope() || !slices.Contains(names, used.Name()) {
		return ""
	}
	return used.Name()
}

func (w *purity) isMap(e ast.Expr) bool {
	t := w.info.TypeOf(e)
	if t == nil {
		return false
	}
	_, is := t.Underlying().(*types.Map)
	return is
}

// isFloat reports whether an expression, or the type it names, is a float. A
// literal such as 1e6 counts even where it ends as an integer.
func (w *purity) isFloat(e ast.Expr) bool {
	if literal, ok := e.(*ast.BasicLit); ok {
		return literal.Kind == token.FLOAT || literal.Kind == token.IMAG
	}
	t := w.info.TypeOf(e)
	if t == nil {
		return false
	}
	basic, is := t.Underlying().(*types.Basic)
	return is && basic.Info()&(types.IsFloat|types.IsComplex) != 0
}

// sortedCalls are the arguments of slices.Sorted and its kin: the order of what
// they are given does not show.
func sortedCalls(n ast.Node) map[ast.Node]bool {
	sorted := map[ast.Node]bool{}
	ast.Inspect(n, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if s, ok := call.Fun.(*ast.SelectorExpr); ok && isName(s.X, "slices") && strings.HasPrefix(s.Sel.Name, "Sorted") {
			for _, argument := range call.Args {
				sorted[argument] = true
			}
		}
		return true
	})
	return sorted
}

// compiled reads the types of other packages as the go command compiled them.
func compiled(t *testing.T, r *tree, patterns ...string) types.Importer {
	t.Helper()
	list := exec.Command("go", append([]string{"list", "-e", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}"}, patterns...)...)
	list.Dir = r.root
	var problems bytes.Buffer
	list.Stderr = &problems
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &problems)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if path, file, _ := strings.Cut(strings.TrimSpace(line), " "); file != "" {
			files[path] = file
		}
	}
	return importer.ForCompiler(r.files, "gc", func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("%s does not compile\n%s", path, &problems)
		}
		return os.Open(files[path])
	})
}

// TestPurePackages holds the packages that decide against what would make the
// same input give another result (promise 3).
func TestPurePackages(t *testing.T) {
	r := loadRepository(t)
	var there []*pkg
	patterns := []string{"std"}
	for _, row := range pure {
		if p := r.find(row.folder); p != nil && len(p.code) > 0 {
			there, patterns = append(there, p), append(patterns, "./"+p.folder)
		}
	}
	from := compiled(t, r, patterns...)
	for _, p := range there {
		t.Run(p.folder, func(t *testing.T) {
			for _, f := range checkPurity(r, p, from) {
				t.Error(f)
			}
		})
	}
	for _, f := range stale(r, "mayRangeOverMap", mayRangeOverMap) {
		t.Error(f)
	}
}

func TestPurityRulesBite(t *testing.T) {
	r := madeUp(t, map[string]string{"p/p.go": `package p

import (
	"maps"
	"slices"
	"time"
)

type counts map[string]int

func order(c counts) (keys []string) {
	for k := range c {
		keys = append(keys, k)
	}
	keys = slices.Sorted(maps.Keys(c))
	return slices.Collect(maps.Keys(c))
}

func clock(d time.Duration, t time.Time) time.Time {
	_ = t.After(t)
	return time.Now().Add(d)
}

const million = 1e6

func ratio(a, b int) int { return int(float64(a) / float64(b)) }

func seconds(d time.Duration) int {
	return int(d.Seconds())
}

func begin(c chan int) {
	go clock(0, time.Time{})
	select {}
}

func fine(list []int) (sum int) {
	for _, v := range list {
		sum += v * 1_000_000
	}
	return sum
}
`})
	r.root = ""
	found := checkPurity(r, r.find("p"), compiled(t, r, "maps", "slices", "time"))
	expect(t, found,
		"p/p.go:12: order ranges over a map",
		"p/p.go:16: order uses maps.Keys unsorted",
		"p/p.go:21: clock uses time.Now",
		"p/p.go:24: var uses a float",
		"p/p.go:26: ratio uses a float",
		"p/p.go:29: seconds uses a float",
		"p/p.go:32: begin uses a channel",
		"p/p.go:33: begin starts a goroutine",
		"p/p.go:34: begin uses a channel")
}
