package capture

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/ulikunitz/xz"
)

// ErrFormat marks content that is none of the formats, or not the one asked
// for.
var ErrFormat = errors.New("not a capture format that is known")

var (
	errEmpty      = errors.New("the file is empty")
	errDictionary = errors.New("unpacking needs too much memory")
)

const (
	bufferSize = 64 << 10
	// maxWraps bounds compression inside compression.
	maxWraps = 2
	// maxDictionary is the largest dictionary unpacked: that of xz -9.
	maxDictionary = 64 << 20
)

// input is one open file, unpacked as it is read.
type input struct {
	path string
	file io.ReadCloser
	size int64
	read atomic.Int64 // bytes of the file as it lies on the disk
	r    *bufio.Reader
}

// openInput opens the file. The input can be used where only the content was
// wrong: the error is then a problem of the input, not of the caller.
func openInput(path string) (*input, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open capture: %w", err)
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("open capture: %s is a folder", path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &input{path: path, file: file, size: info.Size()}, nil
}

// Read implements io.Reader on the file and counts what was read.
func (i *input) Read(p []byte) (int, error) {
	n, err := i.file.Read(p)
	i.read.Add(int64(n))
	return n, err
}

// unpack finds out how the file is packed and what is in it.
func (i *input) unpack() (Format, error) {
	i.r = bufio.NewReaderSize(i, bufferSize)
	for range maxWraps {
		unpacked, err := unwrap(i.r)
		if err != nil {
			return "", err
		}
		if unpacked == nil {
			break
		}
		i.r = bufio.NewReaderSize(unpacked, bufferSize)
	}
	return sniff(i.r)
}

// unwrap returns a reader of what is packed in r; nil: it is not packed.
func unwrap(r *bufio.Reader) (io.Reader, error) {
	start, _ := r.Peek(64)
	switch {
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", unexpected(err))
		}
		return z, nil
	case bytes.HasPrefix(start, []byte("\xfd7zXZ\x00")):
		// The library allocates whatever dictionary the file asks for.
		if size, ok := xzDictionary(start); ok && size > maxDictionary {
			return nil, fmt.Errorf("xz: %w: a dictionary of %d bytes", errDictionary, size)
		}
		z, err := xz.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("xz: %w", unexpected(err))
		}
		return z, nil
	}
	return nil, nil
}

// xzDictionary reads the size of the dictionary from the first block header of
// an xz file (xz file format 3.1 and 5.3.1).
func xzDictionary(b []byte) (uint64, bool) {
	const streamHeader, lzma2 = 12, 0x21
	if len(b) < streamHeader+2 || b[streamHeader] == 0 {
		return 0, false
	}
	flags := b[streamHeader+1]
	b = b[streamHeader+2:]
	for _, present := range []bool{flags&0x40 != 0, flags&0x80 != 0} { // sizes of the block
		if !present {
			continue
		}
		_, n := binary.Uvarint(b)
		if n <= 0 {
			return 0, false
		}
		b = b[n:]
	}
	if len(b) < 3 || b[0] != lzma2 || b[1] != 1 || b[2] > 40 {
		return 0, false
	}
	if b[2] == 40 {
		return 1<<32 - 1, true
	}
	return uint64(2|b[2]&1) << (b[2]/2 + 11), true
}

// sniff tells the format by the first bytes.
func sniff(r *bufio.Reader) (Format, error) {
	const enough = 4096
	start, err := r.Peek(enough)
	switch {
	case len(start) == 0 && errors.Is(err, io.EOF):
		return "", errEmpty
	case len(start) == 0:
		return "", err
	case len(start) >= 4 && isPcap(start):
		return FormatPcap, nil
	case bytes.HasPrefix(start, []byte("Obj\x01")):
		return FormatAvro, nil
	case start[0] == '#':
		return FormatZeek, nil
	}
	start = bytes.TrimLeft(start, " \t\r\n")
	if !bytes.HasPrefix(start, []byte("{")) {
		return "", ErrFormat
	}
	if line, _, _ := bytes.Cut(start, []byte("\n")); bytes.Contains(line, []byte(`"id.orig_h"`)) {
		return FormatZeek, nil
	}
	return FormatJSONL, nil
}

func isPcap(start []byte) bool {
	switch binary.LittleEndian.Uint32(start) {
	case magicMicros, magicNanos, magicMicrosSwapped, magicNanosSwapped, blockSection:
		return true
	}
	return false
}
