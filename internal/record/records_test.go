package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record/recordtest"
	"cordon/schemas"
)

// draw draws a record of the name and returns a pointer to it.
func draw(t *rapid.T, name string) any {
	return recordtest.New(t, reflect.ValueOf(records.New(name)).Elem().Interface())
}

func TestRecordsComeBack(t *testing.T) {
	for _, name := range names() {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			rec := draw(t, name)
			b, err := Append([]byte("before"), rec)
			if err != nil {
				t.Fatalf("encode %+v: %v", rec, err)
			}
			b = b[len("before"):]
			if got := NameOf(b); got != name {
				t.Fatalf("name of %x: got %q, want %q", b, got, name)
			}
			got, err := Decode(b)
			if err != nil || !reflect.DeepEqual(got, rec) {
				t.Fatalf("decode:\ngot  %+v, err %v\nwant %+v", got, err, rec)
			}
		}))
	}
}

func TestRecordsRefuseEveryPrefix(t *testing.T) {
	for _, name := range names() {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			b, err := Append(nil, draw(t, name))
			if err != nil {
				t.Fatal(err)
			}
			for n := range len(b) {
				if _, err := Decode(b[:n]); !errors.Is(err, ErrUndecodable) && !errors.Is(err, ErrUnknownSchema) {
					t.Fatalf("decode of %d of %d bytes %x: got %v", n, len(b), b, err)
				}
			}
			if _, err := Decode(append(b, 0)); !errors.Is(err, ErrUndecodable) {
				t.Fatalf("decode of %x and one byte more: got %v, want ErrUndecodable", b, err)
			}
		}))
	}
}

func TestRecordsDoNotAliasTheirInput(t *testing.T) {
	for _, name := range names() {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			rec := draw(t, name)
			b, _ := Append(nil, rec)
			got, err := Decode(b)
			for i := range b {
				b[i] = 0xaa
			}
			if err != nil || !reflect.DeepEqual(got, rec) {
				t.Fatalf("after the input changed:\ngot  %+v, err %v\nwant %+v", got, err, rec)
			}
		}))
	}
}

func TestRecordsComeBackFromJSON(t *testing.T) {
	for _, name := range names() {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			rec := draw(t, name)
			line, err := AppendJSON(nil, rec)
			if err != nil || !json.Valid(line) || strings.Contains(string(line), "\n") {
				t.Fatalf("encode %+v: got %q, err %v", rec, line, err)
			}
			got := records.New(name)
			if err := ParseJSON(line, got); err != nil || !reflect.DeepEqual(got, rec) {
				t.Fatalf("parse %s:\ngot  %+v, err %v\nwant %+v", line, got, err, rec)
			}
		}))
	}
}

func TestUnsupported(t *testing.T) {
	for _, rec := range []any{nil, 1, Verdict{}, (*Verdict)(nil), (*PseudonymisedTelemetry)(nil), &Coverage{}} {
		_, appended := Append(nil, rec)
		_, printed := AppendJSON(nil, rec)
		for what, err := range map[string]error{
			"Append": appended, "AppendJSON": printed,
			"DecodeInto": DecodeInto(nil, rec), "ParseJSON": ParseJSON([]byte("{}"), rec),
		} {
			if !errors.Is(err, ErrUnsupported) {
				t.Errorf("%s(%T): got %v, want ErrUnsupported", what, rec, err)
			}
		}
	}
}

func TestDecodeIntoAnotherRecord(t *testing.T) {
	b, err := Append(nil, &CommandAck{})
	if err != nil {
		t.Fatal(err)
	}
	if err := DecodeInto(b, &Verdict{}); !errors.Is(err, ErrUnknownSchema) {
		t.Errorf("CommandAck into Verdict: got %v, want ErrUnknownSchema", err)
	}
}

func TestAppendRefusesNoPayload(t *testing.T) {
	_, err := records.Append(nil, &PseudonymisedTelemetry{})
	if !errors.Is(err, ErrUnknownPayload) {
		t.Errorf("no payload through the mapping: got %v, want ErrUnknownPayload", err)
	}
}

// FuzzDecode must neither panic nor take more memory than its input justifies,
// and what it accepts must come back.
func FuzzDecode(f *testing.F) {
	for i, name := range names() {
		b, err := Append(nil, records.New(name))
		if err == nil {
			f.Add(uint8(i), b[schemas.HeaderSize:])
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		all := names()
		header := schemas.Newest(all[int(which)%len(all)]).Header()
		rec, err := Decode(append(header[:], body...))
		if err != nil {
			return
		}
		b, err := Append(nil, rec)
		if err != nil {
			t.Fatalf("encode %+v: %v", rec, err)
		}
		again, err := Decode(b)
		if err != nil || !reflect.DeepEqual(again, rec) {
			t.Fatalf("body %x:\ngot  %+v, err %v\nwant %+v", body, again, err, rec)
		}
	})
}

func TestReasonOfDecoding(t *testing.T) {
	for err, want := range map[error]DeadLetterReason{
		ErrUnknownSchema: DeadUnknownSchema, ErrUnknownPayload: DeadUnknownPayload, ErrUndecodable: DeadUndecodable,
		errors.New("another"): DeadUndecodable,
	} {
		if got := ReasonOf(fmt.Errorf("telemetry: %w", err)); got != want {
			t.Errorf("%v: got %v, want %v", err, got, want)
		}
	}
}
