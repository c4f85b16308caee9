package archtest

import (
	"go/ast"
	"strings"
	"testing"
)

// excuse lets one function do what a rule forbids, for a reason.
type excuse struct {
	function string // folder of the package, a blank, F or T.M or var
	why      string
}

// mayPanic lists the calls that can only be reached by a mistake in this
// repository, never by input.
var mayPanic = []excuse{}

// mayBeLong lists the functions over the limit that do one thing all the same.
var mayBeLong = []excuse{}

// mayRangeOverMap lists the functions of pure packages whose result does not
// depend on the order in which they visit a map.
var mayRangeOverMap = []excuse{}

func excused(list []excuse, p *pkg, function string) bool {
	for _, e := range list {
		if e.function == p.folder+" "+function {
			return true
		}
	}
	return false
}

// stale finds excuses of functions that are not there any more.
func stale(r *tree, table string, list []excuse) []finding {
	there := map[string]bool{}
	each(r, false, func(p *pkg, file *ast.File) {
		eachFunction(file, func(function string, _ ast.Node) { there[p.folder+" "+function] = true })
	})
	var found []finding
	for _, e := range list {
		if !there[e.function] {
			found = append(found, finding{"archtest's table " + table, "no function " + e.function, "an excuse that nothing needs would excuse the next one unseen"})
		}
	}
	return found
}

// notStale leaves out the excuses of the real tree, which a made-up one lacks.
func notStale(found []finding) []finding {
	var rest []finding
	for _, f := range found {
		if !strings.HasPrefix(f.at, "archtest's table") {
			rest = append(rest, f)
		}
	}
	return rest
}

func TestStaleExcusesAreFound(t *testing.T) {
	r := madeUp(t, map[string]string{"a/a.go": "package a\nfunc F() {}\n"})
	expect(t, stale(r, "any", []excuse{{"a F", "there"}, {"a G", "gone"}}), "archtest's table any: no function a G")
}
