package recordbatch

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// genBytes draws null, empty or some bytes; long runs now and then.
var genBytes = rapid.OneOf(
	rapid.Just([]byte(nil)),
	rapid.Just([]byte{}),
	rapid.SliceOfN(rapid.Byte(), 1, 40),
	rapid.Custom(func(t *rapid.T) []byte {
		return bytes.Repeat([]byte{rapid.Byte().Draw(t, "byte")}, rapid.IntRange(1, 70_000).Draw(t, "length"))
	}),
)

var genHeaders = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Header {
	return Header{Key: rapid.StringN(0, 5, 80).Draw(t, "name"), Value: genBytes.Draw(t, "header value")}
}), 0, 3)

// genRecords draws the records of one batch.
var genRecords = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) got {
	return got{key: genBytes.Draw(t, "key"), value: genBytes.Draw(t, "value"), headers: genHeaders.Draw(t, "headers")}
}), 1, 12)

var genSettings = rapid.Custom(func(t *rapid.T) Settings {
	s := Settings{
		Producer:      NoProducer,
		Codec:         rapid.SampledFrom([]Codec{None, LZ4}).Draw(t, "codec"),
		BaseTimestamp: rapid.Int64Range(-1, math.MaxInt64).Draw(t, "timestamp"),
	}
	if rapid.Bool().Draw(t, "producer") {
		s.Producer = Producer{ID: rapid.Int64Range(0, math.MaxInt64).Draw(t, "id"), Epoch: rapid.Int16Range(0, math.MaxInt16).Draw(t, "epoch")}
		s.BaseSequence = rapid.Int32Range(0, math.MaxInt32).Draw(t, "sequence")
		s.Transactional = rapid.Bool().Draw(t, "transactional")
	}
	return s
})

// TestRoundTrip: what is encoded is decoded, by an encoder and a decoder that
// were used before.
func TestRoundTrip(t *testing.T) {
	var e Encoder
	var d Decoder
	rapid.Check(t, func(t *rapid.T) {
		s, rs := genSettings.Draw(t, "settings"), genRecords.Draw(t, "records")
		raw := encode(t, &e, s, rs)
		read, next, err := readAll(&d, raw, Options{})
		if err != nil || next != int64(len(rs)) || len(read) != len(rs) {
			t.Fatalf("%d records: %d back, next %d, err %v", len(rs), len(read), next, err)
		}
		for i, r := range rs {
			r.offset, r.time = int64(i), s.BaseTimestamp
			if !r.equal(read[i]) {
				t.Fatalf("record %d: got %v, want %v", i, read[i], r)
			}
		}
		checkSettings(t, &d, raw, s)
	})
}

type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

func encode(t fataler, e *Encoder, s Settings, rs []got) []byte {
	t.Helper()
	e.Reset(s)
	for _, r := range rs {
		e.Append(r.key, r.value, r.headers)
	}
	raw, err := e.Bytes()
	if err != nil || e.Len() != len(rs) {
		t.Fatalf("encode %d records: %d, err %v", len(rs), e.Len(), err)
	}
	if s.Codec == None && e.Size() != len(raw) {
		t.Fatalf("size %d, want that of the batch, %d", e.Size(), len(raw))
	}
	return raw
}

func checkSettings(t fataler, d *Decoder, raw []byte, s Settings) {
	t.Helper()
	if s.Producer.ID < 0 {
		s.BaseSequence = -1
	}
	_, err := d.Decode(raw, Options{}, func(b *Batch) error {
		if read := (Settings{b.Producer, b.BaseSequence, b.Transactional, b.Codec, b.MaxTimestamp}); read != s {
			return fmt.Errorf("settings %+v, want %+v", read, s)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func TestBytesTwice(t *testing.T) {
	for _, c := range []Codec{None, LZ4} {
		var e Encoder
		e.Reset(Settings{Producer: NoProducer, Codec: c})
		e.Append([]byte("k"), []byte("v"), nil)
		first, err := e.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		first = bytes.Clone(first)
		again, err := e.Bytes()
		if err != nil || !bytes.Equal(first, again) {
			t.Errorf("%v: second call %x, err %v; want %x", c, again, err, first)
		}
	}
}

func TestEncodeRefused(t *testing.T) {
	hard := make([]byte, 600_000)
	for i := range hard {
		hard[i] = byte(rand.Uint32())
	}
	tests := []struct {
		name    string
		codec   Codec
		value   []byte
		records int
		err     error
	}{
		{"no records", None, nil, 0, ErrEmpty},
		{"zstd", Zstd, nil, 1, ErrUnsupported},
		{"plain over the limit", None, hard, 2, ErrTooLarge},
		{"compressed over the limit", LZ4, hard, 2, ErrTooLarge},
		{"compressed below, plain above what a decoder takes", LZ4, make([]byte, 1<<20), 65, ErrTooLarge},
		{"compressed below the limit", LZ4, make([]byte, 1<<20), 63, nil},
	}
	for _, tt := range tests {
		var e Encoder
		e.Reset(Settings{Producer: NoProducer, Codec: tt.codec})
		for range tt.records {
			e.Append(nil, tt.value, nil)
		}
		if b, err := e.Bytes(); !errors.Is(err, tt.err) {
			t.Errorf("%s: %d bytes, err %v; want %v", tt.name, len(b), err, tt.err)
		}
	}
}

// TestMaxBatchBytes: the limit itself is let through, one byte more is not.
func TestMaxBatchBytes(t *testing.T) {
	var e Encoder
	for n, want := range map[int]error{MaxBatchBytes - 72: nil, MaxBatchBytes - 71: ErrTooLarge} {
		e.Reset(Settings{Producer: NoProducer})
		e.Append(nil, make([]byte, n), nil)
		b, err := e.Bytes()
		if !errors.Is(err, want) || e.Size()-MaxBatchBytes > 1 || err == nil && len(b) != MaxBatchBytes {
			t.Errorf("%d bytes of value, batch of %d: err %v, want %v", n, e.Size(), err, want)
		}
	}
}

func TestNextSequence(t *testing.T) {
	tests := []struct {
		seq  int32
		n    int
		want int32
	}{
		{0, 1, 1},
		{10, 500, 510},
		{math.MaxInt32 - 1, 1, math.MaxInt32},
		{math.MaxInt32, 1, 0},
		{math.MaxInt32 - 2, 10, 7},
	}
	for _, tt := range tests {
		if got := NextSequence(tt.seq, tt.n); got != tt.want {
			t.Errorf("NextSequence(%d, %d) = %d, want %d", tt.seq, tt.n, got, tt.want)
		}
	}
}
