package schemas_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/linkedin/goavro/v2"
	"github.com/twmb/avro"

	"cordon/schemas"
)

func known(t *testing.T) *schemas.Registry {
	t.Helper()
	registry, err := schemas.Known()
	if err != nil {
		t.Fatal(err)
	}
	return registry
}

// TestFingerprints holds our canonical form and CRC-64-AVRO to two libraries.
// goavro gets the canonical form: of {"type": "long", "logicalType": …} it keeps
// {"type": "long"}, against Avro 1.12 "Transforming into Parsing Canonical
// Form", rule PRIMITIVES: "Convert primitive schemas to their simple form".
func TestFingerprints(t *testing.T) {
	for _, name := range known(t).Names() {
		schema := schemas.Newest(name)
		one, err := goavro.NewCodec(schema.Canonical)
		if err != nil {
			t.Fatalf("%s: goavro: %v", name, err)
		}
		two, err := avro.Parse(string(schema.Text))
		if err != nil {
			t.Fatalf("%s: twmb: %v", name, err)
		}
		if schema.Canonical != string(two.Canonical()) || schema.Canonical != one.CanonicalSchema() {
			t.Errorf("%s: canonical form:\ngot    %s\ntwmb   %s\ngoavro %s", name, schema.Canonical, two.Canonical(), one.CanonicalSchema())
		}
		print := binary.BigEndian.Uint64(two.Fingerprint(avro.NewRabin()))
		if schema.Fingerprint != one.Rabin || schema.Fingerprint != print {
			t.Errorf("%s: fingerprint: got %x, goavro %x, twmb %x", name, schema.Fingerprint, one.Rabin, print)
		}
	}
}

// TestHeader quotes Avro 1.12 "Single-object encoding": "A two-byte marker, C3
// 01 … The 8-byte little-endian CRC-64-AVRO fingerprint".
func TestHeader(t *testing.T) {
	for _, name := range known(t).Names() {
		schema := schemas.Newest(name)
		header := schema.Header()
		if header[0] != 0xC3 || header[1] != 0x01 || binary.LittleEndian.Uint64(header[2:]) != schema.Fingerprint {
			t.Errorf("%s: header: got %x for fingerprint %x", name, header, schema.Fingerprint)
		}
		if got := known(t).Of(append(header[:], "body"...)); got != schema {
			t.Errorf("%s: schema of its own header: got %v", name, got)
		}
	}
}

func TestOfRefuses(t *testing.T) {
	good := schemas.Newest("Verdict").Header()
	for _, in := range [][]byte{nil, good[:9], {0xC3, 0x02, 9: 0}, {0xC3, 0x01, 9: 0}, []byte("0123456789")} {
		if got := known(t).Of(in); got != nil {
			t.Errorf("schema of %x: got %s, want none", in, got.Name)
		}
	}
}

// TestConventions also holds the conventions: one namespace,
// optional fields with default null, enums that end with UNKNOWN.
func TestConventions(t *testing.T) {
	for _, name := range known(t).Names() {
		check(t, name, schemas.Newest(name).Root, map[*schemas.Type]bool{})
	}
}

func check(t *testing.T, path string, typ *schemas.Type, seen map[*schemas.Type]bool) {
	if typ == nil || seen[typ] {
		return
	}
	seen[typ] = true
	if typ.Name != "" && (!strings.HasPrefix(typ.Name, "cordon.v1.") || typ.Doc == "") {
		t.Errorf("%s: type %q: want namespace cordon.v1 and a doc, have doc %q", path, typ.Name, typ.Doc)
	}
	if typ.Kind == schemas.Enum && typ.Symbols[len(typ.Symbols)-1] != "UNKNOWN" {
		t.Errorf("%s: enum %s ends with %v, want UNKNOWN", path, typ.Name, typ.Symbols)
	}
	if typ.Kind == schemas.Float || typ.Kind == schemas.Double {
		t.Errorf("%s: floating point: decisions must be exact", path)
	}
	check(t, path+"[]", typ.Item, seen)
	for _, branch := range typ.Branches {
		check(t, path, branch, seen)
	}
	for _, field := range typ.Fields {
		if field.Doc == "" {
			t.Errorf("%s.%s: no doc", path, field.Name)
		}
		check(t, path+"."+field.Name, field.Type, seen)
	}
}

// TestReadmeNamesEverySchema keeps the table of the README whole.
func TestReadmeNamesEverySchema(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range known(t).Names() {
		if !strings.Contains(string(readme), "| "+name+" |") {
			t.Errorf("README.md: no row for %s", name)
		}
	}
}

func TestWithKnowsOtherWriters(t *testing.T) {
	text := strings.Replace(string(schemas.Newest("CommandAck").Text), `"sequence"`, `"number"`, 1)
	other, err := schemas.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	more := known(t).With(other)
	header := other.Header()
	if got := more.Of(header[:]); got != other {
		t.Errorf("schema of the other writer: got %v", got)
	}
	if got := known(t).Of(header[:]); got != nil {
		t.Errorf("the registry it was made from knows it too: %v", got)
	}
	if got := more.Newest("CommandAck"); got != schemas.Newest("CommandAck") {
		t.Errorf("newest CommandAck became the other writer's")
	}
}

func TestParseErrors(t *testing.T) {
	for _, text := range []string{
		``, `{`, `null`, `[]`, `"string"`, `{"type":"array","items":"string"}`,
		`{"type":"record","name":"R","fields":[{"name":"a","type":"missing"}]}`,
		`{"type":"record","name":"R","fields":[{"type":"int"}]}`,
		`{"type":"record","name":"R","fields":[{"name":"a","type":7}]}`,
		`{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array"}}]}`,
	} {
		if got, err := schemas.Parse([]byte(text)); err == nil {
			t.Errorf("%s: got %+v, want an error", text, got)
		}
	}
	if _, err := schemas.Parse([]byte(`"int"`)); !errors.Is(err, schemas.ErrNotRecord) {
		t.Errorf("int: got %v, want ErrNotRecord", err)
	}
}

func TestPrivacy(t *testing.T) {
	treatments := map[string]string{}
	for _, field := range schemas.Privacy("TerminalTelemetry") {
		treatments[field.Path] = field.Treatment
	}
	for path, want := range map[string]string{
		"supi": "pseudonymise+seal", "gpsi": "drop", "pei": "generalise+token", "ueAddress": "drop", "cellId": "token",
		"flow.localPort": "drop", "flow.domain": "generalise", "session.otherUeAddress": "drop", "occurredAt": "keep",
	} {
		if treatments[path] != want {
			t.Errorf("%s: got %q, want %q", path, treatments[path], want)
		}
	}
	if got := schemas.Privacy("Nothing"); got != nil {
		t.Errorf("a record nobody knows: got %v", got)
	}
}

// FuzzParse must neither panic nor loop on a schema from a folder.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"type":"record","name":"R","fields":[{"name":"a","type":["null","R"]}]}`))
	f.Add([]byte(`{"type":"record","name":"R","namespace":"n","fields":[{"name":"e","type":{"type":"enum","name":"E","symbols":["A"]}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		schema, err := schemas.Parse(text)
		if err == nil && !json.Valid([]byte(schema.Canonical)) {
			t.Fatalf("%s: canonical form %s is not JSON", text, schema.Canonical)
		}
	})
}

func ExampleRegistry_Of() {
	registry, _ := schemas.Known()
	header := schemas.Newest("Verdict").Header()
	fmt.Println(registry.Of(header[:]).Name)
	// Output: Verdict
}

func ExampleFieldPrivacy_Has() {
	supi := schemas.FieldPrivacy{Path: "supi", Treatment: "pseudonymise+seal"}
	fmt.Println(supi.Has(schemas.Seal), supi.Has(schemas.Drop))
	// Output: true false
}
