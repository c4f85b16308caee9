// Package recordtest draws random records for tests: any record of
// internal/record or internal/raw, with every field in the form that its own
// decoder would give it, so that a test may compare with == or DeepEqual.
//
// What it promises: optional fields absent as often as present, lists short,
// numbers of all magnitudes, enums within their symbols, one payload.
//
// What it does not: the values mean nothing (a port may be negative); tests of
// a meaning set the fields they are about.
package recordtest

import (
	"fmt"
	"net/netip"
	"reflect"

	"pgregory.net/rapid"
)

var addrType = reflect.TypeFor[netip.Addr]()

// Of returns a generator of records of type T.
func Of[T any]() *rapid.Generator[T] {
	return rapid.Custom(func(t *rapid.T) T {
		var rec T
		fill(t, reflect.ValueOf(&rec).Elem())
		return rec
	})
}

// New draws a record of the type of sample and returns a pointer to it.
func New(t *rapid.T, sample any) any {
	rec := reflect.New(reflect.TypeOf(sample))
	fill(t, rec.Elem())
	return rec.Interface()
}

func fill(t *rapid.T, v reflect.Value) {
	switch {
	case v.Type() == addrType:
		v.Set(reflect.ValueOf(address(t)))
		return
	case isOpt(v.Type()):
		if rapid.Bool().Draw(t, "set") {
			v.Field(1).SetBool(true)
			fill(t, v.Field(0))
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		fillStruct(t, v)
	case reflect.Slice:
		fillSlice(t, v)
	default:
		fillScalar(t, v)
	}
}

func fillStruct(t *rapid.T, v reflect.Value) {
	kind := -1
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Tag.Get("avro") == "payload" {
			kind = i
			v.Field(i).SetUint(rapid.Uint64Range(1, lastKind(v, i)).Draw(t, "kind"))
			continue
		}
		if kind >= 0 && fmt.Sprint(v.Field(kind).Interface()) != field.Name {
			continue // the payload of another kind
		}
		fill(t, v.Field(i))
	}
	if token := v.FieldByName("RemoteToken"); token.IsValid() && v.FieldByName("LocalPort").IsValid() {
		token.SetZero() // the raw flow has none
	}
}

// lastKind returns the last kind of payload that v can carry. Clock, the last
// of all, is only in raw telemetry: the record that names a SUPI.
func lastKind(v reflect.Value, field int) uint64 {
	clock := symbols(v.Field(field)) - 1
	if v.FieldByName("SUPI").IsValid() {
		return clock
	}
	return clock - 1
}

func fillSlice(t *rapid.T, v reflect.Value) {
	n := rapid.IntRange(0, 3).Draw(t, "length")
	if n == 0 {
		return // an empty list is nil
	}
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	for i := range n {
		fill(t, v.Index(i))
	}
}

func fillScalar(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int32:
		v.SetInt(int64(rapid.Int32().Draw(t, "int")))
	case reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "long"))
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.Just(""), rapid.StringN(0, 12, 40)).Draw(t, "string"))
	case reflect.Array:
		b := rapid.SliceOfN(rapid.Byte(), v.Len(), v.Len()).Draw(t, "bytes")
		reflect.Copy(v, reflect.ValueOf(b))
	case reflect.Uint8:
		fillByte(t, v)
	default:
		t.Fatalf("no generator for %s", v.Type())
	}
}

func fillByte(t *rapid.T, v reflect.Value) {
	if count := symbols(v); count > 0 {
		v.SetUint(rapid.Uint64Range(0, count-1).Draw(t, "symbol"))
		return
	}
	v.SetUint(uint64(rapid.Byte().Draw(t, "byte")))
}

// symbols returns how many symbols the enum of v has, UNKNOWN included; zero
// where v is no enum.
func symbols(v reflect.Value) uint64 {
	probe := reflect.New(v.Type()).Elem()
	for value := uint64(1); ; value++ {
		probe.SetUint(value)
		enum, ok := probe.Interface().(fmt.Stringer)
		if !ok {
			return 0
		}
		if enum.String() == "UNKNOWN" {
			return value
		}
	}
}

func isOpt(g reflect.Type) bool {
	return g.Kind() == reflect.Struct && g.NumField() == 2 && g.Field(0).Name == "Value" && g.Field(1).Name == "Set"
}

func address(t *rapid.T) netip.Addr {
	switch rapid.IntRange(0, 2).Draw(t, "family") {
	case 0:
		return netip.Addr{}
	case 1:
		return netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "ipv4")))
	}
	return netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "ipv6")))
}
