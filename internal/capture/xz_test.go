package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/ulikunitz/xz"
	"pgregory.net/rapid"
)

// packedBy packs b as the configuration says.
func packedBy(t interface{ Fatal(...any) }, config xz.WriterConfig, b []byte) []byte {
	var out bytes.Buffer
	w, err := config.NewWriter(&out)
	if err == nil {
		_, err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// wanting makes the block whose header begins at the offset ask for a
// dictionary of 4 GB, with a checksum that is right.
func wanting(b []byte, at int) []byte {
	b = bytes.Clone(b)
	size := 4 * (int(b[at]) + 1)
	place := bytes.Index(b[at:at+size], []byte{0x21, 0x01})
	b[at+place+2] = 40
	binary.LittleEndian.PutUint32(b[at+size-4:], crc32.ChecksumIEEE(b[at:at+size-4]))
	return b
}

// The promise of this package: memory is bounded whatever the input claims. Not
// only the first block may claim.
func TestDictionaryOfALaterBlock(t *testing.T) {
	good := rawPcap(t, tcp(0, a1, s1, "S"), tcp(40, s1, a1, "RA"))
	both := readAll(t, Settings{}, good).golden()
	one := packedBy(t, xz.WriterConfig{}, good[:24])
	blocks := packedBy(t, xz.WriterConfig{BlockSize: 24, CheckSum: xz.CRC32}, good)
	second := bytes.Index(blocks[13:], blocks[12:20]) + 13 // blocks of equal size have equal headers
	for name, content := range map[string][]byte{
		"first block":   wanting(packedBy(t, xz.WriterConfig{}, good), 12),
		"second block":  wanting(blocks, second),
		"second stream": append(bytes.Clone(one), wanting(packedBy(t, xz.WriterConfig{}, good[24:]), 12)...),
		"after padding": append(append(bytes.Clone(one), 0, 0, 0, 0), wanting(packedBy(t, xz.WriterConfig{}, good[24:]), 12)...),
	} {
		p := readAll(t, Settings{}, content).source.Problems()
		if len(p) != 1 || !errors.Is(p[0].Cause, errDictionary) {
			t.Errorf("%s: problems %v, want one: %v", name, p, errDictionary)
		}
	}
	if r := readAll(t, Settings{}, blocks); r.golden() != both || len(r.source.Problems()) > 0 {
		t.Errorf("blocks of 24 bytes: got\n%s and %v, want\n%s", r.golden(), r.source.Problems(), both)
	}
}

// The guard passes every file on as it is, and is at the end of a stream where
// the file ends.
func TestGuardPassesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var file, plain []byte
		for range rapid.IntRange(1, 3).Draw(t, "streams") {
			noise := make([]byte, rapid.IntRange(0, 3000).Draw(t, "noise"))
			random := rand.NewChaCha8([32]byte{1})
			_, _ = random.Read(noise)
			content := append(bytes.Repeat([]byte("again "), rapid.IntRange(0, 500).Draw(t, "repeats")), noise...)
			config := xz.WriterConfig{
				CheckSum:   rapid.SampledFrom([]byte{xz.CRC32, xz.CRC64, xz.SHA256}).Draw(t, "check"),
				NoCheckSum: rapid.Bool().Draw(t, "no check"),
				DictCap:    1 << 14, // memory is cleared for each block
				BlockSize:  rapid.Int64Range(100, 5000).Draw(t, "block"),
			}
			file = append(file, packedBy(t, config, content)...)
			file = append(file, make([]byte, 4*rapid.IntRange(0, 2).Draw(t, "padding"))...)
			plain = append(plain, content...)
		}
		guard := newXZGuard(bytes.NewReader(file))
		r, err := xz.NewReader(guard)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("got %d bytes and %v, want %d", len(got), err, len(plain))
		}
		if guard.at != int64(len(file)) || guard.skip != 0 || len(guard.head) != 0 {
			t.Fatalf("walked over %d of %d bytes, %d to be skipped, %d gathered", guard.at, len(file), guard.skip, len(guard.head))
		}
	})
}

// FuzzXZ: no file makes the guard hold more than a block's header.
func FuzzXZ(f *testing.F) {
	f.Add(packedBy(f, xz.WriterConfig{BlockSize: 24}, []byte("what is packed here is of no account")))
	f.Fuzz(func(t *testing.T, b []byte) {
		guard := newXZGuard(bytes.NewReader(b))
		n, _ := io.Copy(io.Discard, guard)
		if n > int64(len(b)) || len(guard.head) > 1024 {
			t.Fatalf("%d bytes of %d, %d held", n, len(b), len(guard.head))
		}
	})
}
