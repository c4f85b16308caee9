package main

import (
	"fmt"
	"sync"
	"time"

	"cordon/internal/evaluate/fleet"
	"cordon/internal/record"
)

// progress tells how far all jobs together have come. Several goroutines may
// call it.
type progress struct {
	tell func(string)
	now  func() time.Time

	mu       sync.Mutex
	began    time.Time
	told     time.Time
	total    float64 // work of all jobs
	ended    float64 // of those that have ended
	jobs     int
	jobsDone int
	running  map[*job]float64 // work that is done of each
}

// tellEvery is how often it says something: seldom enough for a log.
const tellEvery = 20 * time.Second

// costOfBaselines is what a run with baselines costs against one with nothing
// beside it, in processor time, measured on a fleet of 1,000 terminals. Sparse
// reports save 5 in 100, which an estimate need not know.
const costOfBaselines = 1.2

// work is an estimate of what a job takes, in terminal-days of a plain run.
func (j *job) work() float64 {
	w := float64(j.fleet.Terminals) * float64(j.fleet.Duration) / float64(record.Day)
	if j.fleet.Baselines {
		w *= costOfBaselines
	}
	return w
}

func newProgress(p *publication, list []*job) *progress {
	g := &progress{tell: p.tell, now: p.now, began: p.now(), told: p.now(), jobs: len(list), running: map[*job]float64{}}
	for _, j := range list {
		g.total += j.work()
	}
	return g
}

// reach says that a job has come to a time of its fleet.
func (g *progress) reach(j *job, at record.Micros) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running[j] = j.work() * float64(at-fleet.Start) / float64(j.fleet.Duration)
	if g.now().Sub(g.told) >= tellEvery {
		g.say()
	}
}

// end says that a job is done.
func (g *progress) end(j *job) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.running, j)
	g.ended += j.work()
	g.jobsDone++
	g.say()
}

// say estimates what is left from what was done so far.
func (g *progress) say() {
	g.told = g.now()
	done := g.ended
	for _, w := range g.running {
		done += w
	}
	elapsed := g.told.Sub(g.began)
	text := fmt.Sprintf("%3.0f %%, %d of %d fleets, %s", 100*done/g.total, g.jobsDone, g.jobs, elapsed.Round(time.Second))
	if done > 0 && done < g.total {
		text += fmt.Sprintf(", about %s left", time.Duration(float64(elapsed)*(g.total-done)/done).Round(time.Minute/2))
	}
	g.tell(text)
}
