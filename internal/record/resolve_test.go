package record

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/twmb/avro"

	"cordon/schemas"
)

// newer returns the telemetry schema as a newer writer might have it.
func newer(t *testing.T, change func(fields []any) []any) *schemas.Schema {
	t.Helper()
	var tree map[string]any
	if err := json.Unmarshal(telemetrySchema.Text, &tree); err != nil {
		t.Fatal(err)
	}
	tree["fields"] = change(tree["fields"].([]any))
	text, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := schemas.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// written returns rec as the writer would have encoded it, with more fields.
func written(t *testing.T, writer *schemas.Schema, rec PseudonymisedTelemetry, more map[string]any) []byte {
	t.Helper()
	own, err := avro.Parse(telemetrySchema.Canonical)
	if err != nil {
		t.Fatal(err)
	}
	value := map[string]any{}
	if _, err := own.Decode(AppendTelemetry(nil, &rec)[schemas.HeaderSize:], &value, avro.TaggedUnions()); err != nil {
		t.Fatal(err)
	}
	for key, field := range more {
		value[key] = field
	}
	theirs, err := avro.Parse(writer.Canonical)
	if err != nil {
		t.Fatal(err)
	}
	header := writer.Header()
	b, err := theirs.AppendEncode(header[:], value)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decoderOf(t *testing.T, writer *schemas.Schema) *Decoder {
	t.Helper()
	known, err := schemas.Known()
	if err != nil {
		t.Fatal(err)
	}
	return &Decoder{Schemas: known.With(writer)}
}

func TestDecodeOfANewerWriter(t *testing.T) {
	writer := newer(t, func(fields []any) []any {
		more := map[string]any{"name": "colour", "type": "string"}
		return append([]any{more}, fields...)
	})
	rec := sample()
	rec.OccurredAt = 1<<62 + 1 // times stay exact, whatever a calendar can hold
	b := written(t, writer, rec, map[string]any{"colour": "red"})

	d := decoderOf(t, writer)
	var got PseudonymisedTelemetry
	if err := d.DecodeTelemetry(b, &got); err != nil || got != rec {
		t.Errorf("got %+v, err %v\nwant %+v", got, err, rec)
	}
	if d.SlowDecodes() != 1 {
		t.Errorf("slow decodes: got %d, want 1", d.SlowDecodes())
	}
	if err := d.DecodeTelemetry(b[:len(b)-1], &got); !errors.Is(err, ErrUndecodable) {
		t.Errorf("cut short: got %v, want ErrUndecodable", err)
	}
	if err := d.DecodeTelemetry(append(b, 0), &got); !errors.Is(err, ErrUndecodable) {
		t.Errorf("a byte more: got %v, want ErrUndecodable", err)
	}
	if err := new(Decoder).DecodeTelemetry(b, &got); !errors.Is(err, ErrUnknownSchema) {
		t.Errorf("without its schema: got %v, want ErrUnknownSchema", err)
	}
}

func TestDecodeOfAnOlderWriter(t *testing.T) {
	writer := newer(t, func(fields []any) []any {
		var fewer []any
		for _, field := range fields {
			if field.(map[string]any)["name"] != "dnn" {
				fewer = append(fewer, field)
			}
		}
		return fewer
	})
	rec := sample()
	b := written(t, writer, rec, nil)
	rec.DNN = ""
	var got PseudonymisedTelemetry
	if err := decoderOf(t, writer).DecodeTelemetry(b, &got); err != nil || got != rec {
		t.Errorf("got %+v, err %v\nwant %+v", got, err, rec)
	}
}

func TestDecodeOfANewerPayload(t *testing.T) {
	writer := newer(t, func(fields []any) []any {
		payload := fields[len(fields)-1].(map[string]any)
		satellite := map[string]any{"type": "record", "name": "Satellite", "fields": []any{map[string]any{"name": "beam", "type": "int"}}}
		payload["type"] = append([]any{satellite}, payload["type"].([]any)...)
		return fields
	})
	d := decoderOf(t, writer)
	var got PseudonymisedTelemetry

	rec := sample()
	if err := d.DecodeTelemetry(written(t, writer, rec, nil), &got); err != nil || got != rec {
		t.Errorf("a payload we know: got %+v, err %v\nwant %+v", got, err, rec)
	}
	beam := map[string]any{"cordon.v1.Satellite": map[string]any{"beam": 7}}
	b := written(t, writer, rec, map[string]any{"payload": beam})
	if err := d.DecodeTelemetry(b, &got); !errors.Is(err, ErrUnknownPayload) {
		t.Errorf("a payload we do not know: got %v, want ErrUnknownPayload", err)
	}
}

// TestDecodeOfANewerSymbol quotes Avro 1.12 "Schema Resolution": "if the
// writer's symbol is not present in the reader's enum and the reader has a
// default value, then that value is used".
func TestDecodeOfANewerSymbol(t *testing.T) {
	text := strings.Replace(string(schemas.Newest("CommandAck").Text), `"ACCEPTED", `, `"PENDING", "ACCEPTED", `, 1)
	writer, err := schemas.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := avro.Parse(writer.Canonical)
	if err != nil {
		t.Fatal(err)
	}
	for symbol, want := range map[string]AckState{"PENDING": AckUnknown, "APPLIED": AckApplied} {
		header := writer.Header()
		b, err := theirs.AppendEncode(header[:], map[string]any{
			"commandId": make([]byte, 16), "terminal": make([]byte, 16), "sequence": int64(1),
			"state": symbol, "reason": nil, "system": "pcf", "at": int64(2),
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := decoderOf(t, writer).Decode(b)
		if err != nil || *got.(*CommandAck) != (CommandAck{Sequence: 1, State: want, System: "pcf", At: 2}) {
			t.Errorf("%s: got %+v, err %v, want state %v", symbol, got, err, want)
		}
	}
}

func TestDecodeOfAnIncompatibleWriter(t *testing.T) {
	writer := newer(t, func(fields []any) []any {
		fields[1].(map[string]any)["type"] = "string" // keyEpoch
		return fields
	})
	header := writer.Header()
	var got PseudonymisedTelemetry
	err := decoderOf(t, writer).DecodeTelemetry(append(header[:], 0, 0, 0), &got)
	if !errors.Is(err, ErrUnknownSchema) {
		t.Errorf("got %v, want ErrUnknownSchema", err)
	}
}
