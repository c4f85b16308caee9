package codec

import (
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"reflect"
	"strconv"
	"time"
)

func (boolShape) parseJSON(v reflect.Value, text json.RawMessage) error {
	b, err := strconv.ParseBool(string(text))
	if err != nil || len(text) < len("true") {
		return ErrWrongValue
	}
	v.SetBool(b)
	return nil
}

func (intShape) parseJSON(v reflect.Value, text json.RawMessage) error {
	return parseInteger(v, text)
}

func (longShape) parseJSON(v reflect.Value, text json.RawMessage) error {
	return parseInteger(v, text)
}

func parseInteger(v reflect.Value, text json.RawMessage) error {
	n, err := strconv.ParseInt(string(text), 10, v.Type().Bits())
	if err != nil {
		return ErrWrongValue
	}
	v.SetInt(n)
	return nil
}

// parseJSON takes RFC 3339 of any zone and precision, or microseconds.
func (timeShape) parseJSON(v reflect.Value, text json.RawMessage) error {
	if len(text) == 0 || text[0] != '"' {
		return parseInteger(v, text)
	}
	s, err := parseString(text)
	if err != nil {
		return err
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return ErrWrongValue
	}
	v.SetInt(t.UnixMicro())
	return nil
}

func (stringShape) parseJSON(v reflect.Value, text json.RawMessage) error {
	s, err := parseString(text)
	v.SetString(s)
	return err
}

func parseString(text json.RawMessage) (string, error) {
	var s string
	if len(text) == 0 || text[0] != '"' || json.Unmarshal(text, &s) != nil {
		return "", ErrWrongValue
	}
	return s, nil
}

func (b bytesShape) parseJSON(v reflect.Value, text json.RawMessage) error {
	raw, err := parseHex(text)
	if err != nil {
		return err
	}
	return b.fromNative(v, raw)
}

func (f fixedShape) parseJSON(v reflect.Value, text json.RawMessage) error {
	raw, err := parseHex(text)
	if err != nil || f.fromNative(v, raw) != nil {
		return ErrWrongValue
	}
	return nil
}

func parseHex(text json.RawMessage) ([]byte, error) {
	s, err := parseString(text)
	if err != nil {
		return nil, err
	}
	raw, err := hex.DecodeString(s)
	if err != nil {
		return nil, ErrWrongValue
	}
	return raw, nil
}

func (addrShape) parseJSON(v reflect.Value, text json.RawMessage) error {
	s, err := parseString(text)
	if err != nil {
		return err
	}
	var addr netip.Addr
	if s != "" {
		addr, err = netip.ParseAddr(s)
		if err != nil || addr.Zone() != "" {
			return ErrWrongValue
		}
	}
	v.Set(reflect.ValueOf(addr))
	return nil
}

// parseJSON takes a symbol it does not know for UNKNOWN.
func (e enumShape) parseJSON(v reflect.Value, text json.RawMessage) error {
	s, err := parseString(text)
	v.SetUint(e.values[s])
	return err
}

func (l listShape) parseJSON(v reflect.Value, text json.RawMessage) error {
	var items []json.RawMessage
	if err := json.Unmarshal(text, &items); err != nil {
		return ErrWrongValue
	}
	v.SetZero()
	if len(items) == 0 {
		return nil
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		if err := l.item.parseJSON(v.Index(i), item); err != nil {
			return at("["+strconv.Itoa(i)+"]", err)
		}
	}
	return nil
}

func (r *recordShape) parseJSON(v reflect.Value, text json.RawMessage) error {
	v.SetZero()
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil || values == nil {
		return ErrNotObject
	}
	if key, ok := r.stranger(values); ok {
		return &KeyError{Key: key, Err: ErrUnknownKey}
	}
	for i := range r.fields {
		if err := r.fields[i].parse(v, values); err != nil {
			return err
		}
	}
	return nil
}

// stranger returns the first key, by name, that the record does not have.
func (r *recordShape) stranger(values map[string]json.RawMessage) (string, bool) {
	var first string
	found := false
	for key := range values {
		if !r.keys[key] && (!found || key < first) {
			first, found = key, true
		}
	}
	return first, found
}

func (f *fieldShape) parse(v reflect.Value, values map[string]json.RawMessage) error {
	if f.payload != nil {
		return f.parsePayload(v, values)
	}
	text := values[f.name]
	if text == nil || string(text) == "null" {
		text = f.def
	}
	if text == nil {
		return nil
	}
	if err := f.shape.parseJSON(v.FieldByIndex(f.index), text); err != nil {
		return at(f.name, err)
	}
	return nil
}

func (f *fieldShape) parsePayload(v reflect.Value, values map[string]json.RawMessage) error {
	err := error(&KeyError{Err: ErrNoPayload})
	for i := range f.payload {
		branch := &f.payload[i]
		text, ok := values[branch.key]
		if !ok {
			continue
		}
		if err == nil {
			return &KeyError{Key: branch.key, Err: ErrPayloads}
		}
		v.FieldByIndex(f.index).SetUint(uint64(i + 1))
		if err = branch.shape.parseJSON(branch.place(v), text); err != nil {
			return at(branch.key, err)
		}
	}
	return err
}
