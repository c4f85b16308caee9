package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/recordbatch"
)

// maxFetch bounds what one fetch response may hold of a partition, whatever
// the broker sends.
const maxFetch = 64 << 20

// rawBytes takes a record set as it comes from the wire: kafka-go's own types
// check no CRC in a group and cannot get past an empty batch.
type rawBytes struct{ b []byte }

// ReadFrom is called by kafka-go's decoder.
func (r *rawBytes) ReadFrom(from io.Reader) (int64, error) {
	var head [4]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return 0, err
	}
	n := int32(binary.BigEndian.Uint32(head[:]))
	if n <= 0 {
		return 4, nil
	}
	if n > maxFetch {
		return 4, fmt.Errorf("record set of %d bytes is over the bound of %d", n, maxFetch)
	}
	r.b = make([]byte, n)
	m, err := io.ReadFull(from, r.b)
	return int64(4 + m), err
}

// WriteTo completes the interface; fetch responses are never written.
func (r *rawBytes) WriteTo(io.Writer) (int64, error) { return 0, nil }

// fetchResponse replaces kafka-go's type of the same API.
type fetchResponse struct {
	ThrottleTimeMs int32                `kafka:"min=v1,max=v11"`
	ErrorCode      int16                `kafka:"min=v7,max=v11"`
	SessionID      int32                `kafka:"min=v7,max=v11"`
	Topics         []fetchResponseTopic `kafka:"min=v0,max=v11"`
}

// ApiKey names the API to kafka-go.
func (r *fetchResponse) ApiKey() protocol.ApiKey { return protocol.Fetch }

type fetchResponseTopic struct {
	Topic      string                   `kafka:"min=v0,max=v11"`
	Partitions []fetchResponsePartition `kafka:"min=v0,max=v11"`
}

type fetchResponsePartition struct {
	Partition            int32                       `kafka:"min=v0,max=v11"`
	ErrorCode            int16                       `kafka:"min=v0,max=v11"`
	HighWatermark        int64                       `kafka:"min=v0,max=v11"`
	LastStableOffset     int64                       `kafka:"min=v4,max=v11"`
	LogStartOffset       int64                       `kafka:"min=v5,max=v11"`
	AbortedTransactions  []fetch.ResponseTransaction `kafka:"min=v4,max=v11"`
	PreferredReadReplica int32                       `kafka:"min=v11,max=v11"`
	RecordSet            rawBytes                    `kafka:"min=v0,max=v11"`
}

func init() { protocol.Register(&fetch.Request{}, &fetchResponse{}) }

// fetched is the answer to one fetch of one partition.
type fetched struct {
	from    stream.Partition
	batches []stream.Batch // committed records at or after the offset asked for
	next    int64          // offset to fetch next
	end     int64          // last stable offset: readers of committed records end here
	refused error          // a batch that no reader can read and that next lies behind
}

// fetcher reads one partition. It belongs to one goroutine.
type fetcher struct {
	client  *Client
	from    stream.Partition
	bytes   int32 // asked for at most, per fetch; doubled while a batch does not fit
	wait    time.Duration
	skip    bool // pass over batches that cannot be read, see fetched.refused
	decoder recordbatch.Decoder
}

// fetch asks for records at or after offset and waits up to f.wait for one. The
// bound is that of the partition, and the response's lies above it: kfake lists
// no aborted transactions in a response that its own bound has cut short.
func (f *fetcher) fetch(ctx context.Context, offset int64) (fetched, error) {
	res, err := ask[*fetchResponse](ctx, f.client, &fetch.Request{
		ReplicaID: -1, MaxWaitTime: int32(f.wait.Milliseconds()), MinBytes: 1, MaxBytes: math.MaxInt32, IsolationLevel: 1, SessionEpoch: -1,
		Topics: []fetch.RequestTopic{{Topic: f.client.name(f.from.Topic), Partitions: []fetch.RequestPartition{{
			Partition: f.from.ID, CurrentLeaderEpoch: -1, FetchOffset: offset, LogStartOffset: -1, PartitionMaxBytes: f.bytes,
		}}}},
	}, f.wait)
	if err != nil {
		return fetched{}, err
	}
	if err := code(res.ErrorCode); err != nil {
		return fetched{}, err
	}
	if len(res.Topics) != 1 || len(res.Topics[0].Partitions) != 1 {
		return fetched{}, fmt.Errorf("fetch of %s[%d]: the broker answered for other partitions", f.from.Topic, f.from.ID)
	}
	p := &res.Topics[0].Partitions[0]
	out := fetched{from: f.from, next: offset, end: p.LastStableOffset}
	if err := code(p.ErrorCode); err != nil {
		return out, err
	}
	return f.decode(out, p)
}

// decode unpacks the record set; what it returns aliases memory of its own.
func (f *fetcher) decode(out fetched, p *fetchResponsePartition) (fetched, error) {
	aborted := make([]recordbatch.AbortedTxn, 0, len(p.AbortedTransactions))
	for _, t := range p.AbortedTransactions {
		aborted = append(aborted, recordbatch.AbortedTxn{ProducerID: t.ProducerID, FirstOffset: t.FirstOffset})
	}
	o := recordbatch.Options{FetchOffset: out.next, ReadCommitted: true, Aborted: aborted}
	next, err := f.decoder.Decode(p.RecordSet.b, o, func(b *recordbatch.Batch) error {
		if batch := copyBatch(f.from, b); len(batch.Records) > 0 && b.Err() == nil {
			out.batches = append(out.batches, batch)
		}
		return nil
	})
	var bad *recordbatch.BatchError
	if f.skip && errors.As(err, &bad) && bad.Next > next && !retryable(err) {
		next, out.refused, err = bad.Next, err, nil
	}
	if err != nil {
		return out, fmt.Errorf("%s[%d]: %w", f.from.Topic, f.from.ID, err)
	}
	if next == out.next && len(p.RecordSet.b) > 0 {
		f.bytes = min(2*f.bytes, maxFetch)
	}
	out.next = next
	return out, nil
}

// copyBatch moves a batch out of the decoder's buffers, which the next one
// overwrites.
func copyBatch(from stream.Partition, b *recordbatch.Batch) stream.Batch {
	out := stream.Batch{Partition: from, CRC: b.CRC, AppendTime: record.Micros(b.MaxTimestamp) * record.Millisecond}
	var r recordbatch.Record
	size := 0
	for b.Next(&r) {
		out.Records = append(out.Records, stream.Record{Offset: r.Offset, Key: r.Key, Value: r.Value})
		size += len(r.Key) + len(r.Value)
	}
	arena := make([]byte, 0, size)
	own := func(b []byte) []byte {
		if b == nil {
			return nil
		}
		start := len(arena)
		arena = append(arena, b...)
		return arena[start:len(arena):len(arena)]
	}
	for i := range out.Records {
		out.Records[i].Key, out.Records[i].Value = own(out.Records[i].Key), own(out.Records[i].Value)
	}
	return out
}
