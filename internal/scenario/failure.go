package scenario

import (
	"fmt"
	"strings"
)

// Failure is an expectation that was not met.
type Failure struct {
	File  string
	Line  int
	Want  string   // the line itself
	Got   []string // what came out instead, in words
	Input []string // the lines that are about the same terminal
}

// String shows the line, what was put in, what came out and what was wanted.
func (f Failure) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: not met\n\twant:  %s", f.File, f.Line, f.Want)
	for _, list := range []struct {
		title string
		lines []string
	}{{"got:   ", f.Got}, {"input: ", f.Input}} {
		if len(list.lines) == 0 {
			fmt.Fprintf(&b, "\n\t%snothing", list.title)
		}
		for i, line := range list.lines {
			if i == shown {
				fmt.Fprintf(&b, "\n\t       and %d more", len(list.lines)-shown)
				break
			}
			fmt.Fprintf(&b, "\n\t%s%s", list.title, line)
		}
	}
	return b.String()
}

// shown is how many lines of a list a failure prints.
const shown = 12

// Check returns the expectations that were not met.
func (r *Result) Check() []Failure {
	var failures []Failure
	for i := range r.scenario.expects {
		e := &r.scenario.expects[i]
		count := r.counted(e)
		if e.count.holds(count) {
			continue
		}
		failures = append(failures, Failure{
			File: r.scenario.Name, Line: e.line, Want: fmt.Sprintf("%s (counted %d)", e.text, count),
			Got: r.similar(e), Input: r.scenario.inputs(e.who),
		})
	}
	return failures
}

// counted returns how many facts an expectation is about, or how many terminals
// have one.
func (r *Result) counted(e *expectation) int64 {
	count, terminals := int64(0), map[string]bool{}
	for i := range r.facts {
		if f := &r.facts[i]; e.matches(f) {
			count += f.count
			terminals[f.who] = true
		}
	}
	if e.each {
		return int64(len(terminals))
	}
	return count
}

// similar tells what came out of the same kind about the same subject.
func (r *Result) similar(e *expectation) []string {
	var list []string
	for i := range r.facts {
		if f := &r.facts[i]; f.kind == e.kind && (e.who == nil || e.who[f.who]) {
			list = append(list, f.String())
		}
	}
	return list
}

// inputs returns the "at" lines about terminals or a source; nil: all.
func (s *Scenario) inputs(who map[string]bool) []string {
	var list []string
	for _, step := range s.steps {
		about := who == nil || len(step.who) == 0
		for _, t := range step.who {
			about = about || who[t.name] || t.source != nil && who[t.source.name]
		}
		if about {
			list = append(list, step.text)
		}
	}
	return list
}
