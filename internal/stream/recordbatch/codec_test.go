package recordbatch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/pierrec/lz4/v4"
)

var readCodecs = []Codec{None, Gzip, Snappy, LZ4, Zstd}

// withCodec returns a batch of one record whose value is n bytes that compress
// well or not at all.
func withCodec(t testing.TB, c Codec, variant, n int) ([]byte, []byte) {
	t.Helper()
	value := make([]byte, n)
	if variant%3 == 0 {
		for i := range value {
			value[i] = byte(rand.Uint32())
		}
	}
	plain := rec(0, nil, value)
	return craft{count: 1, attrs: uint16(c), payload: compressTest(t, c, variant, plain)}.bytes(), value
}

func TestCodecs(t *testing.T) {
	var d Decoder // one for all, so that states could mix
	for _, c := range readCodecs {
		for variant := range 12 {
			for _, n := range []int{0, 1, 1000, 65_000, 300_000, 5_000_000} {
				raw, value := withCodec(t, c, variant, n)
				rs, next, err := readAll(&d, raw, Options{})
				if err != nil || next != 1 || len(rs) != 1 || !bytes.Equal(rs[0].value, value) {
					t.Errorf("%v variant %d, %d bytes: %d records, next %d, err %v", c, variant, n, len(rs), next, err)
				}
			}
		}
	}
}

// TestBombs: a batch that would grow beyond the bound is refused, in memory that
// follows the bound.
func TestBombs(t *testing.T) {
	const bound, bomb = 1 << 20, 64 << 20
	zeros := make([]byte, bomb)
	for _, c := range []Codec{Gzip, Snappy, LZ4, Zstd} {
		for variant := range 3 {
			payload := compressTest(t, c, variant, zeros)
			checkBomb(t, fmt.Sprintf("%v variant %d", c, variant), c, payload, bound)
		}
	}
	lie := binary.AppendUvarint(nil, 1<<31)
	checkBomb(t, "snappy that declares 2 GiB", Snappy, append(lie, 0, 0), bound)
	// One frame of run-length blocks, 128 KiB in 4 bytes each.
	rle := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x98}
	for range 1000 {
		block := uint32(128<<10<<3 | 1<<1)
		rle = append(rle, byte(block), byte(block>>8), byte(block>>16), 'x')
	}
	checkBomb(t, "zstd run-length blocks", Zstd, rle, bound)
}

func checkBomb(t *testing.T, name string, c Codec, payload []byte, bound int) {
	t.Helper()
	raw := craft{count: 1, attrs: uint16(c), payload: payload}.bytes()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, next, err := readAll(new(Decoder), raw, Options{MaxDecompressed: bound})
	runtime.ReadMemStats(&after)
	if !errors.Is(err, ErrTooLarge) || next != 0 {
		t.Errorf("%s: %d bytes: next %d, err %v; want 0, too large", name, len(raw), next, err)
	}
	// 12 MiB: a decoder of the library (some 5 MiB for zstd), a block of at
	// most 4 MiB, and the steps in which the buffer grows.
	if used := after.TotalAlloc - before.TotalAlloc; used > 12<<20 {
		t.Errorf("%s: %d bytes allocated under a bound of %d", name, used, bound)
	}
}

// TestBound: exactly the bound is let through, one byte more is not.
func TestBound(t *testing.T) {
	var d Decoder
	for _, c := range []Codec{Gzip, Snappy, LZ4, Zstd} {
		for variant := range 4 {
			plain := rec(0, nil, make([]byte, 200_000))
			raw := craft{count: 1, attrs: uint16(c), payload: compressTest(t, c, variant, plain)}.bytes()
			if _, _, err := readAll(&d, raw, Options{MaxDecompressed: len(plain)}); err != nil {
				t.Errorf("%v variant %d: %d bytes under that bound: %v", c, variant, len(plain), err)
			}
			if _, _, err := readAll(&d, raw, Options{MaxDecompressed: len(plain) - 1}); !errors.Is(err, ErrTooLarge) {
				t.Errorf("%v variant %d: %d bytes, bound one less: %v; want too large", c, variant, len(plain), err)
			}
		}
	}
}

// TestLyingSizes: a size that the input only declares allocates nothing.
func TestLyingSizes(t *testing.T) {
	lie := binary.AppendUvarint(nil, 60<<20)
	tests := []struct {
		name    string
		codec   Codec
		payload []byte
	}{
		{"snappy of 60 MiB in 6 bytes", Snappy, append(lie, 0, 0)},
		{"zstd frame of 60 MiB in 17 bytes", Zstd, append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0},
			append(binary.LittleEndian.AppendUint64(nil, 60<<20), 1, 0, 0, 0)...)},
		{"zstd window of 512 MiB", Zstd, []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 19 << 3, 1, 0, 0}},
		{"lz4 frame of 60 MiB", LZ4, append([]byte{4, 0x22, 0x4d, 0x18, 0x68, 0x70},
			append(binary.LittleEndian.AppendUint64(nil, 60<<20), 0, 0, 0, 0, 0)...)},
	}
	for _, tt := range tests {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := readAll(new(Decoder), craft{count: 1, attrs: uint16(tt.codec), payload: tt.payload}.bytes(), Options{})
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; err == nil || used > 12<<20 {
			t.Errorf("%s: %d bytes allocated, err %v", tt.name, used, err)
		}
	}
}

// TestBrokenPayload: every cut and many changes of a compressed payload with a
// right checksum end in an error or in records, never in a panic.
func TestBrokenPayload(t *testing.T) {
	plain := recs(0, 1, 2, 3)
	plain = append(plain, rec(4, []byte("key"), bytes.Repeat([]byte("abcdefg"), 60))...)
	var d Decoder
	for _, c := range readCodecs {
		for variant := range 2 {
			whole := compressTest(t, c, variant, plain)
			for n := range len(whole) {
				raw := craft{last: 4, count: 5, attrs: uint16(c), payload: whole[:n]}.bytes()
				rs, _, err := readAll(&d, raw, Options{})
				if err == nil && len(rs) != 5 {
					t.Errorf("%v variant %d cut at %d of %d: %d records and no error", c, variant, n, len(whole), len(rs))
				}
			}
		}
	}
}

// TestLZ4Refused covers the frames that Kafka does not use.
func TestLZ4Refused(t *testing.T) {
	frame := new(lz4Encoder).appendFrame(nil, recs(0))
	change := func(at int, v byte) []byte {
		b := bytes.Clone(frame)
		b[at] = v
		return b
	}
	tests := []struct {
		name  string
		frame []byte
		err   error
	}{
		{"magic number", change(0, 5), ErrMalformed},
		{"version 2", change(4, 0xa0), ErrUnsupported},
		{"dependent blocks", change(4, 0x40), ErrUnsupported},
		{"dictionary", change(4, 0x61), ErrUnsupported},
		{"block size 3", change(5, 0x30), ErrUnsupported},
		{"content size cut off", append(change(4, 0x68)[:7], 0, 0), ErrMalformed},
		{"no end mark", frame[:len(frame)-4], ErrMalformed},
		{"block longer than the frame", change(8, 0xff), ErrMalformed},
		{"stored block of no bytes", append(bytes.Clone(frame[:7]), 0, 0, 0, 0x80), ErrMalformed},
	}
	for _, tt := range tests {
		_, _, err := readAll(new(Decoder), craft{count: 1, attrs: uint16(LZ4), payload: tt.frame}.bytes(), Options{})
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: frame %x: err %v, want %v", tt.name, tt.frame, err, tt.err)
		}
	}
}

// TestLZ4Frame: the library's frame reader, which checks the header's own
// checksum, reads what we write.
func TestLZ4Frame(t *testing.T) {
	var e lz4Encoder
	for _, n := range []int{0, 1, 100, lz4Block - 1, lz4Block, lz4Block + 1, 3*lz4Block + 5} {
		for _, hard := range []bool{false, true} {
			src := make([]byte, n)
			if hard {
				for i := range src {
					src[i] = byte(rand.Uint32())
				}
			}
			var out bytes.Buffer
			if _, err := out.ReadFrom(lz4.NewReader(bytes.NewReader(e.appendFrame(nil, src)))); err != nil || !bytes.Equal(out.Bytes(), src) {
				t.Errorf("%d bytes, hard %v: %d bytes back, err %v", n, hard, out.Len(), err)
			}
		}
	}
}

func TestCodecString(t *testing.T) {
	for c, want := range map[Codec]string{None: "none", Gzip: "gzip", Snappy: "snappy", LZ4: "lz4", Zstd: "zstd", 7: "codec 7"} {
		if got := c.String(); got != want {
			t.Errorf("Codec(%d): %q, want %q", uint8(c), got, want)
		}
	}
}
