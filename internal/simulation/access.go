package simulation

import (
	"errors"

	"cordon/internal/record"
	"cordon/internal/stream"
	"cordon/internal/stream/memory"
)

// access is a worker's stream.Log: what stream/memory does at once is done by
// requests here.
type access struct{ *worker }

func fenced(err error) bool  { return errors.Is(err, memory.ErrFenced) }
func pending(err error) bool { return errors.Is(err, memory.ErrMarkersPending) }

// Acquire takes over the transactional id.
func (a access) Acquire() error {
	return a.ask(acquiring, a.txn.acquire)
}

// ask is a request that a stop breaks off.
func (a access) ask(p Point, do func() error) error {
	if a.stopping {
		return errStopped
	}
	return a.request(p, do)
}

// Counts returns the partition counts.
func (a access) Counts() (counts map[stream.Topic]int32, err error) {
	err = a.ask(counting, func() error {
		counts, err = a.plain.Counts()
		return err
	})
	return counts, err
}

// readAtOnce is how many records one request reads of a state.
const readAtOnce = 400

// State reads the pieces in several requests, and hands out what the cleaner has
// left of them.
func (a access) State(each func(stream.Record) error) error {
	from := stream.Partition{Topic: a.w.stages[a.stage].State, ID: a.id}
	var records []stream.Record
	for more := true; more; {
		err := a.ask(restoring, func() error {
			offset, enough := int64(0), len(records)+readAtOnce
			if n := len(records); n > 0 {
				offset = records[n-1].Offset + 1
			}
			for more = true; more && len(records) < enough; {
				var b stream.Batch
				if b, offset, more = a.w.log.Fetch(from, offset); more {
					records = append(records, b.Records...)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, r := range a.dice.clean(records) {
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

// clean is log compaction: up to anywhere, records whose key comes again are
// gone, and so are tombstones.
func (d dice) clean(records []stream.Record) (left []stream.Record) {
	if len(records) == 0 {
		return nil
	}
	upTo := d.IntN(len(records) + 1)
	last := map[string]int64{}
	for _, r := range records {
		last[string(r.Key)] = r.Offset
	}
	for i, r := range records {
		if i >= upTo || last[string(r.Key)] == r.Offset && r.Value != nil {
			left = append(left, r)
		}
	}
	return left
}

// Bounds returns log start and end.
func (a access) Bounds(p stream.Partition) (start, end int64, err error) {
	err = a.ask(bounding, func() error {
		start, end, err = a.plain.Bounds(p)
		return err
	})
	return start, end, err
}

// Checksum returns the fingerprint.
func (a access) Checksum(p stream.Partition, offset int64) (crc uint32, found bool, err error) {
	err = a.ask(summing, func() error {
		crc, found, err = a.plain.Checksum(p, offset)
		return err
	})
	return crc, found, err
}

// Tail returns the newest outputs.
func (a access) Tail() (records []stream.Record, err error) {
	err = a.ask(tailing, func() error {
		records, err = a.plain.Tail()
		return err
	})
	return records, err
}

// Write sends the outputs partition by partition, all of them again when one
// fails: what is written here may be repeated.
func (a access) Write(sends []stream.Send) error {
	for {
		err := error(nil)
		for _, part := range byPartition(sends) {
			if err = a.request(writing, func() error { return a.w.log.Append(part) }); err != nil {
				break
			}
		}
		if err == nil || !errors.Is(err, errBroken) {
			return err
		}
		a.w.rewrote[a.stage][a.id]++
		if !a.sleep(a.dice.between(100*record.Millisecond, record.Second)) {
			return errDropped
		}
	}
}

// byPartition splits records into what goes to each partition, in the order of
// the first of each.
func byPartition(sends []stream.Send) (parts [][]stream.Send) {
	index := map[stream.Partition]int{}
	for _, s := range sends {
		p := stream.Partition{Topic: s.Topic, ID: s.Partition}
		at, known := index[p]
		if !known {
			at = len(parts)
			index[p] = at
			parts = append(parts, nil)
		}
		parts[at] = append(parts[at], s)
	}
	return parts
}

// Commit starts the routine that writes a checkpoint.
func (a access) Commit(c *stream.Checkpoint) { a.begin(c) }

// Await waits until the checkpoint under way has ended.
func (a access) Await() error {
	for a.writing != nil {
		a.idle = true
		alive := a.wait()
		a.idle = false
		if !alive {
			return errDropped
		}
	}
	a.settled = false
	return a.outcome
}

// Wall is the clock of the machine.
func (a access) Wall() record.Micros { return a.inst.wall() }

// Lost never happens: nothing is deleted in a run.
func (a access) Lost(stream.Loss) {
	a.w.fail(errors.New("records were deleted"))
}
