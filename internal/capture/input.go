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

var errEmpty = errors.New("the file is empty")

const (
	bufferSize = 64 << 10
	// maxWraps bounds compression inside compression.
	maxWraps = 2
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
		z, err := xz.NewReader(newXZGuard(r))
		if err != nil {
			return nil, fmt.Errorf("xz: %w", unexpected(err))
		}
		return z, nil
	}
	return nil, nil
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
