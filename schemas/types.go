package schemas

import (
	"errors"
	"fmt"
	"strings"
)

// Kind is the kind of an Avro type, spelled as in a schema.
type Kind string

// Kinds of a type (Avro 1.12 "Primitive Types", "Complex Types").
const (
	Null    Kind = "null"
	Boolean Kind = "boolean"
	Int     Kind = "int"
	Long    Kind = "long"
	Float   Kind = "float"
	Double  Kind = "double"
	Bytes   Kind = "bytes"
	String  Kind = "string"
	Record  Kind = "record"
	Enum    Kind = "enum"
	Array   Kind = "array"
	Map     Kind = "map"
	Union   Kind = "union"
	Fixed   Kind = "fixed"
)

// TimestampMicros is the logical type of every time.
const TimestampMicros = "timestamp-micros"

// Type is a node of a schema. A named type that is used twice is one Type.
type Type struct {
	Kind     Kind
	Name     string   // full name of a record, enum or fixed
	Doc      string   // of a record, enum or fixed
	Logical  string   // logical type, or empty
	Fields   []Field  // of a record
	Symbols  []string // of an enum
	Size     int      // of a fixed, bytes
	Item     *Type    // of an array or map
	Branches []*Type  // of a union
}

// ShortName returns the name without its namespace.
func (t *Type) ShortName() string { return t.Name[strings.LastIndexByte(t.Name, '.')+1:] }

// Optional returns the type beside null in a union with null first, and
// whether t is such a union.
func (t *Type) Optional() (*Type, bool) {
	if t.Kind == Union && len(t.Branches) == 2 && t.Branches[0].Kind == Null {
		return t.Branches[1], true
	}
	return t, false
}

// Field is a field of a record.
type Field struct {
	Name    string
	Doc     string
	Privacy string // treatment of a raw record's field, see Privacy
	Type    *Type
	Default any // as encoding/json decodes it; nil: null, or none
}

var (
	errForm      = errors.New("type is neither a name, a list nor an object")
	errReference = errors.New("name is not defined before its use")
	errField     = errors.New("field is not an object with a name")
)

// parser turns decoded JSON into types; names are those defined so far.
type parser struct{ names map[string]*Type }

func newParser() *parser {
	p := &parser{names: map[string]*Type{}}
	for _, kind := range []Kind{Null, Boolean, Int, Long, Float, Double, Bytes, String} {
		p.names[string(kind)] = &Type{Kind: kind}
	}
	return p
}

// parse reads one type; space is the namespace of what encloses it.
func (p *parser) parse(tree any, space string) (*Type, error) {
	switch tree := tree.(type) {
	case string:
		return p.reference(tree, space)
	case []any:
		union := &Type{Kind: Union}
		for _, branch := range tree {
			t, err := p.parse(branch, space)
			if err != nil {
				return nil, err
			}
			union.Branches = append(union.Branches, t)
		}
		return union, nil
	case map[string]any:
		return p.object(tree, space)
	}
	return nil, errForm
}

func (p *parser) reference(name, space string) (*Type, error) {
	if t, ok := p.names[name]; ok {
		return t, nil
	}
	if t, ok := p.names[qualify(name, space)]; ok {
		return t, nil
	}
	return nil, fmt.Errorf("%s: %w", name, errReference)
}

func (p *parser) object(tree map[string]any, space string) (*Type, error) {
	kind := Kind(text(tree, "type"))
	switch kind {
	case Record, Enum, Fixed:
		return p.named(kind, tree, space)
	case Array, Map:
		key := "items"
		if kind == Map {
			key = "values"
		}
		item, err := p.parse(tree[key], space)
		if err != nil {
			return nil, err
		}
		return &Type{Kind: kind, Item: item}, nil
	}
	inner, err := p.parse(tree["type"], space)
	if err != nil {
		return nil, err
	}
	annotated := *inner
	annotated.Logical = text(tree, "logicalType")
	return &annotated, nil
}

func (p *parser) named(kind Kind, tree map[string]any, space string) (*Type, error) {
	if own, ok := tree["namespace"].(string); ok {
		space = own
	}
	t := &Type{
		Kind:    kind,
		Name:    qualify(text(tree, "name"), space),
		Doc:     text(tree, "doc"),
		Logical: text(tree, "logicalType"),
	}
	if i := strings.LastIndexByte(t.Name, '.'); i >= 0 {
		space = t.Name[:i]
	}
	p.names[t.Name] = t
	if size, ok := tree["size"].(float64); ok {
		t.Size = int(size)
	}
	for _, symbol := range list(tree, "symbols") {
		name, _ := symbol.(string)
		t.Symbols = append(t.Symbols, name)
	}
	return t, p.fields(t, list(tree, "fields"), space)
}

func (p *parser) fields(t *Type, trees []any, space string) error {
	for _, tree := range trees {
		object, ok := tree.(map[string]any)
		if !ok || text(object, "name") == "" {
			return errField
		}
		typ, err := p.parse(object["type"], space)
		if err != nil {
			return fmt.Errorf("%s: %w", text(object, "name"), err)
		}
		t.Fields = append(t.Fields, Field{
			Name:    text(object, "name"),
			Doc:     text(object, "doc"),
			Privacy: text(object, "privacy"),
			Type:    typ,
			Default: object["default"],
		})
	}
	return nil
}

func qualify(name, space string) string {
	if space == "" || strings.Contains(name, ".") {
		return name
	}
	return space + "." + name
}

func text(tree map[string]any, key string) string {
	s, _ := tree[key].(string)
	return s
}

func list(tree map[string]any, key string) []any {
	l, _ := tree[key].([]any)
	return l
}
