// Package memory is a log in memory with Kafka's rules: partitions and offsets,
// transactions with producer fencing, commit and abort markers that may come
// late, readers that see committed records only. Backtest, scenarios and
// simulation run the very tasks of the programs on it.
//
// What it promises: it is deterministic. The same calls give the same offsets,
// batches and fingerprints; append times come from a virtual clock the caller
// moves. A reader never sees a record of an open or aborted transaction, nor
// one behind it.
//
// What it does not: nothing is kept beyond the process, nothing is safe for
// concurrent use, and it has no groups (the Runner assigns partitions).
package memory

import (
	"errors"
	"fmt"
	"hash/crc32"

	"cordon/internal/record"
	"cordon/internal/stream"
)

// ErrFenced reports that a newer producer has taken over the transactional id.
var ErrFenced = errors.New("producer is fenced")

// ErrNoTopic reports a topic or partition that was not created.
var ErrNoTopic = errors.New("no such topic or partition")

// Log is a set of topics. Its zero value is not usable; call NewLog.
type Log struct {
	topics    map[stream.Topic][]*partition
	producers map[string]*producerState
	now       record.Micros
	// holdMarkers delays what readers see of a decided transaction.
	holdMarkers bool
}

// partition is a list of batches; offsets count records and markers.
type partition struct {
	batches []batch
	start   int64 // first offset still held
	next    int64 // offset of the next record
}

// batch is what one append stored; control batches hold no records.
type batch struct {
	base    int64
	next    int64
	records []stream.Record
	crc     uint32
	at      record.Micros
	txn     *transaction // nil: not transactional
}

// NewLog returns an empty log whose clock stands at zero.
func NewLog() *Log {
	return &Log{topics: map[stream.Topic][]*partition{}, producers: map[string]*producerState{}}
}

// SetTime moves the virtual clock, which stamps what is appended; never back.
func (l *Log) SetTime(now record.Micros) { l.now = max(l.now, now) }

// Time returns the virtual clock.
func (l *Log) Time() record.Micros { return l.now }

// Create makes a topic of n partitions; a topic that exists is left alone.
func (l *Log) Create(topic stream.Topic, n int32) {
	if l.topics[topic] != nil {
		return
	}
	parts := make([]*partition, n)
	for i := range parts {
		parts[i] = &partition{}
	}
	l.topics[topic] = parts
}

// Partitions returns the partition count of a topic, 0 if there is none.
func (l *Log) Partitions(topic stream.Topic) int32 { return int32(len(l.topics[topic])) }

func (l *Log) partition(p stream.Partition) (*partition, error) {
	parts := l.topics[p.Topic]
	if p.ID < 0 || int(p.ID) >= len(parts) {
		return nil, fmt.Errorf("%s[%d]: %w", p.Topic, p.ID, ErrNoTopic)
	}
	return parts[p.ID], nil
}

// Append stores records outside any transaction, one batch a partition, and
// keeps their order within each.
func (l *Log) Append(sends []stream.Send) error { return l.append(sends, nil) }

func (l *Log) append(sends []stream.Send, txn *transaction) error {
	touched := map[stream.Partition]int{}
	var order []stream.Partition
	for _, s := range sends {
		p := stream.Partition{Topic: s.Topic, ID: s.Partition}
		if _, err := l.partition(p); err != nil {
			return err
		}
		if touched[p] == 0 {
			order = append(order, p)
		}
		touched[p]++
	}
	for _, p := range order {
		part, _ := l.partition(p)
		part.store(collect(sends, p, touched[p]), l.now, txn)
		if txn != nil {
			txn.add(part)
		}
	}
	return nil
}

// collect copies the records of one partition out of sends.
func collect(sends []stream.Send, p stream.Partition, n int) []stream.Record {
	size := 0
	for _, s := range sends {
		if s.Topic == p.Topic && s.Partition == p.ID {
			size += len(s.Key) + len(s.Value)
		}
	}
	arena := make([]byte, 0, size)
	keep := func(b []byte) []byte {
		if b == nil {
			return nil
		}
		start := len(arena)
		arena = append(arena, b...)
		return arena[start:len(arena):len(arena)]
	}
	records := make([]stream.Record, 0, n)
	for _, s := range sends {
		if s.Topic == p.Topic && s.Partition == p.ID {
			records = append(records, stream.Record{Key: keep(s.Key), Value: keep(s.Value)})
		}
	}
	return records
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (p *partition) store(records []stream.Record, now record.Micros, txn *transaction) {
	b := batch{base: p.next, records: records, at: now, txn: txn}
	for i := range records {
		records[i].Offset = p.next
		p.next++
		b.crc = crc32.Update(b.crc, castagnoli, records[i].Key)
		b.crc = crc32.Update(b.crc, castagnoli, records[i].Value)
	}
	b.next = p.next
	p.batches = append(p.batches, b)
}

// mark stores a control batch: one offset without a record.
func (p *partition) mark(now record.Micros) {
	p.batches = append(p.batches, batch{base: p.next, next: p.next + 1, at: now})
	p.next++
}

// Fetch returns the first committed batch that holds a record at or after
// offset, and the offset to fetch next. Without one, more is false and next is
// where a reader has to wait: the last stable offset.
func (l *Log) Fetch(p stream.Partition, offset int64) (b stream.Batch, next int64, more bool) {
	part, err := l.partition(p)
	if err != nil {
		return stream.Batch{}, offset, false
	}
	for i := part.index(offset); i < len(part.batches); i++ {
		stored := &part.batches[i]
		if stored.txn != nil && stored.txn.state == open {
			return stream.Batch{}, offset, false
		}
		offset = stored.next
		if len(stored.records) == 0 || stored.txn != nil && stored.txn.state == aborted {
			continue
		}
		return stream.Batch{Partition: p, CRC: stored.crc, AppendTime: stored.at, Records: stored.records}, offset, true
	}
	return stream.Batch{}, max(offset, part.start), false
}

// index returns the first batch that ends after offset.
func (p *partition) index(offset int64) int {
	low, high := 0, len(p.batches)
	for low < high {
		mid := (low + high) / 2
		if p.batches[mid].next <= offset {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// Start returns the first offset that is still held.
func (l *Log) Start(p stream.Partition) int64 {
	if part, err := l.partition(p); err == nil {
		return part.start
	}
	return 0
}

// End returns the offset the next record will get.
func (l *Log) End(p stream.Partition) int64 {
	if part, err := l.partition(p); err == nil {
		return part.next
	}
	return 0
}

// Trim forgets all batches that end at or before offset: retention.
func (l *Log) Trim(p stream.Partition, offset int64) {
	part, err := l.partition(p)
	if err != nil {
		return
	}
	n := part.index(offset)
	if n == 0 {
		return
	}
	part.start = part.batches[n-1].next
	part.batches = append(part.batches[:0:0], part.batches[n:]...)
}

// stable returns where readers of committed records end: at the first record of
// the oldest open transaction, or at the end.
func (p *partition) stable() int64 {
	for i := range p.batches {
		if t := p.batches[i].txn; t != nil && t.state == open {
			return p.batches[i].base
		}
	}
	return p.next
}
