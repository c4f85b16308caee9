package stream

import (
	"slices"

	"cordon/internal/record"
)

// Partition names one partition of a topic.
type Partition struct {
	Topic Topic
	ID    int32
}

// Batch is one record batch of one partition, as it lies in the log: its
// records were appended together.
type Batch struct {
	Partition  Partition
	CRC        uint32        // of the batch as stored: with AppendTime the fingerprint of a position
	AppendTime record.Micros // when the log took it
	Records    []Record      // in offset order; aliases a buffer that is valid during the call
}

// Record is one entry of a batch. A nil Value is a tombstone.
type Record struct {
	Offset     int64
	Key, Value []byte
}

// Now is all that a task may know of the world besides its records.
type Now struct {
	// Wall is the wall clock of the machine. Tasks may use it to let silent
	// partitions move (collector), never to decide about a terminal.
	Wall record.Micros
	// Frontier is the event time up to which records may be taken (alignment
	// across raw partitions). Tasks that are not aligned get the largest value.
	Frontier record.Micros
	// AtEnd reports that every input was read to its end without error.
	AtEnd bool
	// Silent names the raw partitions of which nobody, in this instance or by
	// progress, has said anything for SilentAfter of wall time. Only aligned stages
	// are told; sorted, valid during the call.
	Silent []int32
}

// SilentAfter is how long nothing was heard of a raw partition when any collector
// may say that it is not to be waited for (architecture section 4, STALLED).
const SilentAfter = 2 * record.Minute

// Task is the pure state machine of one partition (the enforcer: of all its
// inputs). One goroutine owns it; it starts none, reads no clock, logs nothing
// and keeps no reference to what it is handed beyond the call.
//
// The same calls with the same arguments give the same effects.
type Task interface {
	// Restore takes one committed piece of state. The pieces of a partition come
	// in log order before Start; a later piece of a key replaces the earlier, a
	// nil value removes it.
	Restore(key, value []byte) error
	// Start follows the last piece. It returns an error when the state cannot be
	// continued (version, counts), with the remedy in words.
	Start(from Start) error
	// Process takes records from the front of the batch, adds what they cause
	// to out, and returns how many it took. What it leaves is offered again
	// later, with a new Now.
	Process(batch Batch, now Now, out *Effects) (taken int)
	// Tick lets wall time pass, at least once a second.
	Tick(now Now, out *Effects)
	// Cut copies every piece of state that changed since the last committed cut.
	// The task goes on while the copy is written: Process and Tick may come
	// between Cut and Settle, another Cut may not.
	Cut(cut *Cut)
	// Settle tells whether the last cut was committed; pieces of an aborted cut
	// belong to the next one as well.
	Settle(committed bool)
}

// Start is what a task is told before its first record.
type Start struct {
	// Restored reports that a committed checkpoint was found; Header is it.
	Restored bool
	Header   Header
	// Partitions holds the partition count of every topic the stage names.
	Partitions map[Topic]int32
	// Tail holds the newest records of the stage's Resume topic, in offset
	// order; only when nothing was restored.
	Tail []Record
	// Lost holds the inputs whose position fell below the log start.
	Lost []Loss
}

// Loss is what was deleted of an input before it was read.
type Loss struct {
	Partition
	// Offsets is how many lie between the position and the log start. Where
	// transactions write the input, their markers are among them.
	Offsets int64
}

// Header is the record that ends a checkpoint: the truth about where the state
// of a partition stands in its inputs. It is stored as JSON under the key
// HeaderKey of the state topic, inside the checkpoint's transaction.
type Header struct {
	Version         int             `json:"version"`         // HeaderVersion
	Positions       []Position      `json:"positions"`       // one per input partition, sorted
	Partitions      map[Topic]int32 `json:"partitions"`      // counts when it was written
	Watermark       record.Micros   `json:"watermark"`       // of the task, event time
	StateVersion    int             `json:"stateVersion"`    // layout of the task's pieces
	StateGeneration int64           `json:"stateGeneration"` // see contracts, Verdict
	ConfigDigest    record.Digest   `json:"configDigest"`
	Fence           int64           `json:"fence"` // enforcer: rises with each new active instance
}

// HeaderVersion is the layout of Header; another version is refused.
const HeaderVersion = 1

// HeaderKey is the key of the header in a state topic. Pieces never use it.
const HeaderKey = "header"

// Position is how far one input was taken, with the fingerprint of the last
// batch taken from. A position without a batch has Next 0 and no fingerprint.
type Position struct {
	Topic      Topic         `json:"topic"`
	Partition  int32         `json:"partition"`
	Next       int64         `json:"next"`
	CRC        uint32        `json:"crc"`
	AppendTime record.Micros `json:"appendTime"`
}

// Stage declares one program's place in the flow.
type Stage struct {
	// Name of the program; the transactional ids and the group derive from it.
	Name string
	// Inputs are the topics a task reads. With Single, one task reads all
	// partitions of all of them; otherwise task p reads partition p of each that has
	// it: as many as the first has, or one.
	Inputs []Topic
	// Single reports that there is one task for the whole deployment.
	Single bool
	// State is the topic its checkpoints live in, with as many partitions as
	// tasks.
	State Topic
	// Outputs are the topics it writes.
	Outputs []Topic
	// Transactional reports that outputs are committed with the input that
	// caused them; otherwise they are acknowledged before the next cut commits.
	Transactional bool
	// Resume names a topic whose newest records a task without state is shown
	// (same partition), so that its generation can go on; empty: none.
	Resume Topic
	// Counts names further topics whose partition counts the task must know.
	Counts []Topic
	// Aligned reports that tasks implement Aligned and wait for one another.
	Aligned bool
	// Figures says in a sentence what each figure of a Counted task means, by
	// name, for those who read /metrics.
	Figures map[string]string
	// NewTask makes the task of one partition, without state.
	NewTask func(partition int32) Task
}

// Named returns every topic the stage names, each once.
func (s *Stage) Named() []Topic {
	all := slices.Concat([]Topic{s.State}, s.Inputs, s.Outputs, s.Counts)
	if s.Resume != "" {
		all = append(all, s.Resume)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Aligned is a task whose partition is read in step with its siblings.
type Aligned interface {
	// Front returns where the partition stands in event time.
	Front() Front
}

// Front is the event time a partition has reached.
type Front struct {
	// Counts reports that siblings wait for it (not EMPTY, not STALLED).
	Counts bool
	// Time is up to where it has taken records, or the time of the record it
	// waits to take, whichever is later.
	Time record.Micros
}

// Counted is a task that can say how it is doing.
type Counted interface {
	// Counts calls add for each figure: a name in snake_case that Stage.Figures
	// explains, a label value from a small fixed set (empty: none), and the
	// value. Names ending in _total only grow while the task lives.
	Counts(add func(name, label string, value int64))
}
