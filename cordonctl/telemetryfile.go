package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"cordon/internal/failure"
	"cordon/internal/raw"
	"cordon/schemas"
)

// telemetryWriter writes telemetry to a file.
type telemetryWriter interface {
	write(*raw.Telemetry) error
	close() error // ends the format; the file itself stays open
}

// newTelemetryWriter returns the writer of the format that the file's name ends
// in.
func newTelemetryWriter(name string, w io.Writer) (telemetryWriter, error) {
	buffered := bufio.NewWriterSize(w, 1<<16)
	switch filepath.Ext(name) {
	case ".jsonl":
		return &jsonLines{w: buffered}, nil
	case ".avro":
		return newContainer(buffered)
	}
	return nil, failure.Usage(fmt.Errorf("--out %s: want a name that ends in .jsonl (JSON lines) or .avro (Avro container)", name))
}

// jsonLines writes plain JSON, one record per line.
type jsonLines struct {
	w    *bufio.Writer
	line []byte
}

func (j *jsonLines) write(t *raw.Telemetry) error {
	line, err := raw.AppendJSON(j.line[:0], t)
	if err != nil {
		return err
	}
	j.line = append(line, '\n')
	_, err = j.w.Write(j.line)
	return err
}

func (j *jsonLines) close() error { return j.w.Flush() }

// container writes an Avro object container file (Avro 1.12, "Object Container
// Files"), unpacked. Its sync marker is made of the schema instead of by
// chance, so that the same records give the same bytes; a marker serves to find
// the next block of a broken file, not to tell files apart.
type container struct {
	w       *bufio.Writer
	sync    [16]byte
	block   []byte
	records int64
}

// blockBytes is when a block is closed: what a reader of a broken file loses.
const blockBytes = 1 << 16

func newContainer(w *bufio.Writer) (*container, error) {
	schema := schemas.Newest("TerminalTelemetry")
	if schema == nil {
		return nil, errors.New("schema TerminalTelemetry is not known to this program")
	}
	sum := sha256.Sum256(schema.Text)
	c := &container{w: w, sync: [16]byte(sum[:16])}
	head := append([]byte("Obj"), 1)
	head = binary.AppendVarint(head, 2)
	for _, entry := range [][2][]byte{{[]byte("avro.codec"), []byte("null")}, {[]byte("avro.schema"), schema.Text}} {
		for _, part := range entry {
			head = append(binary.AppendVarint(head, int64(len(part))), part...)
		}
	}
	head = binary.AppendVarint(head, 0)
	_, err := w.Write(append(head, c.sync[:]...))
	return c, err
}

func (c *container) write(t *raw.Telemetry) error {
	before := len(c.block)
	c.block = raw.AppendTelemetry(c.block, t)
	// The records of a container go without the header of single objects.
	c.block = append(c.block[:before], c.block[before+schemas.HeaderSize:]...)
	c.records++
	if len(c.block) < blockBytes {
		return nil
	}
	return c.flush()
}

// flush writes the block: how many records, how many bytes, these, the marker.
func (c *container) flush() error {
	if c.records == 0 {
		return nil
	}
	head := binary.AppendVarint(binary.AppendVarint(nil, c.records), int64(len(c.block)))
	for _, part := range [][]byte{head, c.block, c.sync[:]} {
		if _, err := c.w.Write(part); err != nil {
			return err
		}
	}
	c.block, c.records = c.block[:0], 0
	return nil
}

func (c *container) close() error { return errors.Join(c.flush(), c.w.Flush()) }
