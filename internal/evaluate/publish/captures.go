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
	"cordon/internal/record"
)

// captureRun is one benign capture, alone and without peers.
type captureRun struct {
	name   string
	report *evaluate.Report
	most   int64 // milli-nats
	cut    bool  // part of it could not be read
}

// watchCaptures runs what lies in the folder benign, each file by itself.
func (p *publication) watchCaptures(ctx context.Context) error {
	if p.size.captures == "" {
		p.noted = "Skipped: CORDON_CAPTURES names no folder of captures."
		return nil
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
		run, err := p.watchCapture(ctx, entry.Name(), paths)
		if err != nil {
			return fmt.Errorf("%s: %w", entry.Name(), err)
		}
		if run != nil {
			p.captures = append(p.captures, *run)
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

// watchCapture runs the files of one capture, merged by time; nil is returned for
// what is none.
func (p *publication) watchCapture(ctx context.Context, name string, paths []string) (*captureRun, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	source, err := capture.Open(paths, capture.Settings{Format: capture.FormatAuto, ReportInterval: 10 * record.Second})
	if err != nil {
		return nil, err
	}
	defer source.Close()
	p.tell("capture " + name)
	began := p.now()
	r, err := fleet.Run(ctx, fleet.Settings{Source: source, Partitions: 1, Truth: func() []evaluate.Episode { return nil }})
	if err != nil {
		return nil, err
	}
	if r.Records == 0 {
		return nil, nil
	}
	p.speeds = append(p.speeds, speed{"capture " + name, r.Records, p.now().Sub(began)})
	return &captureRun{name: name, report: r.Ours, most: r.Most, cut: source.Counts().Problems > 0}, nil
}
