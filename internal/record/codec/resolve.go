package codec

import (
	"encoding/json"
	"fmt"

	"github.com/twmb/avro"

	"cordon/schemas"
)

// Resolver rewrites records of other writers' schemas into the layout this
// program reads (Avro 1.12 "Schema Resolution"): fields it does not know are
// left out, fields the writer did not know take their default, symbols it does
// not know become UNKNOWN. Some ten microseconds a record: callers count it.
//
// The zero Resolver is ready. It is not safe for concurrent use.
type Resolver struct {
	pairs     map[[2]uint64]*resolution
	rewritten uint64
}

// resolution reads what one writer wrote and writes it as the reader wants it.
type resolution struct {
	from, to *avro.Schema
	err      error
}

// Rewritten returns how many records it has rewritten, or tried to.
func (r *Resolver) Rewritten() uint64 { return r.rewritten }

// KnownOr returns known, or the schemas this program is built with where it is
// nil.
func KnownOr(known *schemas.Registry) *schemas.Registry {
	if known == nil {
		known, _ = schemas.Known() // what could not be loaded is not known
	}
	return known
}

// Body returns what follows the header of the single-object encoded record b,
// as reader lays it out. known are the writers' schemas it may have been written
// with; nil: those this program is built with.
func (r *Resolver) Body(known *schemas.Registry, b []byte, reader *schemas.Schema) ([]byte, error) {
	writer := KnownOr(known).Of(b)
	if writer == nil || writer.Name != reader.Name {
		return nil, ErrUnknownSchema
	}
	if writer.Fingerprint == reader.Fingerprint {
		return b[schemas.HeaderSize:], nil
	}
	r.rewritten++
	return r.rewrite(writer, reader, b[schemas.HeaderSize:])
}

// rewrite returns body, written with the schema writer and without a header,
// as reader lays it out. A payload the reader does not know keeps an index
// beyond those it knows.
func (r *Resolver) rewrite(writer, reader *schemas.Schema, body []byte) ([]byte, error) {
	key := [2]uint64{writer.Fingerprint, reader.Fingerprint}
	pair := r.pairs[key]
	if pair == nil {
		if r.pairs == nil {
			r.pairs = map[[2]uint64]*resolution{}
		}
		pair = newResolution(writer, reader)
		r.pairs[key] = pair
	}
	if pair.err != nil {
		return nil, pair.err
	}
	return pair.rewrite(body)
}

func (r *resolution) rewrite(body []byte) ([]byte, error) {
	var value any
	rest, err := r.from.Decode(body, &value, avro.TaggedUnions())
	if err != nil || len(rest) > 0 {
		return nil, ErrUndecodable
	}
	out, err := r.to.Encode(value)
	if err != nil {
		return nil, ErrUndecodable
	}
	return out, nil
}

func newResolution(writer, reader *schemas.Schema) *resolution {
	from, err := plain(writer.Text)
	if err != nil {
		return &resolution{err: err}
	}
	to, err := plain(reader.Text)
	if err != nil {
		return &resolution{err: err}
	}
	widen(to, from)
	return resolve(from, to)
}

func resolve(writer, reader map[string]any) *resolution {
	from, err := parsed(writer)
	if err != nil {
		return &resolution{err: err}
	}
	to, err := parsed(reader)
	if err != nil {
		return &resolution{err: err}
	}
	both, err := avro.Resolve(from, to)
	if err != nil {
		return &resolution{err: fmt.Errorf("%w: %w", ErrUnknownSchema, err)}
	}
	return &resolution{from: both, to: to}
}

func parsed(tree map[string]any) (*avro.Schema, error) {
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnknownSchema, err)
	}
	schema, err := avro.Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnknownSchema, err)
	}
	return schema, nil
}

// plain returns the schema without logical types, so that times stay the
// integers they are.
func plain(text []byte) (map[string]any, error) {
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnknownSchema, err)
	}
	dropLogical(tree)
	return tree, nil
}

func dropLogical(tree any) {
	switch tree := tree.(type) {
	case map[string]any:
		delete(tree, "logicalType")
		for _, child := range tree {
			dropLogical(child)
		}
	case []any:
		for _, child := range tree {
			dropLogical(child)
		}
	}
}

// widen adds the payloads that only the writer knows to the end of the
// reader's, so that the others can still be read.
func widen(reader, writer map[string]any) {
	field, branches := payloadOf(reader)
	_, theirs := payloadOf(writer)
	if field == nil {
		return
	}
	known := map[any]bool{}
	for _, branch := range branches {
		known[nameOf(branch)] = true
	}
	for _, branch := range theirs {
		if !known[nameOf(branch)] {
			branches = append(branches, branch)
		}
	}
	field["type"] = branches
}

// payloadOf returns the field named payload and its branches, or nil.
func payloadOf(record map[string]any) (map[string]any, []any) {
	fields, _ := record["fields"].([]any)
	for _, f := range fields {
		field, _ := f.(map[string]any)
		if branches, ok := field["type"].([]any); ok && field["name"] == "payload" {
			return field, branches
		}
	}
	return nil, nil
}

func nameOf(branch any) any {
	if named, ok := branch.(map[string]any); ok {
		return named["name"]
	}
	return branch
}
