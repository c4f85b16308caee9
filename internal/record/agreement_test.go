package record

import (
	"reflect"
	"testing"

	"cordon/schemas"
)

// enums are all enums of this package beside the name of their schema type.
var enums = map[string]any{
	"Direction": Direction(0), "DomainSource": DomainSource(0), "SessionEvent": SessionEvent(0),
	"CauseClass": CauseClass(0), "RegistrationEvent": RegistrationEvent(0), "Outcome": Outcome(0),
	"ClockState": ClockState(0), "SourceState": SourceState(0), "Criticality": Criticality(0),
	"DecisionKind": DecisionKind(0), "VerdictStatus": VerdictStatus(0), "Class": Class(0),
	"ExceptionId": ExceptionID(0), "Trend": Trend(0), "Reference": Reference(0),
	"NetworkVerdictKind": NetworkVerdictKind(0), "Action": Action(0), "Mode": Mode(0),
	"AckState": AckState(0), "DeadLetterReason": DeadLetterReason(0),
}

// symbolsOf lists the symbols of a Go enum in the order of a schema: value one
// first, UNKNOWN (value zero) last.
func symbolsOf(enum any) []string {
	v := reflect.New(reflect.TypeOf(enum)).Elem()
	var names []string
	for value := uint64(1); ; value++ {
		v.SetUint(value)
		name := v.Interface().(interface{ String() string }).String()
		names = append(names, name)
		if name == "UNKNOWN" {
			return names
		}
	}
}

func TestEnumsAreTheSchemas(t *testing.T) {
	found := map[string]bool{}
	known, err := schemas.Known()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range known.Names() {
		walk(schemas.Newest(name).Root, map[*schemas.Type]bool{}, func(e *schemas.Type) {
			enum, ok := enums[e.ShortName()]
			if !ok {
				t.Errorf("%s: schema enum %s has no Go enum", name, e.Name)
				return
			}
			found[e.ShortName()] = true
			if got := symbolsOf(enum); !reflect.DeepEqual(got, e.Symbols) {
				t.Errorf("%s: enum %s: Go has %v, schema %v", name, e.Name, got, e.Symbols)
			}
		})
	}
	for name := range enums {
		if !found[name] {
			t.Errorf("Go enum %s is in no schema", name)
		}
	}
}

func walk(t *schemas.Type, seen map[*schemas.Type]bool, enum func(*schemas.Type)) {
	if t == nil || seen[t] {
		return
	}
	seen[t] = true
	if t.Kind == schemas.Enum {
		enum(t)
	}
	walk(t.Item, seen, enum)
	for _, branch := range t.Branches {
		walk(branch, seen, enum)
	}
	for _, field := range t.Fields {
		walk(field.Type, seen, enum)
	}
}

func TestKindsAreThePayloads(t *testing.T) {
	for _, field := range telemetrySchema.Root.Fields {
		if field.Name != "payload" {
			continue
		}
		for i, branch := range field.Type.Branches {
			if got := Kind(i + 1).String(); got != branch.ShortName() {
				t.Errorf("payload %d: Go has %s, schema %s", i, got, branch.Name)
			}
		}
		if got, want := len(field.Type.Branches), int(KindExternalException); got != want {
			t.Errorf("payloads: schema has %d, Go %d", got, want)
		}
	}
}

// TestStructsAreTheSchemas proves that every schema field has a struct field
// (binding fails otherwise) and every struct field a schema field.
func TestStructsAreTheSchemas(t *testing.T) {
	for _, name := range names() {
		unbound, err := records.Unbound(records.New(name))
		if err != nil || len(unbound) > 0 {
			t.Errorf("%s: struct fields without a schema field: %v, err %v", name, unbound, err)
		}
	}
}

// names lists the records of this package.
func names() []string {
	known, _ := schemas.Known()
	var out []string
	for _, name := range known.Names() {
		if records.New(name) != nil {
			out = append(out, name)
		}
	}
	return out
}
