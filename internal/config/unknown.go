package config

import (
	"strings"
)

// unknown is the refusal of a key nobody declared: the remedy for a secret given
// inline, the nearest key, or nothing better than the documentation.
func (s *schema) unknown(name string) *Error {
	if _, ok := s.lookup(name + "_file"); ok || secretName.MatchString(name) {
		return inlineSecret(name)
	}
	if near := s.nearest(name); near != "" {
		return &Error{Key: name, Problem: "is not a key", Remedy: "did you mean " + near + "?"}
	}
	return &Error{Key: name, Problem: "is not a key", Remedy: seeAllKeys}
}

// seeAllKeys is the remedy for a key of a program that nothing is near to.
const seeAllKeys = "take it out, or see the keys with `cordonctl config check --all`"

// nearest returns the key or section a typing error away from name, or the one
// with the same last part in another section; empty when there is none.
func (s *schema) nearest(name string) string {
	best, distance := "", maxTypingErrors+1
	consider := func(candidate string) {
		if d := editDistance(strings.ToLower(name), candidate, distance); d < distance {
			best, distance = candidate, d
		}
	}
	for _, f := range s.fields {
		consider(f.name)
		for section := f.name; strings.Contains(section, "."); {
			section = section[:strings.LastIndexByte(section, '.')]
			consider(section)
		}
	}
	if best != "" {
		return best
	}
	last := lastPart(strings.ToLower(name))
	for _, f := range s.fields {
		if lastPart(f.name) == last {
			return f.name
		}
	}
	return ""
}

// maxTypingErrors: with three, short keys are near to everything.
const maxTypingErrors = 2

func lastPart(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// editDistance counts the letters to insert, delete or replace to make b of a;
// anything from limit on is returned as limit.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], limit)
}
