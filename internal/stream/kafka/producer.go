package kafka

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/addpartitionstotxn"
	"github.com/segmentio/kafka-go/protocol/endtxn"
	"github.com/segmentio/kafka-go/protocol/initproducerid"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/segmentio/kafka-go/protocol/produce"
	"github.com/segmentio/kafka-go/protocol/rawproduce"

	"cordon/internal/failure"
	"cordon/internal/stream"
	"cordon/internal/stream/recordbatch"
)

// maxBatch is how many bytes of records go into one batch before compression:
// below the brokers' default limit of 1,048,588 even where they do not compress.
const maxBatch = 900 << 10

// notAttempted says that another partition of the same request failed and says
// why (OPERATION_NOT_ATTEMPTED; kafka-go has another name for 55).
const notAttempted = kafka.Error(55)

// encoders are used again and again: a new one costs two buffers of a batch.
var encoders = sync.Pool{New: func() any { return new(recordbatch.Encoder) }}

// producer writes batches that the brokers deduplicate: under a transactional
// id, or idempotent without one. It belongs to one goroutine, and has at most
// one batch a partition in flight (parallel connections would reorder them).
type producer struct {
	client  *Client
	txid    string                     // empty: idempotent only
	timeout time.Duration              // of a transaction; the broker aborts it then
	id      recordbatch.Producer       // NoProducer: the next acquire takes the id from whoever holds it
	next    map[stream.Partition]int32 // sequence of the next batch
	inTxn   map[stream.Partition]bool  // partitions added to the open transaction
	open    bool                       // a transaction is open at the broker
}

// acquire takes the producer id. For a transactional id this fences the former
// owner, aborts what it left open and waits for its markers. Who holds an id
// already gives it, and so cannot take it back from a newer owner.
func (p *producer) acquire(ctx context.Context) error {
	req := &initproducerid.Request{
		TransactionalID: p.txid, TransactionTimeoutMs: int32(p.timeout.Milliseconds()), ProducerID: p.id.ID, ProducerEpoch: p.id.Epoch,
	}
	return p.retry(ctx, "take over "+p.what(), func() error {
		res, err := ask[*initproducerid.Response](ctx, p.client, req, 0)
		if err == nil {
			err = code(res.ErrorCode)
		}
		if err == nil {
			p.id = recordbatch.Producer{ID: res.ProducerID, Epoch: res.ProducerEpoch}
			p.next, p.inTxn, p.open = map[stream.Partition]int32{}, map[stream.Partition]bool{}, false
		}
		return err
	})
}

func (p *producer) what() string {
	if p.txid == "" {
		return "a producer id"
	}
	return "transactional id " + p.txid
}

// retry repeats what may succeed later, for as long as a transaction lives: the
// broker has aborted it after that.
func (p *producer) retry(ctx context.Context, what string, try func() error) error {
	limit, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	var b backoff
	for {
		err := try()
		if err == nil {
			return nil
		}
		if !retryable(err) || p.client.wait(limit, &b, err) != nil {
			return fmt.Errorf("%s: %w", what, words(err))
		}
	}
}

// send writes records and waits until all are acknowledged. Each round holds
// at most one batch a partition.
func (p *producer) send(ctx context.Context, sends []stream.Send) error {
	for len(sends) > 0 {
		round := map[stream.Partition]*recordbatch.Encoder{}
		n, err := p.fill(round, sends)
		if err != nil {
			return err
		}
		if err := p.add(ctx, round); err != nil {
			return err
		}
		if err := p.produce(ctx, round); err != nil {
			return err
		}
		sends = sends[n:]
	}
	return nil
}

// fill encodes records from the front of sends until a batch is full, and
// returns how many.
func (p *producer) fill(round map[stream.Partition]*recordbatch.Encoder, sends []stream.Send) (int, error) {
	now := time.Now().UnixMilli() // overwritten by the broker: topics use LogAppendTime
	for i, s := range sends {
		size := len(s.Key) + len(s.Value) + 64
		if size > maxBatch {
			return 0, failure.Permanent(fmt.Errorf("record of %d bytes for %s is over the bound of %d", size, s.Topic, maxBatch))
		}
		to := stream.Partition{Topic: s.Topic, ID: s.Partition}
		e := round[to]
		if e == nil {
			e = encoders.Get().(*recordbatch.Encoder)
			e.Reset(recordbatch.Settings{
				Producer: p.id, BaseSequence: p.next[to], Transactional: p.txid != "", Codec: recordbatch.LZ4, BaseTimestamp: now,
			})
			round[to] = e
		}
		if e.Len() > 0 && e.Size()+size > maxBatch {
			return i, nil
		}
		e.Append(s.Key, s.Value, nil)
	}
	return len(sends), nil
}

// add brings new partitions of a round into the transaction: a batch before
// that would be refused with 48.
func (p *producer) add(ctx context.Context, round map[stream.Partition]*recordbatch.Encoder) error {
	if p.txid == "" {
		return nil
	}
	topics := map[stream.Topic][]int32{}
	for to := range round {
		if !p.inTxn[to] {
			topics[to.Topic] = append(topics[to.Topic], to.ID)
		}
	}
	if len(topics) == 0 {
		return nil
	}
	req := &addpartitionstotxn.Request{TransactionalID: p.txid, ProducerID: p.id.ID, ProducerEpoch: p.id.Epoch}
	for topic, ids := range topics {
		req.Topics = append(req.Topics, addpartitionstotxn.RequestTopic{Name: p.client.name(topic), Partitions: ids})
	}
	p.open = true
	err := p.retry(ctx, "begin a transaction of "+p.txid, func() error {
		res, err := ask[*addpartitionstotxn.Response](ctx, p.client, req, 0)
		if err != nil {
			return err
		}
		var failures []error
		for _, topic := range res.Results {
			for _, part := range topic.Results {
				if err := code(part.ErrorCode); !errors.Is(err, notAttempted) {
					failures = append(failures, err)
				}
			}
		}
		return errors.Join(failures...)
	})
	if err != nil {
		return err
	}
	for to := range round {
		p.inTxn[to] = true
	}
	return nil
}

// produce sends the batches of a round, one request a leader, and repeats what
// failed with the same sequences: the broker keeps one of each.
func (p *producer) produce(ctx context.Context, round map[stream.Partition]*recordbatch.Encoder) error {
	used, tries := slices.Collect(maps.Values(round)), 0
	err := p.retry(ctx, "write to "+p.client.settings.Prefix+"*", func() error {
		tries++
		leaders, err := p.client.leaders(ctx, round)
		if err != nil {
			return err
		}
		var failures []error
		for _, parts := range leaders {
			failures = append(failures, p.request(ctx, parts, round))
		}
		return errors.Join(failures...)
	})
	if err == nil && tries == 1 { // a request that was given up may still be reading its batches
		for _, e := range used {
			encoders.Put(e)
		}
	}
	return err
}

// request sends one produce request and takes acknowledged batches out of the
// round.
func (p *producer) request(ctx context.Context, parts []stream.Partition, round map[stream.Partition]*recordbatch.Encoder) error {
	req := &rawproduce.Request{TransactionalID: p.txid, Acks: -1, Timeout: int32(requestTimeout.Milliseconds())}
	for _, to := range parts {
		batch, err := round[to].Bytes()
		if err != nil {
			return fmt.Errorf("%s[%d]: %w", to.Topic, to.ID, err)
		}
		size := binary.BigEndian.AppendUint32(nil, uint32(len(batch)))
		part := rawproduce.RequestPartition{Partition: to.ID}
		part.RecordSet.Reader = io.MultiReader(bytes.NewReader(size), bytes.NewReader(batch))
		req.Topics = append(req.Topics, rawproduce.RequestTopic{Topic: p.client.name(to.Topic), Partitions: []rawproduce.RequestPartition{part}})
	}
	res, err := ask[*produce.Response](ctx, p.client, req, 0)
	if err != nil {
		return err
	}
	var failures []error
	for _, topic := range res.Topics {
		for _, part := range topic.Partitions {
			to := stream.Partition{Topic: p.client.topic(topic.Topic), ID: part.Partition}
			failures = append(failures, p.acknowledge(to, part.ErrorCode, round))
		}
	}
	return errors.Join(failures...)
}

func (p *producer) acknowledge(to stream.Partition, errorCode int16, round map[stream.Partition]*recordbatch.Encoder) error {
	err := code(errorCode)
	if err != nil && !errors.Is(err, kafka.DuplicateSequenceNumber) {
		return fmt.Errorf("%s[%d]: %w", to.Topic, to.ID, err)
	}
	if e := round[to]; e != nil {
		p.next[to] = recordbatch.NextSequence(p.next[to], e.Len())
		delete(round, to)
	}
	return nil
}

// end commits or aborts the open transaction. A failure of a commit leaves its
// outcome unknown: the caller aborts, which does nothing to what was committed,
// and restores from the log.
func (p *producer) end(ctx context.Context, commit bool) error {
	if !p.open {
		return nil
	}
	req := &endtxn.Request{TransactionalID: p.txid, ProducerID: p.id.ID, ProducerEpoch: p.id.Epoch, Committed: commit}
	err := p.retry(ctx, "end a transaction of "+p.txid, func() error {
		res, err := ask[*endtxn.Response](ctx, p.client, req, 0)
		if err != nil {
			return err
		}
		return code(res.ErrorCode)
	})
	if err == nil {
		p.open = false
		clear(p.inTxn)
	}
	return err
}

// leaders groups the partitions of a round by the broker that leads them.
func (c *Client) leaders(ctx context.Context, round map[stream.Partition]*recordbatch.Encoder) (map[int32][]stream.Partition, error) {
	req := &metadata.Request{}
	for to := range round {
		req.TopicNames = append(req.TopicNames, c.name(to.Topic))
	}
	slices.Sort(req.TopicNames)
	req.TopicNames = slices.Compact(req.TopicNames)
	res, err := ask[*metadata.Response](ctx, c, req, 0)
	if err != nil {
		return nil, err
	}
	groups := map[int32][]stream.Partition{}
	found := 0
	for _, topic := range res.Topics {
		for _, part := range topic.Partitions {
			to := stream.Partition{Topic: c.topic(topic.Name), ID: part.PartitionIndex}
			if round[to] != nil {
				groups[part.LeaderID] = append(groups[part.LeaderID], to)
				found++
			}
		}
	}
	if found < len(round) {
		return nil, kafka.UnknownTopicOrPartition
	}
	return groups, nil
}
