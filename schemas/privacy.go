package schemas

import "strings"

// Treatments of a raw record's field, as its privacy attribute names them. A
// field may have several, joined by "+". A deployment may be stricter, never
// looser.
const (
	Keep         = "keep"
	Pseudonymise = "pseudonymise"
	Seal         = "seal"
	Generalise   = "generalise"
	Tokenise     = "token"
	Drop         = "drop"
)

// FieldPrivacy says what the collector makes of one field.
type FieldPrivacy struct {
	Path      string // as in plain JSON: "supi", "flow.localPort"
	Treatment string // one treatment, or several joined by "+"
}

// Has reports whether the treatments of the field include one.
func (f FieldPrivacy) Has(treatment string) bool {
	for part := range strings.SplitSeq(f.Treatment, "+") {
		if part == treatment {
			return true
		}
	}
	return false
}

// Privacy returns the treatment of every field of the named raw record, in the
// order of its schema; nil for a record that is not known. A field without the
// attribute has no treatment: the caller must refuse it, not keep it.
func Privacy(record string) []FieldPrivacy {
	schema := Newest(record)
	if schema == nil {
		return nil
	}
	return privacyOf(nil, "", schema.Root)
}

func privacyOf(dst []FieldPrivacy, prefix string, t *Type) []FieldPrivacy {
	for _, field := range t.Fields {
		inner, optional := field.Type.Optional()
		if inner.Kind == Union && !optional {
			for _, branch := range inner.Branches {
				dst = privacyOf(dst, prefix+LowerCamel(branch.ShortName())+".", branch)
			}
			continue
		}
		dst = append(dst, FieldPrivacy{Path: prefix + field.Name, Treatment: field.Privacy})
		if inner.Kind == Record {
			dst = privacyOf(dst, prefix+field.Name+".", inner)
		}
	}
	return dst
}

// LowerCamel returns the name of a record as it is written for a key of plain
// JSON: "SessionUsage" is "sessionUsage".
func LowerCamel(name string) string {
	if name == "" {
		return name
	}
	return strings.ToLower(name[:1]) + name[1:]
}
