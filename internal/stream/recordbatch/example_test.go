package recordbatch_test

import (
	"fmt"

	"cordon/internal/stream/recordbatch"
)

func Example() {
	var e recordbatch.Encoder
	e.Reset(recordbatch.Settings{
		Producer:      recordbatch.Producer{ID: 4000, Epoch: 2},
		BaseSequence:  17,
		Transactional: true,
		Codec:         recordbatch.LZ4,
		BaseTimestamp: 1_700_000_000_000,
	})
	e.Append([]byte("a"), []byte("first"), []recordbatch.Header{{Key: "unit", Value: []byte("ms")}})
	e.Append([]byte("a"), nil, nil) // a tombstone
	set, err := e.Bytes()
	if err != nil {
		fmt.Println(err)
		return
	}

	var d recordbatch.Decoder
	next, err := d.Decode(set, recordbatch.Options{ReadCommitted: true}, func(b *recordbatch.Batch) error {
		fmt.Println(b.Count, "records of producer", b.Producer.ID, "sequence", b.BaseSequence, b.Codec)
		var r recordbatch.Record
		for b.Next(&r) {
			fmt.Printf("%d %s %q null=%v headers=%d\n", r.Offset, r.Key, r.Value, r.Value == nil, len(r.Headers))
		}
		return b.Err()
	})
	fmt.Println("next", next, err)
	// Output:
	// 2 records of producer 4000 sequence 17 lz4
	// 0 a "first" null=false headers=1
	// 1 a "" null=true headers=0
	// next 2 <nil>
}
