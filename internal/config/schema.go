package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// field is one key: a leaf of the struct the configuration is read into.
type field struct {
	name  string       // in full: kafka.tls.ca_file
	typ   reflect.Type // of its value
	index []int        // where it is in the struct, for FieldByIndex
	doc   string
	unit  string
	bound string   // the range tag
	low   *int64   // lowest value allowed, nil: none
	high  *int64   // highest value allowed, nil: none
	oneof []string // the values allowed, empty: all
}

// env is the name of the key's environment variable.
func (f field) env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(f.name, ".", "_"))
}

// schema is all keys of a struct, in the order of its fields.
type schema struct {
	fields   []field
	byName   map[string]int  // index into fields
	sections map[string]bool // names that hold other keys: kafka, kafka.tls
}

func (s *schema) lookup(name string) (field, bool) {
	i, ok := s.byName[name]
	if !ok {
		return field{}, false
	}
	return s.fields[i], true
}

// schemaOf describes t. Its errors are mistakes in the program's declarations,
// not the user's.
func schemaOf(t reflect.Type) (*schema, error) {
	s := &schema{byName: map[string]int{}, sections: map[string]bool{}}
	if err := s.add(t, "", nil); err != nil {
		return nil, err
	}
	envs := map[string]string{}
	for i, f := range s.fields {
		if before, ok := envs[f.env()]; ok {
			return nil, fmt.Errorf("configuration keys %s and %s share the variable %s", before, f.name, f.env())
		}
		envs[f.env()] = f.name
		s.byName[f.name] = i
	}
	return s, nil
}

// add appends the keys of the struct type t under prefix.
func (s *schema) add(t reflect.Type, prefix string, index []int) error {
	if t.Kind() != reflect.Struct {
		return fmt.Errorf("configuration: %v is not a struct", t)
	}
	for i := range t.NumField() {
		member := t.Field(i)
		name, option, _ := strings.Cut(member.Tag.Get("mapstructure"), ",")
		if !member.IsExported() || name == "-" {
			continue
		}
		path := append(append([]int{}, index...), i)
		var err error
		switch {
		case option == "squash":
			err = s.add(member.Type, prefix, path)
		case name == "" || name != strings.ToLower(name):
			err = fmt.Errorf("configuration %s%s: no lower-case name in its mapstructure tag", prefix, member.Name)
		case isSection(member.Type):
			s.sections[prefix+name] = true
			err = s.add(member.Type, prefix+name+".", path)
		default:
			err = s.addField(member, field{name: prefix + name, typ: member.Type, index: path})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *schema) addField(member reflect.StructField, f field) error {
	if err := supported(f.typ); err != nil {
		return fmt.Errorf("configuration key %s: %w", f.name, err)
	}
	f.doc, f.unit, f.bound = member.Tag.Get("doc"), member.Tag.Get("unit"), member.Tag.Get("range")
	if f.doc == "" {
		return fmt.Errorf("configuration key %s: no doc tag", f.name)
	}
	if f.typ.Kind() == reflect.String && secretName.MatchString(f.name) {
		return fmt.Errorf("configuration key %s: a secret has to come from a file, name it %s_file", f.name, f.name)
	}
	f.oneof = strings.Fields(member.Tag.Get("oneof"))
	var err error
	if f.low, f.high, err = parseRange(f.typ, f.bound); err != nil {
		return fmt.Errorf("configuration key %s: range %q: %w", f.name, f.bound, err)
	}
	s.fields = append(s.fields, f)
	return nil
}

// parseRange reads "3s..60s" for type t; either end may be left out.
func parseRange(t reflect.Type, text string) (low, high *int64, err error) {
	if text == "" {
		return nil, nil, nil
	}
	ends := strings.Split(text, "..")
	if len(ends) != 2 {
		return nil, nil, fmt.Errorf("not two values with '..' between them")
	}
	var parsed [2]*int64
	for i, end := range ends {
		if end == "" {
			continue
		}
		v, problem := parseText(t, end)
		if problem != nil {
			return nil, nil, problem
		}
		if !v.CanInt() {
			return nil, nil, fmt.Errorf("%v has no order", t)
		}
		n := v.Int()
		parsed[i] = &n
	}
	return parsed[0], parsed[1], nil
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	sizeType     = reflect.TypeFor[Size]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// readsText reports whether t has its own text form, such as netip.Prefix.
func readsText(t reflect.Type) bool { return reflect.PointerTo(t).Implements(textType) }

// isSection reports whether t holds keys rather than a value.
func isSection(t reflect.Type) bool { return t.Kind() == reflect.Struct && !readsText(t) }

// supported says why a field of type t cannot be a key.
func supported(t reflect.Type) error {
	switch {
	case readsText(t), t == durationType:
		return nil
	case t.Kind() == reflect.Slice && isSection(t.Elem()):
		_, err := schemaOf(t.Elem())
		return err
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Slice:
		return supported(t.Elem())
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return nil
	}
	return fmt.Errorf("type %v is not supported", t)
}

// typeName is t in the user's words.
func typeName(t reflect.Type) string {
	switch {
	case t == durationType:
		return "duration"
	case t == sizeType:
		return "size"
	case readsText(t):
		return strings.ToLower(t.Name())
	case t.Kind() == reflect.Slice && isSection(t.Elem()):
		return "list of entries"
	case t.Kind() == reflect.Slice:
		return "list of " + typeName(t.Elem())
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String:
		return "text"
	default:
		return "whole number"
	}
}
