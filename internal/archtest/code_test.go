package archtest

import (
	"fmt"
	"go/ast"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// checkPackageDocs asks for a doc comment on every package.
func checkPackageDocs(r *tree) []finding {
	var found []finding
	for _, p := range r.packages {
		if len(p.code) > 0 && !documented(p) {
			found = append(found, finding{r.at(p.code[0].Package), "package " + p.folder + " has no doc comment that starts with its name",
				"a reader needs to know what a package is, promises and does not before its code"})
		}
	}
	return found
}

func documented(p *pkg) bool {
	start := "Package " + p.name + " "
	if p.name == "main" {
		start = "Command "
	}
	for _, file := range p.code {
		if file.Doc != nil && strings.HasPrefix(file.Doc.Text(), start) {
			return true
		}
	}
	return false
}

const kafkaGo = "github.com/segmentio/kafka-go"

// kafkaClients are the names of kafka-go that no file may use, tests included.
var kafkaClients = []string{"Reader", "ReaderConfig", "NewReader", "Writer", "WriterConfig", "NewWriter"}

// checkKafkaClients looks for kafka-go's own consumer and producer.
func checkKafkaClients(r *tree) []finding {
	var found []finding
	each(r, true, func(p *pkg, file *ast.File) {
		name := importName(file, kafkaGo)
		if name == "" {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && isName(s.X, name) && slices.Contains(kafkaClients, s.Sel.Name) {
				found = append(found, finding{r.at(s.Pos()), "kafka-go's " + s.Sel.Name + " is not to be used",
					"its Reader commits for partitions it lost, checks no CRC and delivers aborted records; its Writer cannot be idempotent"})
			}
			return true
		})
	})
	return found
}

// exits are the calls that end a program, by import path.
var exits = map[string][]string{
	"os":      {"Exit"},
	"syscall": {"Exit"},
	"runtime": {"Goexit"},
	"log":     {"Fatal", "Fatalf", "Fatalln", "Panic", "Panicf", "Panicln"},
}

// checkExits looks for what ends the program outside package main.
func checkExits(r *tree) []finding {
	var found []finding
	each(r, false, func(p *pkg, file *ast.File) {
		if p.name == "main" {
			return
		}
		eachFunction(file, func(function string, body ast.Node) {
			ast.Inspect(body, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				if what := exitCall(file, call); what != "" && !excused(mayPanic, p, function) {
					found = append(found, finding{r.at(call.Pos()), function + " calls " + what,
						"bad input must never end a program, and only main knows what must be closed before"})
				}
				return true
			})
		})
	})
	return append(found, stale(r, "mayPanic", mayPanic)...)
}

// exitCall names the call when it ends the program.
func exitCall(file *ast.File, call *ast.CallExpr) string {
	switch callee := call.Fun.(type) {
	case *ast.Ident:
		if callee.Name == "panic" {
			return "panic"
		}
	case *ast.SelectorExpr:
		for path, names := range exits {
			if name := importName(file, path); name != "" && isName(callee.X, name) && slices.Contains(names, callee.Sel.Name) {
				return path + "." + callee.Sel.Name
			}
		}
	}
	return ""
}

// The lengths above which a function or a file needs a reason in the tables
// below. In code we admire nine functions of ten have at most 45 lines, and
// files 60 to 250.
const (
	functionLines = 80
	fileLines     = 400
	testFileLines = 600
)

// checkSizes looks for long functions (not in tests, where tables make them
// long) and for long files.
func checkSizes(r *tree) []finding {
	var found []finding
	lines := func(n ast.Node) int { return r.files.Position(n.End()).Line - r.files.Position(n.Pos()).Line + 1 }
	each(r, false, func(p *pkg, file *ast.File) {
		eachFunction(file, func(function string, n ast.Node) {
			if count := lines(n); count > functionLines && !excused(mayBeLong, p, function) {
				found = append(found, finding{r.at(n.Pos()), fmt.Sprintf("%s has %d lines", function, count),
					fmt.Sprintf("what has more than %d lines seldom does one thing; if this does, add it to mayBeLong with the reason", functionLines)})
			}
		})
	})
	each(r, true, func(p *pkg, file *ast.File) {
		count, limit := r.files.Position(file.FileEnd).Line, fileLines
		if slices.Contains(p.tests, file) {
			limit = testFileLines
		}
		if count > limit {
			found = append(found, finding{r.at(file.Package), fmt.Sprintf("the file has %d lines", count),
				fmt.Sprintf("what has more than %d lines seldom holds one idea", limit)})
		}
	})
	return append(found, stale(r, "mayBeLong", mayBeLong)...)
}

// each calls back for every file of code, and of tests if asked.
func each(r *tree, tests bool, visit func(*pkg, *ast.File)) {
	for _, p := range r.packages {
		for _, file := range p.code {
			visit(p, file)
		}
		for _, file := range p.tests {
			if tests {
				visit(p, file)
			}
		}
	}
}

// eachFunction calls back for every top-level declaration with the name that
// the tables use: F, T.M, or "var" for what is outside functions.
func eachFunction(file *ast.File, visit func(name string, n ast.Node)) {
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		switch {
		case !ok:
			visit("var", declaration)
		case function.Recv == nil:
			visit(function.Name.Name, function)
		default:
			visit(receiver(function.Recv.List[0].Type)+"."+function.Name.Name, function)
		}
	}
}

// receiver is the name of a method's type, without pointer and parameters.
func receiver(e ast.Expr) string {
	switch t := e.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.IndexListExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return "?"
}

// importName is the name under which a file imports a path, empty if it does
// not. Packages that are looked for here are not imported by a dot.
func importName(file *ast.File, path string) string {
	for _, spec := range file.Imports {
		if got, _ := strconv.Unquote(spec.Path.Value); got != path {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return strings.TrimSuffix(path[strings.LastIndex(path, "/")+1:], "-go")
	}
	return ""
}

func isName(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func TestCodeRulesBite(t *testing.T) {
	long := "package long\n" + strings.Repeat("// x\n", fileLines)
	function := "// Package f is.\npackage f\nfunc F() {\n" + strings.Repeat("_ = 1\n", functionLines) + "}\n"
	r := madeUp(t, map[string]string{
		"a/a.go":      "// Package a is.\npackage a\nimport k \"github.com/segmentio/kafka-go\"\nvar _ k.Reader\nvar _ k.Transport\n",
		"a/a_test.go": "package a\nimport \"github.com/segmentio/kafka-go\"\nvar _ = kafka.NewWriter\n",
		"b/b.go":      "// Package other is.\npackage b\nimport \"os\"\nfunc (t *T[K]) M() { os.Exit(1); panic(2) }\ntype T[K any] struct{}\n",
		"f/f.go":      function,
		"long/l.go":   long,
		"m/main.go":   "// Command m does.\npackage main\nimport \"os\"\nfunc main() { os.Exit(1) }\n",
	})
	t.Run("docs", func(t *testing.T) {
		expect(t, checkPackageDocs(r), "b/b.go:2: package b has no doc", "long/l.go:1: package long has no doc")
	})
	t.Run("kafka-go", func(t *testing.T) {
		expect(t, checkKafkaClients(r), "a/a.go:4: kafka-go's Reader", "a/a_test.go:3: kafka-go's NewWriter")
	})
	t.Run("exits", func(t *testing.T) {
		expect(t, notStale(checkExits(r)), "b/b.go:4: T.M calls os.Exit", "b/b.go:4: T.M calls panic")
	})
	t.Run("sizes", func(t *testing.T) {
		expect(t, notStale(checkSizes(r)), "f/f.go:3: F has 82 lines", "long/l.go:1: the file has 401 lines")
	})
}
