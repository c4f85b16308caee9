package capture

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// sourceOfPackets is the sourceId of records made from captures: the probe.
const sourceOfPackets = "capture"

var (
	errBackInTime = errors.New("time goes back; packets are counted at the latest time before")
	errLinkType   = errors.New("link type that is not read")
)

// packetFile is one capture with its next frame.
type packetFile struct {
	frames
	problems *problems
	frame    frame
	ready    bool
	done     bool
	clock    record.Micros // latest time so far
	told     bool          // a large step back was reported
	links    map[uint32]bool
}

// packets turns frames into flow reports. Several captures are read in order
// of their packets' times, as if they were one.
type packets struct {
	counts *Counts
	files  []*packetFile
	table  *table
	packet packet
	taken  int // of table.reports
}

func newPackets(s *Settings, c *Counts) *packets {
	return &packets{counts: c, table: newTable(s, c)}
}

// attach adds a capture.
func (p *packets) attach(in *input, problems *problems) {
	frames, err := newFrames(in.r)
	if err != nil {
		problems.add("", err)
		return
	}
	p.files = append(p.files, &packetFile{frames: frames, problems: problems, links: map[uint32]bool{}})
}

func newFrames(r *bufio.Reader) (frames, error) {
	start, _ := r.Peek(4)
	if len(start) == 4 && binary.LittleEndian.Uint32(start) == blockSection {
		return newPcapng(r), nil
	}
	return newPcap(r)
}

// next implements reader. Between two packets everything that became due is
// reported, so the reports are in order; after the last packet the clock runs
// on until every flow has ended.
func (p *packets) next(i *item) bool {
	for p.taken == len(p.table.reports) {
		p.taken, p.table.reports = 0, p.table.reports[:0]
		f := p.earliest()
		due, pending := p.table.due()
		switch {
		case pending && (f == nil || due <= f.frame.at):
			p.table.fire()
		case f != nil:
			p.count(f)
		default:
			return false
		}
	}
	p.table.reports[p.taken].fill(i)
	p.taken++
	return true
}

// earliest returns the capture with the earliest next frame.
func (p *packets) earliest() *packetFile {
	var first *packetFile
	for _, f := range p.files {
		if !f.ready && !f.done {
			f.read(p.counts)
		}
		if f.ready && (first == nil || f.frame.at < first.frame.at) {
			first = f
		}
	}
	return first
}

// read reads the next frame and puts it in order of time.
func (f *packetFile) read(c *Counts) {
	err := f.next(&f.frame)
	if err != nil {
		f.done = true
		if !errors.Is(err, io.EOF) {
			f.problems.add(f.position(), err)
		}
		return
	}
	f.ready = true
	// Captures of several queues or interfaces are out of order by
	// milliseconds. More is a broken file; still no packet is thrown away.
	const disorder = record.Minute
	switch {
	case !f.frame.timed:
		c.BackInTime++
		f.frame.at = f.clock
	case f.frame.at < f.clock:
		c.BackInTime++
		if !f.told && f.clock-f.frame.at > disorder {
			f.told = true
			f.problems.add(f.position(), errBackInTime)
		}
		f.frame.at = f.clock
	}
	f.clock = f.frame.at
}

// count decodes the frame at hand and adds it to its flow.
func (p *packets) count(f *packetFile) {
	f.ready = false
	p.counts.Packets++
	switch p.packet.decode(f.frame.link, f.frame.bytes, f.frame.wire) {
	case fateFlow:
		p.table.add(&p.packet, f.frame.at)
	case fateNotIP:
		p.counts.NotIP++
	case fateControl:
		p.counts.TunnelControl++
	case fateLink:
		p.counts.UnknownLink++
		if !f.links[f.frame.link] {
			f.links[f.frame.link] = true
			f.problems.add(f.position(), fmt.Errorf("%w: %d", errLinkType, f.frame.link))
		}
	default:
		p.counts.Malformed++
	}
}

// fill makes a record of the report.
func (r *report) fill(i *item) {
	i.terminal = r.terminal
	i.record.OccurredAt = r.at
	i.record.IntervalStart = record.Some(r.since)
	i.record.SourceID = sourceOfPackets
	i.record.Kind = record.KindFlow
	i.record.Flow = raw.Flow{Flow: r.flow, LocalPort: r.port}
}
