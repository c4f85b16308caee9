package codec

import (
	"fmt"
	"reflect"
	"sync"

	"cordon/schemas"
)

// Set is a family of records and their Go types. It may be used by many
// goroutines at once.
type Set struct {
	byName map[string]*binding
	byType map[reflect.Type]*binding
}

// binding joins one schema to one Go type, when first used.
type binding struct {
	schema *schemas.Schema
	goType reflect.Type
	shape  func() (*recordShape, error)
	binary func() (binary, error)
}

// NewSet returns the set of the records of the given names; each sample is a
// value of the struct the record is held in.
func NewSet(samples map[string]any) *Set {
	s := &Set{byName: map[string]*binding{}, byType: map[reflect.Type]*binding{}}
	for name, sample := range samples {
		b := newBinding(name, reflect.TypeOf(sample))
		s.byName[name] = b
		s.byType[b.goType] = b
	}
	return s
}

func newBinding(name string, goType reflect.Type) *binding {
	b := &binding{schema: schemas.Newest(name), goType: goType}
	b.shape = sync.OnceValues(func() (*recordShape, error) {
		if b.schema == nil {
			return nil, fmt.Errorf("%w: %s has no schema", ErrUnknownSchema, name)
		}
		return newRecord(b.schema.Root, goType)
	})
	b.binary = sync.OnceValues(func() (binary, error) { return newBinary(b.schema) })
	return b
}

// of returns the binding of a pointer to a record, and the record.
func (s *Set) of(rec any) (*binding, reflect.Value, error) {
	v := reflect.ValueOf(rec)
	if v.Kind() != reflect.Pointer || v.IsNil() || s.byType[v.Type().Elem()] == nil {
		return nil, v, fmt.Errorf("%w: %T", ErrUnsupported, rec)
	}
	return s.byType[v.Type().Elem()], v.Elem(), nil
}

// Append appends the single-object encoding of the record rec points to.
func (s *Set) Append(dst []byte, rec any) ([]byte, error) {
	b, v, err := s.of(rec)
	if err != nil {
		return dst, err
	}
	shape, err := b.shape()
	if err != nil {
		return dst, err
	}
	avro, err := b.binary()
	if err != nil {
		return dst, err
	}
	start := len(dst)
	header := b.schema.Header()
	out, err := avro.append(append(dst, header[:]...), shape.toNative(v))
	if err != nil {
		return out[:start], err
	}
	return out, nil
}

// New returns a pointer to an empty record of the name, or nil.
func (s *Set) New(name string) any {
	b := s.byName[name]
	if b == nil {
		return nil
	}
	return reflect.New(b.goType).Interface()
}

// Decode fills the record rec points to from body, which is laid out as the
// newest schema of that record and has no header. On error the record is left
// half filled.
func (s *Set) Decode(body []byte, rec any) error {
	b, v, err := s.of(rec)
	if err != nil {
		return err
	}
	shape, err := b.shape()
	if err != nil {
		return err
	}
	avro, err := b.binary()
	if err != nil {
		return err
	}
	native, err := avro.decode(body)
	if err != nil {
		return err
	}
	v.SetZero()
	return shape.fromNative(v, native)
}

// Schema returns the newest schema of the record rec points to.
func (s *Set) Schema(rec any) (*schemas.Schema, error) {
	b, _, err := s.of(rec)
	if err != nil {
		return nil, err
	}
	return b.schema, nil
}

// AppendJSON appends the record rec points to as one line of plain JSON,
// without a newline.
func (s *Set) AppendJSON(dst []byte, rec any) ([]byte, error) {
	b, v, err := s.of(rec)
	if err != nil {
		return dst, err
	}
	shape, err := b.shape()
	if err != nil {
		return dst, err
	}
	return shape.appendJSON(dst, v), nil
}

// ParseJSON fills the record rec points to from plain JSON. Its errors about
// the text are of type *KeyError. On error the record is left half filled.
func (s *Set) ParseJSON(text []byte, rec any) error {
	b, v, err := s.of(rec)
	if err != nil {
		return err
	}
	shape, err := b.shape()
	if err != nil {
		return err
	}
	if err := shape.parseJSON(v, text); err != nil {
		return at("", err)
	}
	return nil
}

// Unbound returns the struct fields of the record rec points to that its schema
// does not have, deep; an error where the schema has a field the struct lacks.
func (s *Set) Unbound(rec any) ([]string, error) {
	b, _, err := s.of(rec)
	if err != nil {
		return nil, err
	}
	shape, err := b.shape()
	if err != nil {
		return nil, err
	}
	return shape.missing(), nil
}
