package raw

import (
	"reflect"
	"testing"

	"cordon/internal/record"
	"cordon/schemas"
)

// TestStructsAreTheSchemas proves that every schema field has a struct field
// and back. The embedded record.Flow has one more: the token that the collector
// puts in place of an address.
func TestStructsAreTheSchemas(t *testing.T) {
	extra := map[string][]string{telemetryName: {"Flow.remotetoken"}}
	for _, name := range []string{telemetryName, "ExpectedBehaviour", "Setting"} {
		unbound, err := records.Unbound(records.New(name))
		if err != nil || !reflect.DeepEqual(unbound, extra[name]) {
			t.Errorf("%s: struct fields without a schema field: got %v, want %v, err %v", name, unbound, extra[name], err)
		}
	}
}

func TestKindsAreThePayloads(t *testing.T) {
	fields := telemetrySchema.Root.Fields
	payload := fields[len(fields)-1].Type.Branches
	if got, want := len(payload), int(record.KindClock); got != want {
		t.Errorf("payloads: schema has %d, Go %d", got, want)
	}
	for i, branch := range payload {
		if got := record.Kind(i + 1).String(); got != branch.ShortName() {
			t.Errorf("payload %d: Go has %s, schema %s", i, got, branch.Name)
		}
	}
}

// TestEveryRecordHasAHome proves that each schema is bound to a Go type, here
// or in package record.
func TestEveryRecordHasAHome(t *testing.T) {
	known, err := schemas.Known()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range known.Names() {
		header := schemas.Newest(name).Header()
		_, err := record.Decode(header[:])
		bound := records.New(name) != nil || err != record.ErrUnknownSchema
		if !bound {
			t.Errorf("%s: no Go type", name)
		}
	}
}

// TestEveryFieldHasATreatment holds the collector to what the contract says: a
// raw field without the privacy attribute would be kept or lost by accident.
func TestEveryFieldHasATreatment(t *testing.T) {
	known := map[string]bool{"keep": true, "drop": true, "token": true, "generalise": true, "pseudonymise": true, "pseudonymise+seal": true, "generalise+token": true}
	for _, name := range []string{telemetryName, "ExpectedBehaviour", "Setting"} {
		for _, field := range schemas.Privacy(name) {
			if !known[field.Treatment] {
				t.Errorf("%s.%s: treatment %q", name, field.Path, field.Treatment)
			}
		}
	}
}
