package raw

import (
	"errors"
	"fmt"
	"testing"

	"github.com/twmb/avro"
	"pgregory.net/rapid"

	"cordon/internal/record"
	"cordon/internal/record/recordtest"
	"cordon/schemas"
)

// twin decodes a body the slow way: twmb/avro reads it and writes it anew, and
// goavro with the mapping by reflection makes a struct of that.
type twin struct{ schema *avro.Schema }

func newTwin(t testing.TB) twin {
	schema, err := avro.Parse(telemetrySchema.Canonical)
	if err != nil {
		t.Fatal(err)
	}
	return twin{schema: schema}
}

func (w twin) decode(body []byte) (Telemetry, error) {
	var rec Telemetry
	var value any
	rest, err := w.schema.Decode(body, &value, avro.TaggedUnions())
	if err != nil {
		return rec, err
	}
	if len(rest) > 0 {
		return rec, errors.New("trailing bytes")
	}
	plain, err := w.schema.Encode(value)
	if err != nil {
		return rec, err
	}
	return rec, records.Decode(plain, &rec)
}

// text shows a record that formats itself as redacted.
func text(rec *Telemetry) string {
	line, err := AppendJSON(nil, rec)
	return fmt.Sprintf("%s, err %v", line, err)
}

// compare decodes b with the straight-line codec and with its twin.
func compare(t interface{ Fatalf(string, ...any) }, w twin, b []byte) {
	var decoder Decoder
	var got Telemetry
	gotErr := decoder.Decode(b, &got)
	want, wantErr := w.decode(b[schemas.HeaderSize:])
	if (gotErr == nil) != (wantErr == nil) {
		t.Fatalf("decode %x: got error %v, twin has %v", b, gotErr, wantErr)
	}
	if gotErr == nil && got != want {
		t.Fatalf("decode %x:\ngot  %s\nwant %s", b, text(&got), text(&want))
	}
	if gotErr != nil && !errors.Is(gotErr, record.ErrUndecodable) && !errors.Is(gotErr, record.ErrUnknownPayload) {
		t.Fatalf("decode %x: got error %v, want ErrUndecodable or ErrUnknownPayload", b, gotErr)
	}
}

func TestTelemetryEqualsGoavro(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rec := recordtest.Of[Telemetry]().Draw(t, "record")
		got := AppendTelemetry(nil, &rec)
		want, err := records.Append(nil, &rec)
		if err != nil || string(got) != string(want) {
			t.Fatalf("encode %s:\ngot  %x\nwant %x, err %v", text(&rec), got, want, err)
		}
		var decoder Decoder
		var back Telemetry
		if err := decoder.Decode(got, &back); err != nil || back != rec {
			t.Fatalf("decode:\ngot  %s, err %v\nwant %s", text(&back), err, text(&rec))
		}
	})
}

func TestTelemetryEqualsTwinOnMutatedInput(t *testing.T) {
	w := newTwin(t)
	rapid.Check(t, func(t *rapid.T) {
		rec := recordtest.Of[Telemetry]().Draw(t, "record")
		b := AppendTelemetry(nil, &rec)
		for range rapid.IntRange(0, 3).Draw(t, "mutations") {
			at := rapid.IntRange(schemas.HeaderSize, len(b)-1).Draw(t, "at")
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				b[at] = rapid.Byte().Draw(t, "byte")
			case 1:
				b = append(b[:at:at], b[at+1:]...)
			case 2:
				b = append(b[:at:at], append([]byte{rapid.Byte().Draw(t, "byte")}, b[at:]...)...)
			}
			if len(b) == schemas.HeaderSize {
				break
			}
		}
		compare(t, w, b)
	})
}

func TestTelemetryRefusesEveryPrefix(t *testing.T) {
	var decoder Decoder
	var got Telemetry
	rapid.Check(t, func(t *rapid.T) {
		rec := recordtest.Of[Telemetry]().Draw(t, "record")
		b := AppendTelemetry(nil, &rec)
		for n := range len(b) {
			if err := decoder.Decode(b[:n], &got); err == nil {
				t.Fatalf("decode of %d of %d bytes %x: got no error", n, len(b), b)
			}
		}
		if err := decoder.Decode(append(b, 0), &got); !errors.Is(err, record.ErrUndecodable) {
			t.Fatalf("decode of %x and one byte more: got %v, want ErrUndecodable", b, err)
		}
	})
}

func TestTelemetryErrors(t *testing.T) {
	rec := sample()
	good := AppendTelemetry(nil, &rec)
	other := append([]byte(nil), good...)
	other[5] ^= 0xff
	wrong := schemas.Newest("SealedIdentity").Header()
	nothing := AppendTelemetry(nil, &Telemetry{})
	for _, test := range []struct {
		name string
		in   []byte
		want error
	}{
		{"nothing", nil, record.ErrUnknownSchema},
		{"header alone", good[:schemas.HeaderSize], record.ErrUndecodable},
		{"half a header", good[:5], record.ErrUnknownSchema},
		{"other fingerprint", other, record.ErrUnknownSchema},
		{"another record", wrong[:], record.ErrUnknownSchema},
		{"no payload", nothing, record.ErrUnknownPayload},
	} {
		var decoder Decoder
		var got Telemetry
		if err := decoder.Decode(test.in, &got); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
}

func TestTelemetryAllocatesNothing(t *testing.T) {
	rec := sample()
	b := AppendTelemetry(nil, &rec)
	var decoder Decoder
	var got Telemetry
	if n := testing.AllocsPerRun(100, func() { _ = decoder.Decode(b, &got) }); n != 0 {
		t.Errorf("decode: got %v allocations, want 0", n)
	}
	dst := make([]byte, 0, 512)
	if n := testing.AllocsPerRun(100, func() { _ = AppendTelemetry(dst, &rec) }); n != 0 {
		t.Errorf("encode: got %v allocations, want 0", n)
	}
}

func FuzzTelemetryDecode(f *testing.F) {
	w := newTwin(f)
	rec := sample()
	f.Add(AppendTelemetry(nil, &rec)[schemas.HeaderSize:])
	for kind := rec.Kind; kind.String() != "UNKNOWN"; kind++ {
		rec.Kind = kind
		f.Add(AppendTelemetry(nil, &rec)[schemas.HeaderSize:])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		compare(t, w, append(telemetryHeader[:len(telemetryHeader):len(telemetryHeader)], body...))
	})
}

func BenchmarkTelemetryDecode(b *testing.B) {
	rec := sample()
	in := AppendTelemetry(nil, &rec)
	var got Telemetry
	b.Run("straight", func(b *testing.B) {
		var decoder Decoder
		b.ReportAllocs()
		b.SetBytes(int64(len(in)))
		for b.Loop() {
			if err := decoder.Decode(in, &got); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("goavro", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := records.Decode(in[schemas.HeaderSize:], &got); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkTelemetryEncode(b *testing.B) {
	rec := sample()
	dst := make([]byte, 0, 512)
	b.Run("straight", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dst = AppendTelemetry(dst[:0], &rec)
		}
		b.SetBytes(int64(len(dst)))
	})
	b.Run("goavro", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if dst, err = records.Append(dst[:0], &rec); err != nil {
				b.Fatal(err)
			}
		}
	})
}
