package main

import (
	"context"
	"encoding/json"
	"fmt"

	"cordon/internal/record"
	"cordon/internal/stream"
)

// Ages, in wall time, of the last checkpoint of a program that has something to
// read: checkpoint.interval is 30 s by default for the slowest and 5 min at
// most.
const (
	slowAfter  = 2 * record.Minute
	stuckAfter = 6 * record.Minute
)

// flow is what a program reads and where its checkpoints are.
type flow struct {
	program string
	inputs  []stream.Topic
	state   stream.Topic
}

var (
	collectorFlow = flow{"collector", []stream.Topic{stream.TelemetryRaw}, stream.CollectorState}
	scorerFlow    = flow{"scorer", []stream.Topic{stream.Telemetry}, stream.ScorerState}
	enforcerFlow  = flow{"enforcer", []stream.Topic{stream.Verdicts}, stream.EnforcerState}
)

// stage returns the check of one program's checkpoints against the log.
func (d *doctor) stage(f flow) func(context.Context) error {
	return func(ctx context.Context) error {
		if d.counts[f.state] == 0 || d.counts[f.inputs[0]] == 0 {
			return nil
		}
		var sum standing
		for p := range d.counts[f.state] {
			h, err := d.header(ctx, stream.Partition{Topic: f.state, ID: p})
			if err != nil {
				return err
			}
			if err := d.compare(ctx, f, h, &sum); err != nil {
				return err
			}
		}
		if sum.headers == 0 {
			return d.neverRan(ctx, f)
		}
		d.moves(f, &sum)
		return nil
	}
}

// header returns the newest checkpoint of a state partition.
func (d *doctor) header(ctx context.Context, p stream.Partition) (said[stream.Header], error) {
	var s said[stream.Header]
	err := d.backwards(ctx, p, func() bool { return s.Found }, func(b stream.Batch) error {
		for _, r := range b.Records {
			if string(r.Key) != stream.HeaderKey {
				continue
			}
			var h stream.Header
			if err := json.Unmarshal(r.Value, &h); err != nil {
				return fmt.Errorf("%s[%d]: header: %w", p.Topic, p.ID, err)
			}
			s = said[stream.Header]{h, b.AppendTime, true}
		}
		return nil
	})
	return s, err
}

// standing is where a program stands in its inputs.
type standing struct {
	headers int
	unread  int64         // records that no checkpoint stands behind yet
	newest  record.Micros // when the last checkpoint was taken
	oldest  record.Micros // of those with something to read, when it was taken
}

// compare adds one checkpoint to the standing, and tells what will stop the
// program at its next start.
func (d *doctor) compare(ctx context.Context, f flow, h said[stream.Header], sum *standing) error {
	if !h.Found {
		return nil
	}
	sum.headers++
	sum.newest = max(sum.newest, h.At)
	for _, t := range f.inputs {
		if was, now := h.Record.Partitions[t], d.counts[t]; was != 0 && was != now {
			d.advise(stateProblem, f.program, fmt.Sprintf("%s has %d partitions, its checkpoints were made with %d", t, now, was), "set the count back, or start over under another topics.prefix")
		}
	}
	unread := int64(0)
	for _, at := range h.Record.Positions {
		n, err := d.behind(ctx, f, at)
		if err != nil {
			return err
		}
		unread += n
	}
	sum.unread += unread
	if unread > 0 && (sum.oldest == 0 || h.At < sum.oldest) {
		sum.oldest = h.At
	}
	return nil
}

// behind returns how many records lie between a position and the log's end.
func (d *doctor) behind(ctx context.Context, f flow, at stream.Position) (int64, error) {
	p := stream.Partition{Topic: at.Topic, ID: at.Partition}
	start, end, err := d.client.Bounds(ctx, p)
	if err != nil {
		return 0, err
	}
	switch {
	case at.Next > end:
		d.advise(stateProblem, f.program, fmt.Sprintf("its checkpoint stands at offset %d of %s[%d], which ends at %d: the topic was created anew", at.Next, at.Topic, at.Partition, end),
			"start over under another topics.prefix; state and topics belong together")
	case at.Next < start:
		d.advise(stateWarning, f.program, fmt.Sprintf("%d records of %s[%d] were deleted before they were read", start-at.Next, at.Topic, at.Partition), "it was away longer than the topic is kept; coverage tells of it")
	}
	return d.count(ctx, p, max(at.Next, start), end)
}

// neverRan tells of a program without any checkpoint: as long as there is
// nothing to read, it may be there all the same.
func (d *doctor) neverRan(ctx context.Context, f flow) error {
	waiting := int64(0)
	for _, t := range f.inputs {
		for p := range d.counts[t] {
			start, end, err := d.client.Bounds(ctx, stream.Partition{Topic: t, ID: p})
			if err != nil {
				return err
			}
			waiting += end - start
		}
	}
	remedy := fmt.Sprintf("start it: %s --config %s.yaml; with the same topics.prefix", f.program, f.program)
	if waiting == 0 {
		d.advise(stateWarning, f.program, "has no checkpoint yet; there is nothing to read either", remedy)
		return nil
	}
	d.advise(stateProblem, f.program, "has never made a checkpoint, though there is something to read", remedy)
	return nil
}

// moves judges a program by what it has not read and how long ago it last
// stored where it is.
func (d *doctor) moves(f flow, sum *standing) {
	text := fmt.Sprintf("last checkpoint %s ago, %s behind it", inSeconds(d.now-sum.newest), plural(int(sum.unread), "record"))
	age := d.now - sum.oldest
	remedy := fmt.Sprintf("is the %s running? look at its log and /readyz", f.program)
	switch {
	case sum.unread == 0 || age <= slowAfter:
		d.tell(stateOK, f.program, text)
	case age <= stuckAfter:
		d.advise(stateWarning, f.program, fmt.Sprintf("%s, the oldest %s ago", text, inSeconds(age)), remedy+"; with a long checkpoint.interval this is as it should be")
	default:
		d.advise(stateProblem, f.program, fmt.Sprintf("%s, the oldest %s ago: it does not move", text, inSeconds(age)), remedy)
	}
}
