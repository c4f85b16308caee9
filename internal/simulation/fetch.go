package simulation

import (
	"cordon/internal/record"
	"cordon/internal/stream"
)

// fetcher reads one input of a worker ahead, one fetch at a time.
type fetcher struct {
	of    *worker
	life  int
	from  stream.Partition
	next  int64
	dice  dice
	got   *stream.Event // read, and not yet taken
	again bool          // it begins before the position
}

// fetch starts the fetchers of a life, each at the position of the state.
func (w *worker) fetch() {
	w.fetchers = nil
	for n, at := range w.Committed() {
		f := &fetcher{of: w, life: w.life, from: stream.Partition{Topic: at.Topic, ID: at.Partition}, next: at.Next,
			dice: newDice(w.w.plan.Seed, w.actor, uint64(w.life), uint64(n))}
		w.fetchers = append(w.fetchers, f)
		f.ask()
	}
}

// ask sends a fetch. What it finds is what the log holds when it arrives there.
func (f *fetcher) ask() {
	w := f.of.w
	w.after(f.dice.latency(), f.of.actor, func() {
		e := f.read()
		f.of.after(f.dice.latency(), func() {
			if f.of.life == f.life && !f.of.dead && !f.of.gone {
				f.got = &e
				f.of.poke()
			}
		})
	})
}

// read is one answer: some batches from the position on, the last one perhaps
// not to its end, or nothing.
func (f *fetcher) read() stream.Event {
	w := f.of.w
	e := stream.Event{Kind: stream.Fetched, From: f.from, Next: f.next, End: f.next + 1}
	if w.now < w.unreadable[f.of.stage][f.of.id] && !f.dice.one(4) {
		w.struck(Unreadable)
		return e // not at the end: its time stands still
	}
	offset := f.next
	if w.reread[f.of.stage] && offset > 0 {
		w.reread[f.of.stage] = false
		offset = f.dice.Int64N(offset)
		f.again = true
		w.tell("%s is handed %s[%d] from offset %d again, at %d", f.of, f.from.Topic, f.from.ID, offset, f.next)
	}
	for n := f.dice.pick(1, 2, 5, 20, 200); n > 0; n-- {
		b, next, more := w.log.Fetch(f.from, offset)
		e.Next, e.End = max(next, f.next), max(next, f.next)
		if !more {
			return e
		}
		e.Batches, offset = append(e.Batches, b), next
	}
	f.split(&e)
	if _, next, more := w.log.Fetch(f.from, e.Next); more {
		e.End = next
	} else {
		e.Next, e.End = next, next
	}
	return e
}

// split leaves the end of the last batch for the next fetch.
func (f *fetcher) split(e *stream.Event) {
	last := &e.Batches[len(e.Batches)-1]
	n := len(last.Records)
	if n < 2 || !f.dice.one(3) || last.Records[0].Offset < f.next {
		return
	}
	n = 1 + f.dice.IntN(n-1)
	e.Next = last.Records[n].Offset
	last.Records = last.Records[:n]
}

// take hands over what was read, and goes on reading.
func (f *fetcher) take() stream.Event {
	e := *f.got
	f.got, f.next = nil, e.Next
	if f.again && len(e.Batches) > 0 {
		f.of.w.struck(Reread)
	}
	f.again = false
	wait := record.Micros(0)
	if len(e.Batches) == 0 {
		wait = f.dice.between(pollWait/2, pollWait)
	}
	f.of.after(wait, func() {
		if f.of.life == f.life && !f.of.dead {
			f.ask()
		}
	})
	return e
}
