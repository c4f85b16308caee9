package recordbatch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestPosition covers what moves the next offset and what is delivered on the
// way there.
func TestPosition(t *testing.T) {
	whole := concat(data(0, 3), data(3, 2))
	tests := []struct {
		name string
		set  []byte
		from int64
		next int64
		want []int64
	}{
		{"empty set", nil, 7, 7, nil},
		{"two batches", whole, 0, 5, []int64{0, 1, 2, 3, 4}},
		{"begins below the offset fetched from", whole, 2, 5, []int64{2, 3, 4}},
		{"whole batch below", whole, 4, 5, []int64{4}},
		{"all below", concat(data(0, 3)), 9, 9, nil},
		{"cut in the records", whole[:len(whole)-1], 0, 3, []int64{0, 1, 2}},
		{"cut in the header", whole[:len(data(0, 3).bytes())+30], 0, 3, []int64{0, 1, 2}},
		{"cut before the magic", whole[:len(data(0, 3).bytes())+16], 0, 3, []int64{0, 1, 2}},
		{"first batch cut", whole[:20], 0, 0, nil},
		{"empty batch kept by compaction", concat(data(0, 1), craft{base: 1, last: 8, pid: 5}), 0, 10, []int64{0}},
		{"empty batch alone", concat(craft{base: 1, last: 8, pid: 5}), 4, 10, nil},
		{"empty compressed batch", concat(craft{base: 1, last: 8, pid: 5, attrs: uint16(Zstd)}), 1, 10, nil},
		{"compacted batch", concat(craft{base: 10, last: 9, count: 2, payload: recs(3, 7)}), 10, 20, []int64{13, 17}},
		{"control batch last", concat(txn(0, 2, 5), marker(2, 5, typCommit)), 0, 3, []int64{0, 1}},
		{"control batch alone", concat(marker(2, 5, typCommit)), 2, 3, nil},
		{"control batch emptied by compaction", concat(craft{base: 2, pid: 5, attrs: transactionalBit | controlBit}), 2, 3, nil},
		{"gap between batches", concat(data(0, 1), data(50, 1)), 0, 51, []int64{0, 50}},
		{"last possible offset", concat(craft{base: math.MaxInt64 - math.MaxInt32 - 1, last: math.MaxInt32}), 0, math.MaxInt64, nil},
	}
	var d Decoder
	for _, tt := range tests {
		rs, next, err := readAll(&d, tt.set, Options{FetchOffset: tt.from})
		if err != nil || next != tt.next || !slices.Equal(offsets(rs), tt.want) {
			t.Errorf("%s: from %d: offsets %v, next %d, err %v; want %v, %d", tt.name, tt.from, offsets(rs), next, err, tt.want, tt.next)
		}
	}
}

// TestAborted covers the aborted list. "The consumer ... maintains a set of
// producer ids with aborted transactions ... a transaction is finished when the
// control batch of the same producer is reached" (KIP-98, Consumer).
func TestAborted(t *testing.T) {
	const a, b = 11, 22
	two := concat(
		txn(0, 2, a),            // aborted
		txn(2, 2, b),            // committed
		data(4, 1),              // outside
		marker(5, a, typAbort),  // ends a's first
		txn(6, 1, a),            // committed
		marker(7, b, typCommit), // ends b's first
		marker(8, a, typCommit),
		txn(9, 1, b), // aborted
		txn(10, 1, a),
		marker(11, b, typAbort),
		txn(12, 1, b),
	)
	list := []AbortedTxn{{a, 0}, {b, 9}}
	all := []int64{0, 1, 2, 3, 4, 6, 9, 10, 12}
	idempotent := data(0, 1)
	idempotent.pid = a
	tests := []struct {
		name string
		set  []byte
		o    Options
		next int64
		want []int64
	}{
		{"uncommitted reads all", two, Options{Aborted: list}, 13, all},
		{"no list", two, Options{ReadCommitted: true}, 13, all},
		{"two producers", two, Options{ReadCommitted: true, Aborted: list}, 13, []int64{2, 3, 4, 6, 10, 12}},
		{"list not sorted", two, Options{ReadCommitted: true, Aborted: []AbortedTxn{{b, 9}, {a, 0}}}, 13, []int64{2, 3, 4, 6, 10, 12}},
		{"from inside", two, Options{ReadCommitted: true, Aborted: list, FetchOffset: 1}, 13, []int64{2, 3, 4, 6, 10, 12}},
		{"marker not in the set", concat(txn(0, 1, a), txn(1, 1, a)), Options{ReadCommitted: true, Aborted: list}, 2, nil},
		{"first offset inside a batch", concat(txn(5, 3, a)), Options{ReadCommitted: true, Aborted: []AbortedTxn{{a, 7}}}, 8, nil},
		{"begins later", concat(txn(5, 3, a), txn(8, 1, a)), Options{ReadCommitted: true, Aborted: []AbortedTxn{{a, 8}}}, 9, []int64{5, 6, 7}},
		{"idempotent batch of the same producer", concat(idempotent), Options{ReadCommitted: true, Aborted: list}, 1, []int64{0}},
	}
	var d Decoder
	for _, tt := range tests {
		rs, next, err := readAll(&d, tt.set, tt.o)
		if err != nil || next != tt.next || !slices.Equal(offsets(rs), tt.want) {
			t.Errorf("%s: offsets %v, next %d, err %v; want %v, %d", tt.name, offsets(rs), next, err, tt.want, tt.next)
		}
	}
}

func TestMarkers(t *testing.T) {
	set := concat(marker(0, 5, typCommit), marker(1, 6, typAbort), marker(2, 7, 9))
	var marks []Marker
	var d Decoder
	_, err := d.Decode(set, Options{Markers: true}, func(b *Batch) error {
		var r Record
		if b.Next(&r) || !b.Control || !b.Transactional {
			t.Errorf("control batch at %d: record %v, control %v, transactional %v", b.BaseOffset, r, b.Control, b.Transactional)
		}
		marks = append(marks, b.Marker)
		return nil
	})
	if want := []Marker{Commit, Abort, NoMarker}; err != nil || !slices.Equal(marks, want) {
		t.Errorf("markers %v, err %v; want %v", marks, err, want)
	}
}

func TestBatchHeader(t *testing.T) {
	c := txn(40, 2, 9)
	c.last, c.maxTime, c.attrs = 6, 77_000, c.attrs|logAppendBit
	raw := c.bytes()
	binary.BigEndian.PutUint16(raw[atProducerEpoch:], 3)
	binary.BigEndian.PutUint32(raw[atBaseSequence:], 12)
	seal(raw)
	var d Decoder
	_, err := d.Decode(raw, Options{FetchOffset: 40}, func(b *Batch) error {
		crc := binary.BigEndian.Uint32(raw[atCRC:])
		if b.BaseOffset != 40 || b.LastOffset != 46 || b.CRC != crc || b.MaxTimestamp != 77_000 || !b.LogAppend ||
			b.Producer != (Producer{9, 3}) || b.BaseSequence != 12 || !b.Transactional || b.Control || b.Codec != None || b.Count != 2 {
			t.Errorf("header %+v", *b)
		}
		var r Record
		for b.Next(&r) {
			// "If it is LogAppendTime ... the timestamp of all records is the
			// broker's append time": the maximum of the batch.
			if r.Timestamp != 77_000 {
				t.Errorf("timestamp of %d: got %d, want the append time 77000", r.Offset, r.Timestamp)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestRefused covers what breaks the format, and what the error says.
func TestRefused(t *testing.T) {
	good := data(0, 1).bytes()
	with := func(f func(b []byte)) []byte {
		b := append(bytes.Clone(good), data(1, 2).bytes()...)
		f(b[len(good):])
		return b
	}
	sealed := func(f func(b []byte)) []byte {
		return with(func(b []byte) { f(b); seal(b) })
	}
	payload := func(count int32, p []byte) []byte {
		return append(bytes.Clone(good), craft{base: 1, last: 9, count: count, payload: p}.bytes()...)
	}
	be := binary.BigEndian
	tests := []struct {
		name string
		set  []byte
		err  error
		next int64 // BatchError.Next
	}{
		{"flipped bit in the records", with(func(b []byte) { b[headerLen+3] ^= 4 }), ErrCorrupt, -1},
		{"flipped bit in the attributes", with(func(b []byte) { b[atAttributes+1] ^= 1 }), ErrCorrupt, -1},
		{"flipped bit in the sum", with(func(b []byte) { b[atCRC] ^= 0x80 }), ErrCorrupt, -1},
		{"format v1", with(func(b []byte) { b[atMagic] = 1 }), ErrUnsupported, -1},
		{"negative length", with(func(b []byte) { be.PutUint32(b[atLength:], math.MaxUint32) }), ErrMalformed, -1},
		{"least length", with(func(b []byte) { be.PutUint32(b[atLength:], 1<<31) }), ErrMalformed, -1},
		{"length below the header", with(func(b []byte) { be.PutUint32(b[atLength:], headerLen-prefixLen-1) }), ErrMalformed, -1},
		{"negative base offset", with(func(b []byte) { be.PutUint64(b, 1<<63) }), ErrMalformed, -1},
		{"base offset at the end of the range", with(func(b []byte) { be.PutUint64(b, math.MaxInt64) }), ErrMalformed, -1},
		{"base offset twice", with(func(b []byte) { be.PutUint64(b, 0) }), ErrMalformed, 2},
		{"negative last offset delta", sealed(func(b []byte) { be.PutUint32(b[atLastOffsetDelta:], 1<<31) }), ErrMalformed, -1},
		{"negative record count", sealed(func(b []byte) { be.PutUint32(b[atCount:], math.MaxUint32) }), ErrMalformed, 3},
		{"more records declared than there are", sealed(func(b []byte) { be.PutUint32(b[atCount:], math.MaxInt32) }), ErrMalformed, 3},
		{"fewer records declared", sealed(func(b []byte) { be.PutUint32(b[atCount:], 1) }), ErrMalformed, 3},
		{"unknown codec", sealed(func(b []byte) { b[atAttributes+1] = 5 }), ErrUnsupported, 3},
		{"offset beyond the batch", payload(1, recs(10)), ErrMalformed, 11},
		{"negative offset delta", payload(1, recs(-1)), ErrMalformed, 11},
		{"offsets fall", payload(2, recs(4, 3)), ErrMalformed, 11},
		{"offset twice", payload(2, recs(4, 4)), ErrMalformed, 11},
		{"negative record length", payload(1, []byte{1}), ErrMalformed, 11},
		{"record length beyond the batch", payload(1, []byte{100, 0}), ErrMalformed, 11},
		{"record length of 64 bits", payload(1, bytes.Repeat([]byte{0xff}, 11)), ErrMalformed, 11},
		{"empty record", payload(1, []byte{0}), ErrMalformed, 11},
		{"key beyond the record", payload(1, []byte{12, 0, 0, 0, 100, 1, 0}), ErrMalformed, 11},
		{"bytes left in the record", payload(1, []byte{14, 0, 0, 0, 1, 1, 0, 0}), ErrMalformed, 11},
		{"negative header count", payload(1, []byte{12, 0, 0, 0, 1, 1, 1}), ErrMalformed, 11},
		{"header count beyond the record", payload(1, []byte{18, 0, 0, 0, 1, 1, 0x7e, 0, 1, 0}), ErrMalformed, 11},
		{"null header name", payload(1, []byte{16, 0, 0, 0, 1, 1, 2, 1, 1}), ErrMalformed, 11},
		{"control record with a short key", concat(data(0, 1), craft{base: 1, count: 1, attrs: controlBit, payload: rec(0, []byte{0, 0, 1}, nil)}), ErrMalformed, 2},
		{"control batch with no record of one", concat(data(0, 1), craft{base: 1, count: 1, attrs: controlBit}), ErrMalformed, 2},
	}
	var d Decoder
	for _, tt := range tests {
		rs, next, err := readAll(&d, tt.set, Options{ReadCommitted: true})
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: err %v, want %v", tt.name, err, tt.err)
			continue
		}
		var be *BatchError
		if !errors.As(err, &be) || be.Next != tt.next {
			t.Errorf("%s: %v: error next %+v, want %d", tt.name, err, be, tt.next)
		}
		if next != 1 || len(rs) == 0 || rs[0].offset != 0 {
			t.Errorf("%s: next %d, records %v; want the batch before it and next 1", tt.name, next, rs)
		}
	}
}

// TestNegativeLengthIsNull: the Java client takes any negative length of key
// and value as null, and brokers let it pass.
func TestNegativeLengthIsNull(t *testing.T) {
	c := craft{count: 1, payload: []byte{12, 0, 0, 0, 5 /* -3 */, 7 /* -4 */, 0}}
	rs, _, err := readAll(new(Decoder), c.bytes(), Options{})
	if err != nil || len(rs) != 1 || rs[0].key != nil || rs[0].value != nil {
		t.Errorf("lengths -3 and -4: records %v, err %v; want null key and value", rs, err)
	}
}

// TestFunctionFails: the position stays at the batch whose function failed.
func TestFunctionFails(t *testing.T) {
	stop := errors.New("stop")
	next, err := new(Decoder).Decode(concat(data(0, 2), data(2, 2)), Options{}, func(b *Batch) error {
		if b.BaseOffset == 2 {
			return stop
		}
		return nil
	})
	if err != stop || next != 2 {
		t.Errorf("next %d, err %v; want 2, stop", next, err)
	}
}

// TestRecordsOutliveNext: copies of a Record stay valid while the batch does.
func TestRecordsOutliveNext(t *testing.T) {
	var e Encoder
	e.Reset(Settings{Producer: NoProducer, Codec: LZ4})
	for _, v := range []string{"a", "b", "c"} {
		e.Append([]byte(v), nil, []Header{{Key: v, Value: []byte(v)}})
	}
	raw, err := e.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	_, err = new(Decoder).Decode(raw, Options{}, func(b *Batch) error {
		var rs []Record
		var r Record
		for b.Next(&r) {
			rs = append(rs, r)
		}
		for i, r := range rs {
			want := string(rune('a' + i))
			if string(r.Key) != want || len(r.Headers) != 1 || r.Headers[0].Key != want || string(r.Headers[0].Value) != want {
				t.Errorf("record %d: %+v, want %s everywhere", i, r, want)
			}
		}
		return b.Err()
	})
	if err != nil {
		t.Error(err)
	}
}

// TestManyHeaders: headers take more memory than bytes in the batch, so they are
// bounded like the records, and names are kept only up to a bound.
func TestManyHeaders(t *testing.T) {
	var e Encoder
	e.Reset(Settings{Producer: NoProducer})
	headers := make([]Header, 3*maxNames)
	for i := range headers {
		headers[i].Key = strings.Repeat("n", i%(2*maxNameLen)) + strconv.Itoa(i)
	}
	e.Append(nil, nil, headers)
	raw, err := e.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var d Decoder
	rs, _, err := readAll(&d, raw, Options{MaxDecompressed: headerSize * len(headers)})
	if err != nil || len(rs) != 1 || !rs[0].equal(got{headers: headers}) {
		t.Errorf("%d headers: %v, err %v", len(headers), rs, err)
	}
	if len(d.headers.names) > maxNames {
		t.Errorf("%d names kept, want at most %d", len(d.headers.names), maxNames)
	}
	if _, _, err := readAll(&d, raw, Options{MaxDecompressed: headerSize*len(headers) - 1}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%d headers under a bound of one less: err %v, want too large", len(headers), err)
	}
}
