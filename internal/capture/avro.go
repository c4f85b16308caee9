package capture

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/twmb/avro"
	"github.com/twmb/avro/ocf"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/schemas"
)

const telemetryName = "TerminalTelemetry"

// container reads an Avro object container file of TerminalTelemetry, written
// with any version of its schema and packed with any codec of the library
// (null, deflate, snappy, zstandard). It keeps the order of the file.
type container struct {
	problems *problems
	file     *ocf.Reader
	decoder  raw.Decoder
	header   [schemas.HeaderSize]byte
	number   int64 // of the record read last, from 1
}

// maxBlockBytes bounds a block, packed and unpacked. Writers make blocks of 64
// kB, some of a few MB. A byte of a field that this program does not know may
// take sixteen in memory, as an item of a list.
const maxBlockBytes = 16 << 20

// newContainer reads the file's header.
func newContainer(r *bufio.Reader, p *problems) (*container, error) {
	file, err := ocf.NewReader(r, ocf.WithDecodeOpts(avro.TaggedUnions()),
		ocf.WithMaxBlockBytes(maxBlockBytes), ocf.WithMaxDecompressedBlockBytes(maxBlockBytes))
	if err != nil {
		return nil, fmt.Errorf("container header: %w", unexpected(err))
	}
	writer, err := schemas.Parse(file.Metadata()["avro.schema"])
	if err == nil && writer.Name != telemetryName {
		err = fmt.Errorf("%w: it does not hold %s", ErrFormat, telemetryName)
	}
	known, errKnown := schemas.Known()
	if err = errors.Join(err, errKnown); err != nil {
		return nil, errors.Join(fmt.Errorf("container schema: %w", err), file.Close())
	}
	c := &container{problems: p, file: file, header: writer.Header()}
	c.decoder.Schemas = known.With(writer)
	return c, nil
}

// next implements reader. A record that cannot be used is told and skipped; one
// that cannot be read ends the file, for the next one's place depends on it.
func (c *container) next(i *item) bool {
	for {
		var value any
		err := c.file.Decode(&value)
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return false
		}
		c.number++
		if err != nil {
			c.problem(err)
			return false
		}
		c.problems.counts.Rows++
		if err := c.decode(value, i); err != nil {
			c.problem(err)
			continue
		}
		return true
	}
}

// decode gives the value to the codec of raw telemetry, which knows what older
// and newer writers mean. The record's strings alias the encoding, so each has
// its own.
func (c *container) decode(value any, i *item) error {
	b, err := c.file.Schema().AppendEncode(bytes.Clone(c.header[:]), value)
	if err != nil {
		return record.ErrUndecodable // the library's words may hold content
	}
	i.record = raw.Telemetry{}
	return c.decoder.Decode(b, &i.record)
}

func (c *container) problem(cause error) {
	c.problems.add(fmt.Sprintf("record %d", c.number), cause)
}
