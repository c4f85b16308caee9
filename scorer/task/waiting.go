package task

import "cordon/scorer/pane"

// held is a record that waits for its pane to open.
type held struct {
	number uint64 // names its piece of state
	pane   pane.Number
	value  []byte // as encoded
	stored bool   // its piece is in a committed cut, or in the pending one
}

// waiting is the room for records further ahead of the watermark than panes
// are open: bounded in bytes, in order of arrival.
type waiting struct {
	records []held
	bytes   int64
	limit   int64
	next    uint64 // number of the next record
	// committed is the number of the next record when the last cut committed:
	// smaller ones have a piece.
	committed uint64
	cutting   uint64   // the same of the pending cut
	gone      []uint64 // taken, and have a piece to remove
	going     []uint64 // gone, in the pending cut
}

// overhead is what one waiting record costs beside its value.
const overhead = 64

// hold takes a record in, copying it, unless there is no room.
func (w *waiting) hold(n pane.Number, value []byte) bool {
	size := int64(len(value) + overhead)
	if w.bytes+size > w.limit {
		return false
	}
	w.records = append(w.records, held{number: w.next, pane: n, value: append([]byte(nil), value...)})
	w.bytes += size
	w.next++
	return true
}

// earliest returns the oldest pane that a record waits for.
func (w *waiting) earliest() (pane.Number, bool) {
	if len(w.records) == 0 {
		return 0, false
	}
	least := w.records[0].pane
	for i := range w.records {
		least = min(least, w.records[i].pane)
	}
	return least, true
}

// take removes and returns the records of panes before a limit.
func (w *waiting) take(before pane.Number) []held {
	var out []held
	kept := w.records[:0]
	for _, h := range w.records {
		if h.pane >= before {
			kept = append(kept, h)
			continue
		}
		out = append(out, h)
		w.bytes -= int64(len(h.value) + overhead)
		if h.stored {
			w.gone = append(w.gone, h.number)
		}
	}
	clear(w.records[len(kept):])
	w.records = kept
	return out
}

// cut returns the records that are new, and the numbers of those that are gone
// since the last committed cut. Values never change, so they are not copied.
func (w *waiting) cut() (fresh []held, gone []uint64) {
	w.going, w.gone, w.cutting = w.gone, nil, w.next
	for i := range w.records {
		if h := &w.records[i]; !h.stored {
			h.stored = true
			fresh = append(fresh, *h)
		}
	}
	return fresh, w.going
}

// settle ends a cut.
func (w *waiting) settle(committed bool) {
	if committed {
		w.committed = w.cutting
	} else {
		w.gone = append(w.going, w.gone...)
		for i := range w.records {
			w.records[i].stored = w.records[i].number < w.committed
		}
	}
	w.going = nil
}
