package codec

import (
	"encoding/json"
	"net/netip"
	"reflect"

	"cordon/schemas"
)

// shape is how one schema type and one Go type go together. A native is a value
// of the form goavro takes and gives, with logical types left out.
type shape interface {
	toNative(v reflect.Value) any
	fromNative(v reflect.Value, native any) error
	appendJSON(dst []byte, v reflect.Value) []byte
	parseJSON(v reflect.Value, text json.RawMessage) error
}

var (
	addrType  = reflect.TypeFor[netip.Addr]()
	bytesType = reflect.TypeFor[[]byte]()
)

// newShape joins a schema type and a Go type, or returns nil where they do not
// go together.
func newShape(t *schemas.Type, g reflect.Type) (shape, error) {
	if inner, ok := t.Optional(); ok {
		return newOptional(inner, g)
	}
	switch {
	case t.Kind == schemas.Boolean && g.Kind() == reflect.Bool:
		return boolShape{}, nil
	case t.Kind == schemas.Int && g.Kind() == reflect.Int32:
		return intShape{}, nil
	case t.Kind == schemas.Long && g.Kind() == reflect.Int64:
		if t.Logical == schemas.TimestampMicros {
			return timeShape{}, nil
		}
		return longShape{}, nil
	case t.Kind == schemas.String && g.Kind() == reflect.String:
		return stringShape{}, nil
	case t.Kind == schemas.Bytes && g == addrType:
		return addrShape{}, nil
	case t.Kind == schemas.Bytes && g == bytesType:
		return bytesShape{}, nil
	}
	return newComposite(t, g)
}

func newComposite(t *schemas.Type, g reflect.Type) (shape, error) {
	switch {
	case t.Kind == schemas.Fixed && g.Kind() == reflect.Array && g.Elem().Kind() == reflect.Uint8 && g.Len() == t.Size:
		return fixedShape{}, nil
	case t.Kind == schemas.Enum && g.Kind() == reflect.Uint8:
		return newEnum(t.Symbols), nil
	case t.Kind == schemas.Array && g.Kind() == reflect.Slice:
		item, err := newShape(t.Item, g.Elem())
		return listShape{item: item}, err
	case t.Kind == schemas.Record && g.Kind() == reflect.Struct:
		return newRecord(t, g)
	}
	return nil, &bindError{Schema: string(t.Kind) + " " + t.Name, Type: g.String()}
}

// optionalShape is a union of null and one type. Where opt is set the Go value
// is a struct {Value, Set}; else its zero value means absent.
type optionalShape struct {
	inner  shape
	branch string // name of the type in a native union
	opt    bool
}

func newOptional(inner *schemas.Type, g reflect.Type) (shape, error) {
	o := optionalShape{branch: inner.Name}
	if o.branch == "" {
		o.branch = string(inner.Kind)
	}
	if value, ok := optValue(g); ok {
		o.opt, g = true, value
	}
	var err error
	o.inner, err = newShape(inner, g)
	return o, err
}

// optValue returns the type of Value where g is a struct {Value, Set bool}.
func optValue(g reflect.Type) (reflect.Type, bool) {
	if g.Kind() != reflect.Struct || g.NumField() != 2 {
		return nil, false
	}
	value, set := g.Field(0), g.Field(1)
	ok := value.Name == "Value" && set.Name == "Set" && set.Type.Kind() == reflect.Bool
	return value.Type, ok
}

// present returns the value within an optional, and whether there is one.
func (o optionalShape) present(v reflect.Value) (reflect.Value, bool) {
	if o.opt {
		return v.Field(0), v.Field(1).Bool()
	}
	if v.Kind() == reflect.Slice {
		return v, v.Len() > 0
	}
	return v, !v.IsZero()
}

// fill returns the place for the value of an optional that is there.
func (o optionalShape) fill(v reflect.Value) reflect.Value {
	if !o.opt {
		return v
	}
	v.Field(1).SetBool(true)
	return v.Field(0)
}

func (o optionalShape) toNative(v reflect.Value) any {
	value, ok := o.present(v)
	if !ok {
		return nil
	}
	return map[string]any{o.branch: o.inner.toNative(value)}
}

func (o optionalShape) fromNative(v reflect.Value, native any) error {
	v.SetZero()
	if native == nil {
		return nil
	}
	union, ok := native.(map[string]any)
	if !ok {
		return ErrUndecodable
	}
	return o.inner.fromNative(o.fill(v), union[o.branch])
}

func (o optionalShape) appendJSON(dst []byte, v reflect.Value) []byte {
	value, ok := o.present(v)
	if !ok {
		return append(dst, "null"...)
	}
	return o.inner.appendJSON(dst, value)
}

func (o optionalShape) parseJSON(v reflect.Value, text json.RawMessage) error {
	v.SetZero()
	if string(text) == "null" {
		return nil
	}
	return o.inner.parseJSON(o.fill(v), text)
}

// listShape is an array. An empty one is nil.
type listShape struct{ item shape }

func (l listShape) toNative(v reflect.Value) any {
	items := make([]any, v.Len())
	for i := range items {
		items[i] = l.item.toNative(v.Index(i))
	}
	return items
}

func (l listShape) fromNative(v reflect.Value, native any) error {
	items, ok := native.([]any)
	if !ok {
		return ErrUndecodable
	}
	v.SetZero()
	if len(items) == 0 {
		return nil
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		if err := l.item.fromNative(v.Index(i), item); err != nil {
			return err
		}
	}
	return nil
}
