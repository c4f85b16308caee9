package main

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// report collects events and prints each package when it ends.
type report struct {
	out      io.Writer
	packages map[string]*pkg
	builds   map[string]*strings.Builder // output of compilers by import path
	skips    map[string]int              // tests by reason
	failures []string                    // names, in the order they ended
	passed   int
	failed   int
	skipped  int
}

// pkg is a package whose tests run.
type pkg struct {
	tests  map[string]*test
	order  []string // of tests, as they began
	output strings.Builder
	ended  bool
}

// test is a test, a subtest, an example or a seed of a fuzz target.
type test struct {
	output strings.Builder
	ended  string // pass, fail or skip; empty while it runs
}

func newReport(out io.Writer) *report {
	return &report{out: out, packages: map[string]*pkg{}, builds: map[string]*strings.Builder{}, skips: map[string]int{}}
}

// pass prints a line that is no event.
func (r *report) pass(line []byte) { _, _ = r.out.Write(line) }

func (r *report) add(e event) {
	switch {
	case e.Action == "build-output":
		r.build(e.ImportPath).WriteString(e.Output)
	case e.Package == "":
	case e.Test == "":
		r.addToPackage(e)
	default:
		r.addToTest(e)
	}
}

func (r *report) build(path string) *strings.Builder {
	if r.builds[path] == nil {
		r.builds[path] = &strings.Builder{}
	}
	return r.builds[path]
}

func (r *report) open(name string) *pkg {
	p := r.packages[name]
	if p == nil {
		p = &pkg{tests: map[string]*test{}}
		r.packages[name] = p
	}
	return p
}

func (r *report) addToTest(e event) {
	p := r.open(e.Package)
	t := p.tests[e.Test]
	if t == nil {
		t = &test{}
		p.tests[e.Test] = t
		p.order = append(p.order, e.Test)
	}
	switch e.Action {
	case "output":
		t.output.WriteString(e.Output)
	case "pass", "fail", "skip":
		t.ended = e.Action
	}
}

func (r *report) addToPackage(e event) {
	p := r.open(e.Package)
	switch e.Action {
	case "output":
		p.output.WriteString(e.Output)
	case "pass", "skip":
		r.endWell(e, p)
	case "fail":
		r.endBadly(e, p)
	}
}

// endWell prints a package without failures in one line.
func (r *report) endWell(e event, p *pkg) {
	p.ended = true
	skipped := r.count(e.Package, p)
	switch {
	case len(p.order) == 0:
		fmt.Fprintf(r.out, "-     %s: no tests\n", e.Package)
	case skipped > 0:
		fmt.Fprintf(r.out, "ok    %s %.1fs, %d tests, %d skipped\n", e.Package, e.Elapsed, len(p.order), skipped)
	default:
		fmt.Fprintf(r.out, "ok    %s %.1fs, %d tests\n", e.Package, e.Elapsed, len(p.order))
	}
}

// endBadly prints a package with all but its passing tests' output.
func (r *report) endBadly(e event, p *pkg) {
	p.ended = true
	fmt.Fprintf(r.out, "FAIL  %s %.1fs\n", e.Package, e.Elapsed)
	before := r.failed
	r.count(e.Package, p)
	if r.failed == before {
		r.fail(e.Package)
	}
	if e.FailedBuild != "" {
		r.print(r.build(e.FailedBuild).String())
	}
	for _, name := range p.order {
		if ended := p.tests[name].ended; ended != "pass" && ended != "skip" {
			r.print(p.tests[name].output.String())
		}
	}
	r.print(p.output.String())
}

// print shows output without the lines that only say that a test runs.
func (r *report) print(output string) {
	for line := range strings.Lines(output) {
		if !strings.HasPrefix(line, "=== ") {
			fmt.Fprint(r.out, "      ", line)
		}
	}
}

// count adds the tests of a package that ended and returns those skipped.
func (r *report) count(name string, p *pkg) (skipped int) {
	for _, testName := range p.order {
		t := p.tests[testName]
		switch t.ended {
		case "pass":
			r.passed++
		case "skip":
			r.skips[reason(t.output.String())]++
			skipped++
		default:
			r.fail(name + " " + testName)
		}
	}
	r.skipped += skipped
	return skipped
}

func (r *report) fail(name string) {
	r.failed++
	r.failures = append(r.failures, name)
}

// position is what package testing puts before what a test says.
var position = regexp.MustCompile(`^\s+\S+\.go:\d+: `)

// reason is what a skipped test said, without its position.
func reason(output string) string {
	var said []string
	for line := range strings.Lines(output) {
		text := strings.TrimSpace(position.ReplaceAllString(line, ""))
		if text != "" && !strings.HasPrefix(text, "=== ") && !strings.HasPrefix(text, "--- ") {
			said = append(said, text)
		}
	}
	if len(said) == 0 {
		return "no reason given"
	}
	return strings.TrimPrefix(strings.Join(said, "; "), "skipped: ")
}

// close prints the last lines and reports whether all is well. A package still
// open was cut short.
func (r *report) close(took time.Duration) bool {
	for _, name := range slices.Sorted(maps.Keys(r.packages)) {
		if p := r.packages[name]; !p.ended {
			r.endBadly(event{Package: name}, p)
		}
	}
	fmt.Fprintln(r.out)
	for _, name := range r.failures {
		fmt.Fprintln(r.out, "failed:", name)
	}
	for _, why := range slices.Sorted(maps.Keys(r.skips)) {
		fmt.Fprintf(r.out, "skipped: %d × %s\n", r.skips[why], why)
	}
	fmt.Fprintf(r.out, "time: %s, %d packages\n", took.Round(time.Second), len(r.packages))
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)
	return r.failed == 0 && len(r.packages) > 0
}
