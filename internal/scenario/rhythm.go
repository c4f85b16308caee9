package scenario

import (
	"hash/fnv"
	"math/rand/v2"

	"cordon/internal/record"
)

// rhythm says how often something is done.
type rhythm struct {
	every  record.Micros // from one start to the next; 0: once
	lasts  record.Micros // for how long it is started again
	jitter int64         // the next start varies by this share of every, per mille
	spread record.Micros // each terminal begins up to this much later
}

// starts calls yield for every start of one terminal. The chance in it comes from
// the seed alone, so that a file means the same on every run.
func (r rhythm) starts(at record.Micros, seed uint64, yield func(i uint64, start record.Micros)) {
	chance := rand.New(rand.NewPCG(seed, 2))
	if r.spread > 0 {
		at += record.Micros(chance.Int64N(int64(r.spread)))
	}
	width := int64(r.every) * r.jitter / 1000
	start := at
	for i := uint64(0); i == 0 || r.every > 0 && start < at+r.lasts; i++ {
		yield(i, start)
		gap := int64(r.every)
		if width > 0 {
			gap += chance.Int64N(2*width+1) - width
		}
		start += record.Micros(max(gap, 1))
	}
}

// seed tells terminals and steps apart.
func seed(t *terminal, step int) uint64 {
	h := fnv.New64a()
	h.Write([]byte(t.name))
	h.Write([]byte{byte(step), byte(step >> 8)})
	return h.Sum64()
}

// often reads one word about the rhythm, and reports whether it is one.
func (r *rhythm) often(l *line, word string) bool {
	switch word {
	case "every":
		r.every = l.length("every")
	case "for":
		r.lasts = l.length("for")
	case "jitter":
		r.jitter = 10 * l.percent("jitter")
	case "spread":
		r.spread = l.length("spread")
	default:
		return false
	}
	return true
}

// settle checks what only the whole line shows.
func (r *rhythm) settle(l *line) {
	if (r.every > 0) != (r.lasts > 0) {
		l.failf("every and for belong together: every 10s for 10m")
	}
	if r.jitter > 0 && r.every == 0 {
		l.failf("jitter belongs to every: every 60s jitter 20%% for 1h")
	}
}
