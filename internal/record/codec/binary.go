package codec

import (
	"fmt"

	"github.com/linkedin/goavro/v2"

	"cordon/schemas"
)

// Bounds of what goavro allocates on the word of its input. Without them five
// bytes can claim an array of two thousand million items.
const (
	maxBlockItems = 4096    // no list of a record is longer
	maxBlockBytes = 1 << 20 // no string or byte field is longer; Kafka's own bound of a record
)

func init() {
	goavro.MaxBlockCount = maxBlockItems
	goavro.MaxBlockSize = maxBlockBytes
}

// binary is the goavro codec of one schema. It is built from the canonical
// form, which has no logical types: times stay the integers they are.
type binary struct{ avro *goavro.Codec }

func newBinary(schema *schemas.Schema) (binary, error) {
	avro, err := goavro.NewCodec(schema.Canonical)
	if err != nil {
		return binary{}, fmt.Errorf("schema %s: %w", schema.Name, err)
	}
	return binary{avro: avro}, nil
}

// append appends the encoding of a native, without a header.
func (b binary) append(dst []byte, native any) ([]byte, error) {
	out, err := b.avro.BinaryFromNative(dst, native)
	if err != nil {
		return dst, ErrUnknownPayload // the mapping gives every field but an unknown payload
	}
	return out, nil
}

// decode returns the native of a whole encoding.
func (b binary) decode(body []byte) (any, error) {
	native, rest, err := b.avro.NativeFromBinary(body)
	if err != nil || len(rest) > 0 {
		return nil, ErrUndecodable // goavro's text may quote the input
	}
	return native, nil
}
