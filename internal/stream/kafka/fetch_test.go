package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"testing"

	"cordon/internal/stream"
	"cordon/internal/stream/recordbatch"
)

// encoded is a batch of the values v0, v1, … from an offset on.
func encoded(t *testing.T, offset int64, n int) []byte {
	t.Helper()
	var e recordbatch.Encoder
	e.Reset(recordbatch.Settings{Producer: recordbatch.NoProducer, BaseTimestamp: 7000})
	for i := range n {
		e.Append(nil, fmt.Appendf(nil, "v%d", i), nil)
	}
	b, err := e.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	b = slices.Clone(b)
	binary.BigEndian.PutUint64(b, uint64(offset))
	return b
}

// spoilt is a batch whose checksum is right and whose records are not: what a
// broken or hostile producer may get past the broker.
func spoilt(t *testing.T, offset int64, n int) []byte {
	b := encoded(t, offset, n)
	b[len(b)-1] = 0x7f // the count of headers of the last record
	binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

// Runners pass over a batch that cannot be read and say so; tools stop at it.
func TestPassesOverUnreadableBatches(t *testing.T) {
	torn := encoded(t, 2, 3)
	torn[len(torn)-1] ^= 1
	for _, c := range []struct {
		name    string
		set     []byte
		skip    bool
		batches int
		next    int64
		refused bool
		err     error
	}{
		{"good", slices.Concat(encoded(t, 0, 2), encoded(t, 2, 3)), true, 2, 5, false, nil},
		{"bad between good", slices.Concat(encoded(t, 0, 2), spoilt(t, 2, 3), encoded(t, 5, 1)), true, 1, 5, true, nil},
		{"bad first", spoilt(t, 0, 2), true, 0, 2, true, nil},
		{"bad for a tool", spoilt(t, 0, 2), false, 0, 0, false, recordbatch.ErrMalformed},
		{"torn on the way", slices.Concat(encoded(t, 0, 2), torn), true, 1, 0, false, recordbatch.ErrCorrupt},
	} {
		f := &fetcher{from: stream.Partition{Topic: "t"}, skip: c.skip, bytes: 1 << 20}
		got, err := f.decode(fetched{from: f.from}, &fetchResponsePartition{RecordSet: rawBytes{c.set}})
		if !errors.Is(err, c.err) || len(got.batches) != c.batches || got.next != c.next || (got.refused != nil) != c.refused {
			t.Errorf("%s: %d batches, next %d, refused %v, error %v; want %d, %d, %v, %v", c.name, len(got.batches), got.next, got.refused, err, c.batches, c.next, c.refused, c.err)
		}
		if errors.Is(err, recordbatch.ErrCorrupt) != retryable(err) {
			t.Errorf("%s: retryable %v; only a torn batch may be whole the next time", c.name, retryable(err))
		}
	}
}

// What is handed to the task outlives the decoder's buffers.
func TestBatchesOwnTheirRecords(t *testing.T) {
	f := &fetcher{bytes: 1 << 20}
	set := slices.Concat(encoded(t, 0, 2), encoded(t, 2, 2))
	got, err := f.decode(fetched{next: 1}, &fetchResponsePartition{RecordSet: rawBytes{set}})
	if err != nil {
		t.Fatal(err)
	}
	clear(set)
	var read []string
	for _, b := range got.batches {
		for _, r := range b.Records {
			read = append(read, fmt.Sprintf("%d %s %v", r.Offset, r.Value, r.Key == nil))
		}
	}
	if want := []string{"1 v1 true", "2 v0 true", "3 v1 true"}; !slices.Equal(read, want) {
		t.Errorf("read %q, want %q", read, want)
	}
	if got.batches[0].AppendTime != 7_000_000 || got.batches[0].CRC == 0 {
		t.Errorf("fingerprint %d %d, want a checksum and 7 s", got.batches[0].CRC, got.batches[0].AppendTime)
	}
}

// A fetch that not even one batch fits into asks for more the next time.
func TestAsksForMoreWhenABatchDoesNotFit(t *testing.T) {
	f := &fetcher{bytes: 100}
	set := encoded(t, 0, 50)
	if _, err := f.decode(fetched{}, &fetchResponsePartition{RecordSet: rawBytes{set[:100]}}); err != nil || f.bytes != 200 {
		t.Errorf("asks for %d bytes, error %v; want 200", f.bytes, err)
	}
}
