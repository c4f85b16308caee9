package recordbatch

import (
	"cmp"
	"slices"
)

// abortFilter knows, while a record set is walked, which producers are inside an
// aborted transaction. The broker lists those that overlap the fetched range by
// first offset; each ends at the abort marker of its producer.
type abortFilter struct {
	list   []AbortedTxn       // by first offset
	begun  int                // how many of the list have begun
	inside map[int64]struct{} // producers
}

// reset begins a new record set with the list of its fetch response. A broker
// sorts the list; nothing here depends on it.
func (f *abortFilter) reset(list []AbortedTxn) {
	clear(f.inside)
	f.begun, f.list = 0, append(f.list[:0], list...)
	slices.SortFunc(f.list, func(a, b AbortedTxn) int { return cmp.Compare(a.FirstOffset, b.FirstOffset) })
}

// drop reports whether b belongs to an aborted transaction. It must be asked
// about every batch, in order.
func (f *abortFilter) drop(b *Batch) bool {
	if b.Producer.ID < 0 {
		return false
	}
	for ; f.begun < len(f.list) && f.list[f.begun].FirstOffset <= b.LastOffset; f.begun++ {
		if f.inside == nil {
			f.inside = make(map[int64]struct{})
		}
		f.inside[f.list[f.begun].ProducerID] = struct{}{}
	}
	if b.Marker == Abort {
		delete(f.inside, b.Producer.ID)
		return false
	}
	_, in := f.inside[b.Producer.ID]
	return in && b.Transactional && !b.Control
}
