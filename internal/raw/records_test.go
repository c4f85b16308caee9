package raw

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/internal/record/recordtest"
)

func TestRecordsComeBack(t *testing.T) {
	for _, name := range []string{telemetryName, "ExpectedBehaviour", "Setting"} {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			rec := recordtest.New(t, reflect.ValueOf(records.New(name)).Elem().Interface())
			b, err := Append(nil, rec)
			if err != nil || record.NameOf(b) != name {
				t.Fatalf("encode: got %x, err %v", b, err)
			}
			got, err := Decode(b)
			if err != nil || !reflect.DeepEqual(got, rec) {
				t.Fatalf("decode %x: did not come back, err %v", b, err)
			}
			line, err := AppendJSON(nil, rec)
			if err != nil {
				t.Fatal(err)
			}
			again := records.New(name)
			if err := ParseJSON(line, again); err != nil || !reflect.DeepEqual(again, rec) {
				t.Fatalf("parse %s: did not come back, err %v", line, err)
			}
			for n := range len(b) {
				if _, err := Decode(b[:n]); err == nil {
					t.Fatalf("decode of %d of %d bytes %x: got no error", n, len(b), b)
				}
			}
		}))
	}
}

func TestDecodeRefusesOtherRecords(t *testing.T) {
	b, err := record.Append(nil, &record.CommandAck{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(b); !errors.Is(err, record.ErrUnknownSchema) {
		t.Errorf("CommandAck: got %v, want ErrUnknownSchema", err)
	}
	if err := DecodeInto(b, &Setting{}); !errors.Is(err, record.ErrUnknownSchema) {
		t.Errorf("CommandAck into Setting: got %v, want ErrUnknownSchema", err)
	}
	setting, err := Append(nil, &Setting{Name: "allow"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := record.Decode(setting); !errors.Is(err, record.ErrUnknownSchema) {
		t.Errorf("Setting in package record: got %v, want ErrUnknownSchema", err)
	}
}

// TestPrintingShowsNoIdentity guards against the slip of a %v in a log line.
func TestPrintingShowsNoIdentity(t *testing.T) {
	telemetry := sample()
	behaviour := ExpectedBehaviour{SUPI: telemetry.SUPI}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, rec := range []any{telemetry, &telemetry, behaviour, &behaviour, []Telemetry{telemetry}} {
			got := fmt.Sprintf(verb, rec)
			if !strings.Contains(got, "[redacted]") || strings.Contains(got, "imsi") {
				t.Errorf("%s of %T: got %s", verb, rec, got)
			}
		}
	}
	for _, rec := range []any{telemetry, &behaviour, map[string]any{"record": &telemetry}} {
		if got, err := json.Marshal(rec); err != nil || !strings.Contains(string(got), "[redacted]") || strings.Contains(string(got), "imsi") {
			t.Errorf("encoding/json of %T: got %s, %v", rec, got, err)
		}
	}
}

func TestErrorsHoldNoContent(t *testing.T) {
	var telemetry Telemetry
	err := ParseJSON([]byte(`{"supi":7,"sourceId":"imsi-001010000000001"}`), &telemetry)
	if err == nil || strings.Contains(err.Error(), "imsi") || !strings.Contains(err.Error(), `"supi"`) {
		t.Errorf("got %v, want the key and no value", err)
	}
}

func FuzzParseJSON(f *testing.F) {
	rec := sample()
	line, err := AppendJSON(nil, &rec)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add([]byte(`{"clock":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var rec, again Telemetry
		if err := ParseJSON(text, &rec); err != nil {
			return
		}
		line, err := AppendJSON(nil, &rec)
		if err != nil {
			t.Fatal(err)
		}
		if err := ParseJSON(line, &again); err != nil || again != rec {
			t.Fatalf("%q printed as %s did not come back, err %v", text, line, err)
		}
	})
}

func TestShiftMovesEveryTime(t *testing.T) {
	at := record.Micros(1_777_888_800_000_000) // 2026-05-04T10:00:00Z
	in := Telemetry{OccurredAt: at, Kind: record.KindFlow, IntervalStart: record.Some(at - record.Second)}
	in.Flow.StartTime = record.Some(at - record.Minute)
	in.Shift(record.Hour)
	if in.OccurredAt != at+record.Hour || in.IntervalStart.Value != at+record.Hour-record.Second || in.Flow.StartTime.Value != at+record.Hour-record.Minute {
		t.Errorf("got %s, %v, %v, want each an hour later", in.OccurredAt, in.IntervalStart, in.Flow.StartTime)
	}
	other := Telemetry{OccurredAt: at, Kind: record.KindSession}
	if other.Shift(record.Hour); other.IntervalStart.Set || other.Flow.StartTime.Set {
		t.Error("a time that was absent is set")
	}
}
