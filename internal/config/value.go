package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// parseText reads a value of type t from the text of a variable, a flag or a
// scalar of the file. Items of a list are separated by commas.
func parseText(t reflect.Type, text string) (reflect.Value, *Error) {
	v := reflect.New(t).Elem()
	switch {
	case t == durationType:
		d, problem := parseDuration(text)
		v.SetInt(int64(d))
		return v, problem
	case readsText(t):
		return v, asProblem(text, v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)))
	}
	switch t.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		if text != "true" && text != "false" {
			return v, &Error{Problem: fmt.Sprintf("%q is neither true nor false", text)}
		}
		v.SetBool(text == "true")
	case reflect.Slice:
		return parseList(t, text)
	default:
		n, err := strconv.ParseInt(text, 10, t.Bits())
		if err != nil {
			return v, &Error{Problem: fmt.Sprintf("%q is not a whole number of %d bits", text, t.Bits())}
		}
		v.SetInt(n)
	}
	return v, nil
}

// asProblem turns an error of UnmarshalText into one of ours.
func asProblem(text string, err error) *Error {
	var ours *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ours):
		return ours
	default:
		return &Error{Problem: fmt.Sprintf("%q is not valid: %v", text, err), cause: err}
	}
}

func parseList(t reflect.Type, text string) (reflect.Value, *Error) {
	list := reflect.MakeSlice(t, 0, 1)
	if isSection(t.Elem()) {
		return list, &Error{Problem: "is a list of entries", Remedy: "write it in the file"}
	}
	if strings.TrimSpace(text) == "" {
		return list, nil
	}
	for item := range strings.SplitSeq(text, ",") {
		v, problem := parseText(t.Elem(), strings.TrimSpace(item))
		if problem != nil {
			return list, problem
		}
		list = reflect.Append(list, v)
	}
	return list, nil
}

// check says whether a value is within the bounds of its key.
func (f field) check(v reflect.Value) *Error {
	if v.CanInt() && (f.low != nil && v.Int() < *f.low || f.high != nil && v.Int() > *f.high) {
		return &Error{Key: f.name, Problem: formatValue(v) + " is out of bounds", Remedy: "allowed is " + f.bound}
	}
	if len(f.oneof) == 0 {
		return nil
	}
	if v.Kind() != reflect.Slice {
		return f.checkOne(v)
	}
	for i := range v.Len() {
		if problem := f.checkOne(v.Index(i)); problem != nil {
			return problem
		}
	}
	return nil
}

func (f field) checkOne(v reflect.Value) *Error {
	text := nodeOf(v).Value
	if slices.Contains(f.oneof, text) {
		return nil
	}
	return &Error{Key: f.name, Problem: fmt.Sprintf("%q is not known", text), Remedy: "write one of " + strings.Join(f.oneof, ", ")}
}

// formatValue writes a value as parseText and the file read it.
func formatValue(v reflect.Value) string {
	out, err := yaml.Marshal(nodeOf(v))
	if err != nil {
		return fmt.Sprint(v.Interface())
	}
	return strings.TrimSuffix(string(out), "\n")
}

// nodeOf is a value as YAML, lists and entries in flow style.
func nodeOf(v reflect.Value) *yaml.Node {
	switch {
	case v.Type() == durationType:
		return textNode(FormatDuration(time.Duration(v.Int())))
	case isSection(v.Type()):
		return entryNode(v)
	case v.Kind() == reflect.Slice && !readsText(v.Type()):
		list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for i := range v.Len() {
			list.Content = append(list.Content, nodeOf(v.Index(i)))
		}
		return list
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		if err == nil {
			return textNode(string(text))
		}
	}
	n := &yaml.Node{}
	_ = n.Encode(v.Interface()) // text, truth value or number: cannot fail
	return n
}

func textNode(text string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(text)
	return n
}

// entryNode is an entry of a list of structs.
func entryNode(v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	s, err := schemaOf(v.Type())
	if err != nil {
		return n // schemaOf of the whole refused it before
	}
	for _, f := range s.fields {
		n.Content = append(n.Content, textNode(f.name), nodeOf(v.FieldByIndex(f.index)))
	}
	return n
}
