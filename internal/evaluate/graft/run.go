package graft

import (
	"context"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"

	"cordon/internal/evaluate"
	"cordon/internal/evaluate/fleet"
	"cordon/internal/evaluate/source"
	"cordon/internal/raw"
	"cordon/internal/record"
)

// Outcome is what came of one graft.
type Outcome struct {
	// Spoilt says that the device has nothing that this could happen to.
	Spoilt bool
	// After is how long after its beginning each class was first said.
	After map[record.Class]record.Micros
}

// Run lets a kind happen to a device, at a time between 0.3 and 0.6 of its
// capture, with reports of open flows so often.
func Run(ctx context.Context, d *Device, k *Kind, seed uint64, every record.Micros) (*Outcome, error) {
	h := fnv.New64a()
	io.WriteString(h, d.Name+"/"+k.Name)
	s := &script{me: d.terminal, r: rand.New(rand.NewPCG(seed, h.Sum64()))}
	began := d.first + record.Micros(float64(d.last-d.first)*(0.3+0.3*s.r.Float64()))
	s.server = d.serverAt(began)
	k.write(s)
	if s.spoilt {
		return &Outcome{Spoilt: true}, nil
	}
	path, err := s.file(os.TempDir(), began)
	if err != nil {
		return nil, err
	}
	defer os.Remove(path)
	own, err := d.open(every, d.paths...)
	if err != nil {
		return nil, err
	}
	defer own.Close()
	added, err := d.open(every, path)
	if err != nil {
		return nil, err
	}
	defer added.Close()
	both := source.Merge(&edited{own, began, s.edit}, added)
	r, err := fleet.Run(ctx, fleet.Settings{Source: both, Partitions: 1, Truth: func() []evaluate.Episode { return nil }})
	if err != nil {
		return nil, err
	}
	return outcomeOf(r, began), nil
}

// outcomeOf is what was said from some time on.
func outcomeOf(r *fleet.Result, began record.Micros) *Outcome {
	o := &Outcome{After: map[record.Class]record.Micros{}}
	for _, s := range r.Statements {
		if s.Status == record.StatusCleared || s.At < began {
			continue
		}
		if before, said := o.After[s.Class]; !said || s.At-began < before {
			o.After[s.Class] = s.At - began
		}
	}
	return o
}

// edited is a source of which flow reports are changed or left out.
type edited struct {
	from  source.Source
	began record.Micros
	edit  func(at float64, f *raw.Flow) bool
}

// Next implements source.Source.
func (e *edited) Next(t *raw.Telemetry) error {
	for {
		if err := e.from.Next(t); err != nil {
			return err
		}
		if e.edit == nil || t.Kind != record.KindFlow || e.edit(float64(t.OccurredAt-e.began)/float64(record.Second), &t.Flow) {
			return nil
		}
	}
}
