package codec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"cordon/schemas"
)

// recordShape is a record and a struct.
type recordShape struct {
	fields  []fieldShape
	keys    map[string]bool // of plain JSON
	unbound []string        // struct fields the schema does not have
}

// fieldShape is one field of a record. Where payload is set it is a union of
// records, and shape is nil.
type fieldShape struct {
	name     string
	index    []int // of the struct field
	shape    shape
	optional bool            // may be null: left out of plain JSON when absent
	def      json.RawMessage // default of plain JSON; nil: the zero value
	payload  []payloadShape
}

// payloadShape is one branch of a union of records.
type payloadShape struct {
	branch string // full name of the record
	key    string // its key in plain JSON
	index  []int  // of the struct field; nil where the record has no fields
	shape  *recordShape
}

// bindError says which field of a schema has no place in its struct.
type bindError struct{ Schema, Type string }

func (e *bindError) Error() string {
	return fmt.Sprintf("schema %s does not fit Go type %s", e.Schema, e.Type)
}

func newRecord(t *schemas.Type, g reflect.Type) (*recordShape, error) {
	r := &recordShape{keys: map[string]bool{}}
	free := structFields(g)
	for _, field := range t.Fields {
		f, err := newField(field, free)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", t.ShortName(), field.Name, err)
		}
		r.fields = append(r.fields, f)
		if f.payload == nil {
			r.keys[f.name] = true
		}
		for _, branch := range f.payload {
			r.keys[branch.key] = true
		}
	}
	for _, field := range free.order {
		if _, ok := free.byName[field]; ok {
			r.unbound = append(r.unbound, g.Name()+"."+field)
		}
	}
	return r, nil
}

// goFields are the fields of a struct, promoted ones too, that no schema field
// has taken yet: by lower-case name, or by tag.
type goFields struct {
	byName map[string]reflect.StructField
	order  []string
}

func structFields(g reflect.Type) *goFields {
	fields := &goFields{byName: map[string]reflect.StructField{}}
	for _, field := range reflect.VisibleFields(g) {
		if field.Anonymous || !field.IsExported() {
			continue
		}
		name := strings.ToLower(field.Name)
		if tag := field.Tag.Get("avro"); tag != "" {
			name = strings.ToLower(tag)
		}
		fields.byName[name] = field
		fields.order = append(fields.order, name)
	}
	return fields
}

// take returns the field of the name, and takes it away.
func (f *goFields) take(name string) (reflect.StructField, bool) {
	name = strings.ToLower(name)
	field, ok := f.byName[name]
	delete(f.byName, name)
	return field, ok
}

func newField(field schemas.Field, free *goFields) (fieldShape, error) {
	f := fieldShape{name: field.Name}
	place, ok := free.take(field.Name)
	if !ok {
		return f, &bindError{Schema: field.Name, Type: "no field"}
	}
	f.index = place.Index
	_, f.optional = field.Type.Optional()
	if field.Default != nil {
		f.def, _ = json.Marshal(field.Default) // it was JSON before
	}
	var err error
	if field.Type.Kind == schemas.Union && !f.optional {
		f.payload, err = newPayload(field.Type.Branches, free)
		return f, err
	}
	f.shape, err = newShape(field.Type, place.Type)
	return f, err
}

func newPayload(branches []*schemas.Type, free *goFields) ([]payloadShape, error) {
	var payload []payloadShape
	for _, branch := range branches {
		p := payloadShape{branch: branch.Name, key: schemas.LowerCamel(branch.ShortName()), shape: &recordShape{}}
		place, ok := free.take(branch.ShortName())
		if !ok && len(branch.Fields) > 0 {
			return nil, &bindError{Schema: branch.Name, Type: "no field"}
		}
		if ok {
			p.index = place.Index
			shape, err := newRecord(branch, place.Type)
			if err != nil {
				return nil, err
			}
			p.shape = shape
		}
		payload = append(payload, p)
	}
	return payload, nil
}

// missing returns the struct fields without a schema field, deep.
func (r *recordShape) missing() []string {
	names := append([]string(nil), r.unbound...)
	for _, field := range r.fields {
		for _, branch := range field.payload {
			names = append(names, branch.shape.missing()...)
		}
		names = append(names, missingIn(field.shape)...)
	}
	return names
}

func missingIn(s shape) []string {
	switch s := s.(type) {
	case optionalShape:
		return missingIn(s.inner)
	case listShape:
		return missingIn(s.item)
	case *recordShape:
		return s.missing()
	}
	return nil
}

// chosen returns the branch that a payload field of v names, or nil.
func (f *fieldShape) chosen(v reflect.Value) *payloadShape {
	kind := v.FieldByIndex(f.index).Uint()
	if kind == 0 || kind > uint64(len(f.payload)) {
		return nil
	}
	return &f.payload[kind-1]
}

// place returns the struct that holds the branch within v.
func (p *payloadShape) place(v reflect.Value) reflect.Value {
	if p.index == nil {
		return reflect.ValueOf(&struct{}{}).Elem()
	}
	return v.FieldByIndex(p.index)
}

func (r *recordShape) toNative(v reflect.Value) any {
	native := make(map[string]any, len(r.fields))
	for i := range r.fields {
		field := &r.fields[i]
		if field.payload == nil {
			native[field.name] = field.shape.toNative(v.FieldByIndex(field.index))
		} else if branch := field.chosen(v); branch != nil {
			native[field.name] = map[string]any{branch.branch: branch.shape.toNative(branch.place(v))}
		}
	}
	return native
}

func (r *recordShape) fromNative(v reflect.Value, native any) error {
	values, ok := native.(map[string]any)
	if !ok {
		return ErrUndecodable
	}
	for i := range r.fields {
		field := &r.fields[i]
		var err error
		if field.payload != nil {
			err = field.payloadFromNative(v, values[field.name])
		} else {
			err = field.shape.fromNative(v.FieldByIndex(field.index), values[field.name])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *fieldShape) payloadFromNative(v reflect.Value, native any) error {
	union, _ := native.(map[string]any)
	for i := range f.payload {
		branch := &f.payload[i]
		if value, ok := union[branch.branch]; ok {
			v.FieldByIndex(f.index).SetUint(uint64(i + 1))
			return branch.shape.fromNative(branch.place(v), value)
		}
	}
	return ErrUnknownPayload
}
