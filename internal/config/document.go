package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ReadDocument reads a YAML file that is no program's configuration, such as one
// a command takes, with the same strictness and the same tags: name stands for
// it in errors. Keys that are absent keep their zero values, and keys it does not
// have are refused with a list of those it has. T may have a method Validate that
// returns an *Error, or several joined; their keys, such as rules[2].action, are
// found again in the file.
func ReadDocument[T any](name string, content []byte) (T, error) {
	var document T
	s, err := schemaOf(reflect.TypeOf(document))
	if err != nil {
		return document, err
	}
	r := &fileReader{file: name, lines: map[string]int{}, listsKeys: true}
	target := reflect.ValueOf(&document).Elem()
	if root := r.parse(content); root != nil {
		r.mapping(root, section{schema: s, set: r.into(target, "")})
	}
	if len(r.problems) > 0 {
		return document, join(r.problems)
	}
	return document, r.locate(validateSettings(&document))
}

// into returns what puts values into a struct, within the bounds of their keys.
func (r *fileReader) into(target reflect.Value, outer string) func(located) {
	return func(l located) {
		if problem := l.field.check(l.value); problem != nil {
			r.refuse(&yaml.Node{Line: l.line}, problem.in(outer))
		}
		target.FieldByIndex(l.field.index).Set(l.value)
	}
}

// locate adds to errors the line of what they are about, or of what holds it.
func (r *fileReader) locate(err error) error {
	if err == nil {
		return nil
	}
	var all []*Error
	for _, one := range flatten(err) {
		var problem *Error
		if !errors.As(one, &problem) {
			problem = &Error{Problem: one.Error(), cause: one}
		}
		placed := *problem
		placed.File, placed.Line = r.file, r.line(problem.Key)
		all = append(all, &placed)
	}
	return join(all)
}

// line returns where a key stands, or else what it belongs to; 0: nowhere.
func (r *fileReader) line(key string) int {
	for key != "" {
		if line, ok := r.lines[key]; ok {
			return line
		}
		key = key[:max(strings.LastIndexAny(key, ".["), 0)]
	}
	return 0
}

// DocumentKeys documents the keys of a struct as ReadDocument takes them, in the
// order of its fields; of a list of entries, name the type of an entry. They have
// neither default nor variable. The error is a mistake in the declaration of T.
func DocumentKeys[T any]() ([]Key, error) {
	s, err := schemaOf(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	keys := make([]Key, len(s.fields))
	for i, f := range s.fields {
		keys[i] = Key{Name: f.name, Type: typeName(f.typ), Unit: f.unit, Doc: f.doc, Allowed: f.allowed()}
	}
	return keys, nil
}

// knownKeys is the remedy for a key that nothing is near to.
func (s *schema) knownKeys() string {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	return fmt.Sprintf("take it out, or write one of %s", strings.Join(names, ", "))
}
