// Package schemas holds the Avro schemas of every record Cordon writes: the
// .avsc files beside this file, which are the contract, parsed.
//
// What it promises: the embedded files parse; every schema has a fingerprint
// (CRC-64-AVRO of its Parsing Canonical Form, Avro 1.12 "Schema
// Fingerprints") under which the registry finds it; nothing changes after
// start, so that everything here may be used by many goroutines at once.
//
// What it does not: it encodes and decodes nothing (internal/record/codec
// does), and compares no schemas for compatibility.
package schemas

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
)

//go:embed *.avsc
var files embed.FS

// Schema is one version of a record's schema.
type Schema struct {
	Name        string // of the record, without its namespace
	Text        []byte // as written, not to be changed
	Fingerprint uint64 // CRC-64-AVRO of Canonical
	Canonical   string // Parsing Canonical Form
	Root        *Type  // the record
}

// Header returns the ten bytes before every single-object encoded record: the
// marker C3 01 and the fingerprint, little-endian (Avro 1.12 "Single-object
// encoding").
func (s *Schema) Header() [HeaderSize]byte { return header(s.Fingerprint) }

// ErrNotRecord refuses a schema whose top is not a record.
var ErrNotRecord = errors.New("schema: top is not a record")

// Parse reads the text of one schema file.
func Parse(text []byte) (*Schema, error) {
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	root, err := newParser().parse(tree, "")
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	if root.Kind != Record {
		return nil, ErrNotRecord
	}
	canonical := canonicalForm(root)
	return &Schema{
		Name:        root.ShortName(),
		Text:        text,
		Fingerprint: fingerprint(canonical),
		Canonical:   canonical,
		Root:        root,
	}, nil
}

// Registry knows schemas by fingerprint, and the newest of each record by name.
type Registry struct {
	byFingerprint map[uint64]*Schema
	newest        map[string]*Schema
	names         []string // in order of the files: the order of the flow
}

var known, knownErr = load(files)

// Known returns the registry of the schemas this program is built with. Its
// error can only be non-nil when a schema file was broken before the build.
func Known() (*Registry, error) { return known, knownErr }

// Newest returns the schema this program writes the named record with, or nil
// where it knows none.
func Newest(name string) *Schema { return known.newest[name] }

func load(from fs.FS) (*Registry, error) {
	r := &Registry{byFingerprint: map[uint64]*Schema{}, newest: map[string]*Schema{}}
	paths, err := fs.Glob(from, "*.avsc")
	if err != nil {
		return r, fmt.Errorf("schemas: %w", err)
	}
	for _, path := range paths {
		text, err := fs.ReadFile(from, path)
		if err != nil {
			return r, fmt.Errorf("schemas: %w", err)
		}
		schema, err := Parse(text)
		if err != nil {
			return r, fmt.Errorf("schemas: %s: %w", path, err)
		}
		r.byFingerprint[schema.Fingerprint] = schema
		r.newest[schema.Name] = schema
		r.names = append(r.names, schema.Name)
	}
	return r, nil
}

// With returns a registry that also knows other writers' schemas. They are
// only read, never written: the newest of each record stays what it was.
func (r *Registry) With(writers ...*Schema) *Registry {
	more := &Registry{byFingerprint: map[uint64]*Schema{}, newest: r.newest, names: r.names}
	for fingerprint, schema := range r.byFingerprint {
		more.byFingerprint[fingerprint] = schema
	}
	for _, schema := range writers {
		if _, ok := more.byFingerprint[schema.Fingerprint]; !ok {
			more.byFingerprint[schema.Fingerprint] = schema
		}
	}
	return more
}

// Names returns the names of all records, in the order of the flow.
func (r *Registry) Names() []string { return append([]string(nil), r.names...) }

// ByFingerprint returns the schema with the fingerprint, or nil.
func (r *Registry) ByFingerprint(fingerprint uint64) *Schema { return r.byFingerprint[fingerprint] }

// Of returns the schema a single-object encoded record was written with, or
// nil where the header is no header or its fingerprint is not known.
func (r *Registry) Of(record []byte) *Schema {
	print, ok := Fingerprint(record)
	if !ok {
		return nil
	}
	return r.byFingerprint[print]
}

// Newest returns the schema the named record is written with, or nil.
func (r *Registry) Newest(name string) *Schema { return r.newest[name] }
