package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"cordon/internal/capture"
	"cordon/internal/evaluate"
	"cordon/internal/evaluate/fleet"
	"cordon/internal/evaluate/recorded"
	"cordon/internal/evaluate/source"
	"cordon/internal/record"
)

// captureRun is one benign capture, alone and without peers.
type captureRun struct {
	name   string
	report *evaluate.Report
	most   int64 // milli-nats
	cut    bool  // part of it could not be read
}

// benignCapture is what lies in the folder benign under one name.
type benignCapture struct {
	name  string
	paths []string
}

// findCaptures looks what captures there are.
func (p *publication) findCaptures() (err error) {
	if p.size.captures == "" {
		p.noted = "Skipped: CORDON_CAPTURES names no folder of captures."
		return nil
	}
	if p.attacks, err = recorded.Attacks(p.size.captures); err != nil {
		return err
	}
	folder := filepath.Join(p.size.captures, "benign")
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		p.noted = "Skipped: the folder that CORDON_CAPTURES names holds no folder benign."
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		paths, err := inputs(filepath.Join(folder, entry.Name()), entry.IsDir())
		if err != nil {
			return err
		}
		if len(paths) > 0 {
			p.benignCaptures = append(p.benignCaptures, benignCapture{entry.Name(), paths})
		}
	}
	return nil
}

// inputs are the files of one capture: a file by itself; of a folder the packet
// captures, or where there are none the logs that were made of them.
func inputs(path string, isFolder bool) ([]string, error) {
	if !isFolder {
		return []string{path}, nil
	}
	for _, pattern := range []string{"*.pcap*", "*.log*"} {
		paths, err := filepath.Glob(filepath.Join(path, pattern))
		if err != nil || len(paths) > 0 {
			return paths, err
		}
	}
	return nil, nil
}

// watchCaptures runs the captures that were found, each by itself.
func (p *publication) watchCaptures(ctx context.Context) error {
	for _, c := range p.benignCaptures {
		run, err := p.watchCapture(ctx, c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if run != nil {
			p.captures = append(p.captures, *run)
		}
	}
	sets := p.attacks
	for _, c := range p.benignCaptures {
		sets = append(sets, recorded.Capture(c.name, c.paths))
	}
	for _, s := range sets {
		p.tell("other addresses, ports and times, " + s.Name)
		run, err := move(ctx, &s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		p.moved = append(p.moved, run)
	}
	return nil
}

// watchCapture runs the files of one capture, merged by time; nil is returned for
// what is none.
func (p *publication) watchCapture(ctx context.Context, c benignCapture) (*captureRun, error) {
	from, err := capture.Open(c.paths, capture.Settings{Format: capture.FormatAuto, ReportInterval: 10 * record.Second})
	if err != nil {
		return nil, err
	}
	defer from.Close()
	p.tell("capture " + c.name)
	began := p.now()
	r, err := fleet.Run(ctx, fleet.Settings{Source: from, Partitions: 1, Truth: func() []evaluate.Episode { return nil }})
	if err != nil {
		return nil, err
	}
	if r.Records == 0 {
		return nil, nil
	}
	p.speeds = append(p.speeds, speed{"capture " + c.name, r.Records, p.now().Sub(began)})
	return &captureRun{name: c.name, report: r.Ours, most: r.Most, cut: from.Counts().Problems > 0}, nil
}

// movedRun is a capture with other addresses, ports and times.
type movedRun struct {
	name          string
	ordinary, all recorded.Difference // but the ports of services, and all of them
}

// another is another date and hour, other addresses and, but for those of
// services, other ports.
var another = source.Remap{Shift: 400*record.Day + 7*record.Hour, Key: 11, Ports: source.PortsOrdinary}

// move runs a set as it is and in two other guises.
func move(ctx context.Context, s *recorded.Set) (run movedRun, err error) {
	all := another
	all.Ports = source.PortsAll
	plain, err1 := s.Alone(ctx, source.Remap{})
	ordinary, err2 := s.Alone(ctx, another)
	every, err3 := s.Alone(ctx, all)
	if err := errors.Join(err1, err2, err3); err != nil {
		return run, err
	}
	return movedRun{s.Name, recorded.Differ(plain, ordinary, another.Shift), recorded.Differ(plain, every, another.Shift)}, nil
}

// amongFleet is the fleet that attack captures are put into.
func (p *publication) amongFleet() recorded.Among {
	s := &p.size
	return recorded.Among{
		Fleet:   fleet.Fleet{Terminals: amongTerminals, Seed: s.heldOut[0], Partitions: int32(s.partitions)},
		History: record.MicrosIn(s.among),
	}
}

// amongTerminals is the size of that fleet.
const amongTerminals = 2000

// mergeJobs are the attack captures among a fleet, and that fleet alone, last.
func (p *publication) mergeJobs() (list []*job, err error) {
	if p.size.among == 0 || len(p.attacks) == 0 {
		return nil, nil
	}
	among := p.amongFleet()
	for i := range p.attacks {
		duration, err := p.attacks[i].Length(&among)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.attacks[i].Name, err)
		}
		among.Fleet.Duration = max(among.Fleet.Duration, duration)
	}
	for i := range p.attacks {
		list = append(list, &job{what: "fleet with " + p.attacks[i].Name, fleet: among.Fleet, set: &p.attacks[i]})
	}
	return append(list, &job{what: "fleet of the attack captures, without them", fleet: among.Fleet}), nil
}
