package codec

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"reflect"
	"strconv"
	"time"
)

// timeLayout is RFC 3339 with exactly six decimals.
const timeLayout = "2006-01-02T15:04:05.000000Z"

func (boolShape) appendJSON(dst []byte, v reflect.Value) []byte {
	return strconv.AppendBool(dst, v.Bool())
}

func (intShape) appendJSON(dst []byte, v reflect.Value) []byte {
	return strconv.AppendInt(dst, v.Int(), 10)
}

func (longShape) appendJSON(dst []byte, v reflect.Value) []byte {
	return strconv.AppendInt(dst, v.Int(), 10)
}

// appendJSON writes a time that RFC 3339 can hold as such, any other as the
// integer it is.
func (timeShape) appendJSON(dst []byte, v reflect.Value) []byte {
	t := time.UnixMicro(v.Int()).UTC()
	if year := t.Year(); year < 0 || year > 9999 {
		return strconv.AppendInt(dst, v.Int(), 10)
	}
	dst = append(dst, '"')
	dst = t.AppendFormat(dst, timeLayout)
	return append(dst, '"')
}

func (stringShape) appendJSON(dst []byte, v reflect.Value) []byte {
	return appendString(dst, v.String())
}

func (bytesShape) appendJSON(dst []byte, v reflect.Value) []byte {
	return appendHex(dst, v.Bytes())
}

func (f fixedShape) appendJSON(dst []byte, v reflect.Value) []byte {
	return appendHex(dst, f.toNative(v).([]byte))
}

func (addrShape) appendJSON(dst []byte, v reflect.Value) []byte {
	addr := v.Interface().(netip.Addr)
	dst = append(dst, '"')
	if addr.IsValid() {
		dst = addr.AppendTo(dst)
	}
	return append(dst, '"')
}

func (e enumShape) appendJSON(dst []byte, v reflect.Value) []byte {
	return appendString(dst, e.symbol(v))
}

func (l listShape) appendJSON(dst []byte, v reflect.Value) []byte {
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = l.item.appendJSON(dst, v.Index(i))
	}
	return append(dst, ']')
}

func (r *recordShape) appendJSON(dst []byte, v reflect.Value) []byte {
	dst = append(dst, '{')
	first := len(dst)
	for i := range r.fields {
		key, s, value := r.fields[i].keyed(v)
		if s == nil {
			continue
		}
		if len(dst) > first {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, key), ':')
		dst = s.appendJSON(dst, value)
	}
	return append(dst, '}')
}

// keyed returns what plain JSON writes for the field of v; no shape means
// nothing.
func (f *fieldShape) keyed(v reflect.Value) (string, shape, reflect.Value) {
	if f.payload != nil {
		if branch := f.chosen(v); branch != nil {
			return branch.key, branch.shape, branch.place(v)
		}
		return "", nil, v
	}
	value := v.FieldByIndex(f.index)
	if f.optional {
		if _, ok := f.shape.(optionalShape).present(value); !ok {
			return "", nil, v
		}
	}
	return f.name, f.shape, value
}

func appendHex(dst, b []byte) []byte {
	dst = append(dst, '"')
	dst = hex.AppendEncode(dst, b)
	return append(dst, '"')
}

// appendString writes s as a JSON string; printable ASCII, the common case,
// needs no encoder.
func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendEscaped(dst, s)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

func appendEscaped(dst []byte, s string) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil { // a string always encodes
		return append(dst, `""`...)
	}
	return append(dst, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...)
}
