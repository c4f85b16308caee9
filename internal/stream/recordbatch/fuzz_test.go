package recordbatch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"
)

// sealAll makes the checksum of every whole batch in set right, so that the
// fuzzer gets behind it.
func sealAll(set []byte) {
	for {
		n, err := batchLen(set)
		if err != nil || n == 0 {
			return
		}
		seal(set[:n])
		set = set[n:]
	}
}

// FuzzDecode: on any input the decoder keeps its promises, does not depend on
// what it decoded before, and agrees with franz-go on what it accepts.
func FuzzDecode(f *testing.F) {
	plain := recs(0, 1, 2)
	for _, c := range readCodecs {
		for variant := range 2 {
			one := craft{last: 2, count: 3, pid: 7, attrs: uint16(c) | transactionalBit, payload: compressTest(f, c, variant, plain)}
			f.Add(concat(one, marker(3, 7, typAbort), data(4, 2)), int64(0), int64(7))
		}
	}
	var e Encoder
	e.Reset(Settings{Producer: NoProducer, Codec: LZ4})
	e.Append([]byte("k"), nil, []Header{{"a", nil}, {"b", []byte("c")}})
	one, err := e.Bytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(one, int64(0), int64(-1))
	used := new(Decoder)
	f.Fuzz(func(t *testing.T, set []byte, from, pid int64) {
		sealAll(set)
		o := Options{FetchOffset: from, ReadCommitted: pid >= 0, Aborted: []AbortedTxn{{pid, 0}, {pid, 100}}, MaxDecompressed: 1 << 20}
		before := bytes.Clone(set)
		rs, next, err := readAll(used, set, o)
		checkPromises(t, rs, next, o)
		fresh, freshNext, freshErr := readAll(new(Decoder), set, o)
		if next != freshNext || (err == nil) != (freshErr == nil) || !slices.EqualFunc(rs, fresh, got.equal) {
			t.Fatalf("used decoder: %v, next %d, err %v; fresh: %v, next %d, err %v", rs, next, err, fresh, freshNext, freshErr)
		}
		if !bytes.Equal(set, before) {
			t.Fatal("the record set was changed")
		}
		if err != nil {
			checkTyped(t, err)
			return
		}
		// franz-go parses also what an abort hides and all of a control batch.
		if o.ReadCommitted || from < 0 || hasControl(set) {
			return
		}
		if want, wantNext, wantErr := franzReads(set, o); wantErr == nil && (next != wantNext || !slices.EqualFunc(rs, want, agree)) {
			t.Fatalf("%v, next %d; franz-go: %v, next %d", rs, next, want, wantNext)
		}
	})
}

// hasControl reports whether set, which was accepted, has a control batch.
func hasControl(set []byte) (found bool) {
	_, _ = new(Decoder).Decode(set, Options{Markers: true}, func(b *Batch) error {
		found = found || b.Control
		return nil
	})
	return found
}

// agree compares with a record of franz-go, which holds timestamps in
// nanoseconds and so only those before the year 2262.
func agree(ours, theirs got) bool {
	const most = math.MaxInt64 / 1_000_000
	if ours.time > most || ours.time < -most {
		theirs.time = ours.time
	}
	return ours.equal(theirs)
}

func checkPromises(t *testing.T, rs []got, next int64, o Options) {
	t.Helper()
	last := o.FetchOffset - 1
	for _, r := range rs {
		if r.offset <= last {
			t.Fatalf("offset %d behind %d", r.offset, last)
		}
		last = r.offset
	}
	if next < o.FetchOffset {
		t.Fatalf("next %d, below the offset fetched from, %d", next, o.FetchOffset)
	}
}

func checkTyped(t *testing.T, err error) {
	t.Helper()
	var be *BatchError
	if !errors.As(err, &be) {
		t.Fatalf("%v is no BatchError", err)
	}
	for _, kind := range []error{ErrCorrupt, ErrMalformed, ErrTooLarge, ErrUnsupported} {
		if errors.Is(err, kind) {
			return
		}
	}
	t.Fatalf("%v is of no known kind", err)
}

// FuzzRoundTrip: whatever is encoded is decoded, by us and by franz-go.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("key\x03value\x00"), int64(1), uint16(3), true)
	f.Add([]byte{0xff, 0xff, 5, 'a'}, int64(-1), uint16(1), false)
	var e Encoder
	var d Decoder
	f.Fuzz(func(t *testing.T, in []byte, time int64, n uint16, compress bool) {
		s := Settings{Producer: Producer{ID: int64(n), Epoch: 1}, BaseTimestamp: time}
		if compress {
			s.Codec = LZ4
		}
		var want []got
		for i := range int(n%200) + 1 {
			r := got{offset: int64(i), time: time}
			r.key, in = take(in)
			r.value, in = take(in)
			var h []byte
			if h, in = take(in); h != nil {
				r.headers = []Header{{Key: string(h), Value: r.key}}
			}
			want = append(want, r)
		}
		raw := encode(t, &e, s, want)
		rs, next, err := readAll(&d, raw, Options{})
		if err != nil || next != int64(len(want)) || !slices.EqualFunc(rs, want, got.equal) {
			t.Fatalf("%v, next %d, err %v; want %v", rs, next, err, want)
		}
		if rs, next, err := franzReads(raw, Options{}); err != nil || next != int64(len(want)) || len(rs) != len(want) {
			t.Fatalf("franz-go: %d records, next %d, err %v; want %d", len(rs), next, err, len(want))
		}
	})
}

// take cuts a field off in: two bytes of length, of which the upper half of the
// range means null.
func take(in []byte) (field, rest []byte) {
	if len(in) < 2 {
		return nil, nil
	}
	n := int(int16(binary.LittleEndian.Uint16(in)))
	in = in[2:]
	if n < 0 {
		return nil, in
	}
	n = min(n, len(in))
	return in[:n], in[n:]
}
