package config

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Key documents one key.
type Key struct {
	// Name as in the file and the flag: kafka.session_timeout.
	Name string `json:"name"`
	// Env is its environment variable.
	Env string `json:"env"`
	// Type in words: text, whole number, true or false, duration, size, list of text.
	Type string `json:"type"`
	// Default as it would be written in the file.
	Default string `json:"default"`
	// Unit of a number; durations and sizes carry theirs.
	Unit string `json:"unit,omitempty"`
	// Allowed is its bounds ("3s..60s") or its values ("none, lz4").
	Allowed string `json:"allowed,omitempty"`
	// Doc says what it does and what follows from it.
	Doc string `json:"doc"`
}

// Keys documents all keys of a program in the order of the file, the shared ones
// first. The error is a mistake in the declaration of T.
func Keys[T any](defaults Program[T]) ([]Key, error) {
	s, err := schemaOf(reflect.TypeOf(defaults))
	if err != nil {
		return nil, err
	}
	var keys []Key
	for _, f := range s.fields {
		keys = append(keys, Key{
			Name: f.name, Env: f.env(), Type: typeName(f.typ), Unit: f.unit, Doc: f.doc,
			Default: formatValue(reflect.ValueOf(defaults).FieldByIndex(f.index)),
			Allowed: f.allowed(),
		})
	}
	return keys, nil
}

func (f field) allowed() string {
	if f.bound != "" {
		return f.bound
	}
	return strings.Join(f.oneof, ", ")
}

// Setting is one key with the value in force.
type Setting struct {
	Key
	// Value in force, as it would be written in the file. It holds no secret:
	// there is no key for one.
	Value string `json:"value"`
	// Origin of the value.
	Origin Origin `json:"-"`
	// From is Origin in words.
	From string `json:"from"`
}

// Describe lists the effective configuration p that Load returned, with where
// each value came from; defaults are those Load was given.
func Describe[T any](p, defaults Program[T]) ([]Setting, error) {
	keys, err := Keys(defaults)
	if err != nil {
		return nil, err
	}
	s, err := schemaOf(reflect.TypeOf(p))
	if err != nil {
		return nil, err
	}
	var settings []Setting
	for i, f := range s.fields {
		from := p.origins[f.name]
		settings = append(settings, Setting{
			Key: keys[i], Value: formatValue(reflect.ValueOf(p).FieldByIndex(f.index)),
			Origin: from, From: from.String(),
		})
	}
	return settings, nil
}

// WriteYAML writes settings as a file that Load reads back to the same values:
// each key with its documentation above it and its origin beside it.
func WriteYAML(w io.Writer, settings []Setting) error {
	root := &yaml.Node{Kind: yaml.MappingNode}
	sections := map[string]*yaml.Node{"": root}
	for _, s := range settings {
		var value yaml.Node
		if err := yaml.Unmarshal([]byte(s.Value), &value); err != nil {
			return fmt.Errorf("configuration key %s: %w", s.Name, err)
		}
		cut := strings.LastIndexByte(s.Name, '.')
		key := textNode(s.Name[cut+1:])
		key.HeadComment = comment(s.Key)
		leaf := value.Content[0]
		leaf.LineComment = s.From
		parent := sectionNode(sections, s.Name[:max(cut, 0)])
		parent.Content = append(parent.Content, key, leaf)
	}
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return encoder.Close()
}

// sectionNode returns the mapping of a section, made on its first use.
func sectionNode(sections map[string]*yaml.Node, name string) *yaml.Node {
	if n, ok := sections[name]; ok {
		return n
	}
	cut := strings.LastIndexByte(name, '.')
	parent := sectionNode(sections, name[:max(cut, 0)])
	n := &yaml.Node{Kind: yaml.MappingNode}
	parent.Content = append(parent.Content, textNode(name[cut+1:]), n)
	sections[name] = n
	return n
}

// comment is a key's documentation: what it does, then its type and bounds.
func comment(k Key) string {
	detail := k.Type
	if k.Unit != "" {
		detail += " of " + k.Unit
	}
	if k.Allowed != "" {
		detail += ", " + k.Allowed
	}
	return fmt.Sprintf("%s\n(%s; default %s)", k.Doc, detail, k.Default)
}
