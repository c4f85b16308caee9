package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fileReader walks one YAML file beside the schema and collects what is wrong
// with it. It works on the nodes, not on decoded maps: only they still know the
// line, the case of a key, and whether a value was text or a number.
type fileReader struct {
	file     string
	problems []*Error
	// lines are where keys stand, by their full names; nil: nobody asks.
	lines map[string]int
	// listsKeys: the remedy for an unknown key is a list of those there are.
	listsKeys bool
}

// located is a value and the line it stands in.
type located struct {
	field field
	value reflect.Value
	line  int
}

// read returns the values the file sets, in its order.
func (r *fileReader) read(s *schema) []located {
	content, err := os.ReadFile(r.file)
	if err != nil {
		problem := unreadable("", err)
		problem.Problem = "cannot read the configuration " + problem.Problem
		r.problems = append(r.problems, problem)
		return nil
	}
	root := r.parse(content)
	if root == nil {
		return nil
	}
	var values []located
	r.mapping(root, section{schema: s, set: func(l located) { values = append(values, l) }})
	return values
}

// parse returns the mapping of the only document; nil if there is none.
func (r *fileReader) parse(content []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		r.refuse(&yaml.Node{}, &Error{Problem: strings.TrimPrefix(err.Error(), "yaml: "), Remedy: "write valid YAML", cause: err})
		return nil
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		r.refuse(&second, &Error{Problem: "holds more than one document", Remedy: "take out the second one, from '---' on"})
	}
	root := document.Content[0]
	if isNull(root) {
		return nil
	}
	if root.Kind != yaml.MappingNode {
		r.refuse(root, &Error{Problem: "is not a list of keys and values", Remedy: "write KEY: VALUE lines"})
		return nil
	}
	return root
}

func (r *fileReader) refuse(n *yaml.Node, problem *Error) {
	problem.File, problem.Line = r.file, n.Line
	r.problems = append(r.problems, problem)
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// section is where a mapping's keys belong.
type section struct {
	schema *schema
	// outer names the place of the schema itself, such as "rules[2].".
	outer string
	// prefix is the section inside the schema, such as "kafka.".
	prefix string
	set    func(located)
}

// mapping reads the keys of one section and of those in it.
func (r *fileReader) mapping(n *yaml.Node, s section) {
	seen := map[string]int{} // lower-cased key, line
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		folded := strings.ToLower(key.Value)
		if line, ok := seen[folded]; ok {
			r.refuse(key, &Error{Key: s.outer + s.prefix + key.Value, Problem: fmt.Sprintf("is given before, in line %d", line), Remedy: "take one out"})
			continue
		}
		seen[folded] = key.Line
		r.entry(key, value, s)
	}
}

// entry reads one key of a mapping.
func (r *fileReader) entry(key, value *yaml.Node, s section) {
	name := s.prefix + key.Value
	r.note(s.outer+name, key)
	f, isKey := s.schema.lookup(name)
	switch {
	case !isKey && !s.schema.sections[name]:
		r.refuse(key, r.unknown(s.schema, name).in(s.outer))
	case isNull(value):
		// "kafka:" with everything under it commented out sets nothing.
	case isKey:
		if v, problem := r.value(f.typ, value, s.outer+name); problem != nil {
			r.refuse(value, problem)
		} else {
			s.set(located{f, v, value.Line})
		}
	case value.Kind != yaml.MappingNode:
		r.refuse(value, &Error{Key: s.outer + name, Problem: "holds keys, not a value", Remedy: "write its keys indented below it"})
	default:
		s.prefix = name + "."
		r.mapping(value, s)
	}
}

// note remembers where a key stands.
func (r *fileReader) note(name string, n *yaml.Node) {
	if r.lines != nil {
		r.lines[name] = n.Line
	}
}

func (r *fileReader) unknown(s *schema, name string) *Error {
	problem := s.unknown(name)
	if r.listsKeys && problem.Remedy == seeAllKeys {
		problem.Remedy = s.knownKeys()
	}
	return problem
}

// value reads a value of type t; key is its full name. Problems inside the
// entries of a list are collected, the one of the value itself is returned.
func (r *fileReader) value(t reflect.Type, n *yaml.Node, key string) (reflect.Value, *Error) {
	switch {
	case n.Kind == yaml.AliasNode:
		return reflect.Value{}, &Error{Key: key, Problem: "is an alias", Remedy: "write the value itself"}
	case isSection(t):
		return r.listEntry(t, n, key)
	case t.Kind() == reflect.Slice && !readsText(t):
		return r.list(t, n, key)
	case n.Kind != yaml.ScalarNode:
		return reflect.Value{}, &Error{Key: key, Problem: "is not one value", Remedy: "write a " + typeName(t)}
	}
	if problem := wrongKind(t, n); problem != nil {
		return reflect.Value{}, problem.in(key)
	}
	v, problem := parseText(t, n.Value)
	if problem != nil {
		return v, problem.in(key)
	}
	return v, nil
}

func (r *fileReader) list(t reflect.Type, n *yaml.Node, key string) (reflect.Value, *Error) {
	if n.Kind != yaml.SequenceNode {
		return reflect.Value{}, &Error{Key: key, Problem: "is not a list", Remedy: "write [A, B] or one '- A' in each line"}
	}
	list := reflect.MakeSlice(t, 0, len(n.Content))
	for i, item := range n.Content {
		name := fmt.Sprintf("%s[%d]", key, i)
		r.note(name, item)
		v, problem := r.value(t.Elem(), item, name)
		if problem != nil {
			r.refuse(item, problem)
			continue
		}
		list = reflect.Append(list, v)
	}
	return list, nil
}

// listEntry reads a struct inside a list; its keys start from zero values.
func (r *fileReader) listEntry(t reflect.Type, n *yaml.Node, key string) (reflect.Value, *Error) {
	v := reflect.New(t).Elem()
	s, err := schemaOf(t)
	if err != nil || n.Kind != yaml.MappingNode {
		return v, &Error{Key: key, Problem: "is not an entry of keys and values", Remedy: "write '- KEY: VALUE'"}
	}
	outer := key + "."
	r.mapping(n, section{schema: s, outer: outer, set: r.into(v, outer)})
	return v, nil
}

// wrongKind refuses a scalar that YAML reads as another kind than t, so that
// nothing is converted silently. Types with a text form take any scalar.
func wrongKind(t reflect.Type, n *yaml.Node) *Error {
	if t == durationType || readsText(t) {
		return nil
	}
	switch {
	case t.Kind() == reflect.String && n.Tag != "!!str":
		return &Error{Problem: n.Value + " is not text", Remedy: fmt.Sprintf("write it in quotes: %q", n.Value)}
	case t.Kind() == reflect.Bool && n.Tag != "!!bool":
		return &Error{Problem: fmt.Sprintf("%q is neither true nor false", n.Value), Remedy: "write true or false, without quotes"}
	case t.Kind() != reflect.String && t.Kind() != reflect.Bool && n.Tag != "!!int":
		return &Error{Problem: fmt.Sprintf("%q is not a whole number", n.Value), Remedy: "write it without quotes and unit"}
	default:
		return nil
	}
}
