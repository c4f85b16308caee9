package recordbatch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// craft describes a batch as a broker would store it, right or wrong.
type craft struct {
	base      int64
	last      int32 // last offset delta
	count     int32
	attrs     uint16
	pid       int64
	maxTime   int64
	payload   []byte // the records, compressed if attrs say so
	keepCRC   bool   // leave the sum 0
	breakFrom int    // cut the batch here, 0 for not at all
}

func (c craft) bytes() []byte {
	b := make([]byte, headerLen, headerLen+len(c.payload))
	be := binary.BigEndian
	be.PutUint64(b[atBaseOffset:], uint64(c.base))
	b[atMagic] = magicV2
	be.PutUint16(b[atAttributes:], c.attrs)
	be.PutUint32(b[atLastOffsetDelta:], uint32(c.last))
	be.PutUint64(b[atBaseTimestamp:], 1000)
	be.PutUint64(b[atMaxTimestamp:], uint64(c.maxTime))
	be.PutUint64(b[atProducerID:], uint64(c.pid))
	be.PutUint32(b[atCount:], uint32(c.count))
	b = append(b, c.payload...)
	if !c.keepCRC {
		seal(b)
	}
	if c.breakFrom > 0 {
		b = b[:c.breakFrom]
	}
	return b
}

// seal makes length and checksum of the batch b right.
func seal(b []byte) {
	binary.BigEndian.PutUint32(b[atLength:], uint32(len(b)-prefixLen))
	binary.BigEndian.PutUint32(b[atCRC:], crc32.Checksum(b[atAttributes:], castagnoli))
}

// rec returns one record: offset and timestamp delta, key, value; no headers.
func rec(delta int64, key, value []byte) []byte {
	body := binary.AppendVarint([]byte{0}, delta*10)
	body = binary.AppendVarint(body, delta)
	body = appendField(appendField(body, key), value)
	body = append(body, 0)
	return append(binary.AppendVarint(nil, int64(len(body))), body...)
}

// recs returns one record per offset delta with the value "v<delta>".
func recs(deltas ...int64) []byte {
	var b []byte
	for _, d := range deltas {
		b = append(b, rec(d, nil, fmt.Appendf(nil, "v%d", d))...)
	}
	return b
}

// data returns a plain batch with the records at base and after.
func data(base int64, n int) craft {
	c := craft{base: base, last: int32(n - 1), count: int32(n), pid: -1, maxTime: 1000}
	for i := range n {
		c.payload = append(c.payload, recs(int64(i))...)
	}
	return c
}

// txn returns a transactional batch of pid.
func txn(base int64, n int, pid int64) craft {
	c := data(base, n)
	c.pid, c.attrs = pid, transactionalBit
	return c
}

// marker returns the control batch that ends a transaction of pid.
func marker(base, pid int64, typ byte) craft {
	return craft{base: base, count: 1, pid: pid, attrs: transactionalBit | controlBit,
		payload: rec(0, []byte{0, 0, 0, typ}, []byte{0, 0, 0, 0, 0, 0})}
}

const (
	typAbort  = 0
	typCommit = 1
)

func concat(cs ...craft) []byte {
	var b []byte
	for _, c := range cs {
		b = append(b, c.bytes()...)
	}
	return b
}

// compressTest compresses with the libraries' own writers, as another client
// would. The variant chooses among the framings.
func compressTest(t testing.TB, c Codec, variant int, plain []byte) []byte {
	t.Helper()
	var w bytes.Buffer
	var err error
	switch c {
	case None:
		return plain
	case Gzip:
		z := gzip.NewWriter(&w)
		_, err = z.Write(plain)
		err = errors.Join(err, z.Close())
	case Snappy:
		if variant%2 == 0 {
			return snappy.Encode(nil, plain)
		}
		return xerialFrame(plain, 1+variant*7)
	case LZ4:
		z := lz4.NewWriter(&w)
		err = z.Apply(lz4.BlockSizeOption(lz4.Block64Kb<<(2*(variant%4))), lz4.ChecksumOption(variant%2 == 0),
			lz4.BlockChecksumOption(variant%3 == 0), lz4.SizeOption(uint64(variant%2)*uint64(len(plain))))
		if err == nil {
			_, err = z.Write(plain)
		}
		err = errors.Join(err, z.Close())
	case Zstd:
		z, e := zstd.NewWriter(nil, zstd.WithSingleSegment(variant%2 == 0))
		if e != nil {
			t.Fatal(e)
		}
		return z.EncodeAll(plain, nil)
	}
	if err != nil {
		t.Fatalf("compress %v: %v", c, err)
	}
	return w.Bytes()
}

// xerialFrame writes the framing of the Java client's snappy library with
// blocks of the given size.
func xerialFrame(plain []byte, size int) []byte {
	b := append(bytes.Clone(xerial), 0, 0, 0, 1, 0, 0, 0, 1)
	for len(plain) > 0 {
		n := min(size, len(plain))
		z := snappy.Encode(nil, plain[:n])
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(z))), z...)
		plain = plain[n:]
	}
	return b
}

// got is what a reader saw of a record, copied.
type got struct {
	offset, time int64
	key, value   []byte
	headers      []Header
}

// String shows nil and empty apart.
func (g got) String() string {
	return fmt.Sprintf("{%d @%d %s=%s %d headers}", g.offset, g.time, show(g.key), show(g.value), len(g.headers))
}

func show(b []byte) string {
	if b == nil {
		return "null"
	}
	return fmt.Sprintf("%q", b)
}

func (g got) equal(o got) bool {
	if g.offset != o.offset || g.time != o.time || !same(g.key, o.key) || !same(g.value, o.value) || len(g.headers) != len(o.headers) {
		return false
	}
	for i, h := range g.headers {
		if h.Key != o.headers[i].Key || !same(h.Value, o.headers[i].Value) {
			return false
		}
	}
	return true
}

// same compares and tells null from empty.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// copyRecord copies what r aliases.
func copyRecord(r *Record) got {
	g := got{offset: r.Offset, time: r.Timestamp, key: bytes.Clone(r.Key), value: bytes.Clone(r.Value)}
	for _, h := range r.Headers {
		g.headers = append(g.headers, Header{Key: h.Key, Value: bytes.Clone(h.Value)})
	}
	return g
}

// readAll decodes a set and copies all records.
func readAll(d *Decoder, set []byte, o Options) (rs []got, next int64, err error) {
	next, err = d.Decode(set, o, func(b *Batch) error {
		var r Record
		for b.Next(&r) {
			rs = append(rs, copyRecord(&r))
		}
		return nil
	})
	return rs, next, err
}

// offsets returns the offsets of rs.
func offsets(rs []got) []int64 {
	var o []int64
	for _, r := range rs {
		o = append(o, r.offset)
	}
	return o
}
