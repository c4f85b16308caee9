package memory

import (
	"fmt"

	"cordon/internal/record"
	"cordon/internal/stream"
)

// Access is one task's way to a Log (stream.Log). Nothing waits and nothing
// fails but by fencing: a checkpoint has ended when Commit returns.
type Access struct {
	log      *Log
	stage    *stream.Stage
	id       int32
	producer *Producer
	ended    bool // a checkpoint has, and nobody was told
	outcome  error
}

// Access returns the way of task id of a stage.
func (l *Log) Access(stage *stream.Stage, id int32) *Access {
	return &Access{log: l, stage: stage, id: id}
}

// TransactionalID names the task's checkpoints.
func TransactionalID(stage *stream.Stage, id int32) string {
	return fmt.Sprintf("%s-%d", stage.Name, id)
}

// Acquire fences the former owner of the task.
func (a *Access) Acquire() error {
	a.producer = a.log.Producer(TransactionalID(a.stage, a.id))
	return nil
}

// Counts returns the partition counts of the stage's topics.
func (a *Access) Counts() (map[stream.Topic]int32, error) {
	counts := map[stream.Topic]int32{}
	for _, topic := range a.stage.Named() {
		counts[topic] = a.log.Partitions(topic)
	}
	return counts, nil
}

// State reads the task's state partition.
func (a *Access) State(each func(stream.Record) error) error {
	return a.log.read(stream.Partition{Topic: a.stage.State, ID: a.id}, each)
}

// Tail reads all that is committed of the stage's Resume topic.
func (a *Access) Tail() (records []stream.Record, err error) {
	err = a.log.read(stream.Partition{Topic: a.stage.Resume, ID: a.id}, func(r stream.Record) error {
		records = append(records, r)
		return nil
	})
	return records, err
}

// read calls each for every committed record of a partition.
func (l *Log) read(p stream.Partition, each func(stream.Record) error) error {
	for offset := int64(0); ; {
		b, next, more := l.Fetch(p, offset)
		if !more {
			return nil
		}
		for _, rec := range b.Records {
			if err := each(rec); err != nil {
				return err
			}
		}
		offset = next
	}
}

// Bounds returns where a partition begins and ends for readers of what is
// committed.
func (a *Access) Bounds(p stream.Partition) (start, end int64, err error) {
	part, err := a.log.partition(p)
	if err != nil {
		return 0, 0, err
	}
	return part.start, part.stable(), nil
}

// Checksum returns the CRC of the batch that holds a record.
func (a *Access) Checksum(p stream.Partition, offset int64) (crc uint32, found bool, err error) {
	b, _, more := a.log.Fetch(p, offset)
	if !more {
		return 0, false, nil
	}
	for _, r := range b.Records {
		found = found || r.Offset == offset
	}
	return b.CRC, found, nil
}

// Write appends records outside any transaction.
func (a *Access) Write(sends []stream.Send) error { return a.log.Append(sends) }

// Commit writes a checkpoint and commits it.
func (a *Access) Commit(c *stream.Checkpoint) {
	a.ended, a.outcome = true, a.commit(c)
}

func (a *Access) commit(c *stream.Checkpoint) error {
	pieces, err := c.Pieces()
	if err != nil {
		return err
	}
	if err := a.producer.Send(c.Outputs); err != nil {
		return err
	}
	if err := a.producer.Send(pieces); err != nil {
		return err
	}
	return a.producer.Commit()
}

// Await returns how the last checkpoint ended.
func (a *Access) Await() error {
	a.ended = false
	return a.outcome
}

// Wall returns the virtual clock.
func (a *Access) Wall() record.Micros { return a.log.Time() }

// Lost has nobody to tell.
func (a *Access) Lost(stream.Loss) {}
