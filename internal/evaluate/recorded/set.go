package recorded

import (
	"errors"
	"io"
	"net/netip"
	"path/filepath"

	"cordon/internal/capture"
	"cordon/internal/evaluate/source"
	"cordon/internal/raw"
	"cordon/internal/record"
)

// Set is what was recorded of one attack: one capture, or several that belong
// together.
type Set struct {
	Name string
	open func(every record.Micros) (opened, error)
}

// opened is a source whose files are open.
type opened struct {
	source.Source
	io.Closer
}

// kept is nothing to close.
type kept struct{}

func (kept) Close() error { return nil }

// captures of attacks that are public: IoT-23 34-1 (Mirai, flows of a day and the
// packets of its command and control), Hide-and-Seek, both of the Stratosphere
// laboratory. Each has one terminal.
var captures = []struct{ name, pattern, terminal string }{
	{"iot23-34-1-mirai, flows", "iot23-34-1-mirai/conn.log.labeled", "192.168.1.195"},
	{"iot23-34-1-mirai, packets of command and control", "iot23-34-1-mirai/*.irc.pcap", "192.168.1.195"},
	{"hide-and-seek", "hide-and-seek/test7-malicious.pcap", "192.168.2.16"},
}

// The runs of GTRI's 5G set: the one with attacks after the benign one, which is
// moved to the day before.
const (
	gtriName   = "gtri-5g, attack after benign run"
	gtriBenign = "gtri-5g-*/ue-benign.*.tar.gz"
	gtriAttack = "gtri-5g-*/ue-malicious.*.tar.gz"
)

// Attacks are the sets of a folder of captures. What is not there is left out.
func Attacks(folder string) (sets []Set, err error) {
	for _, c := range captures {
		paths, err := filepath.Glob(filepath.Join(folder, c.pattern))
		if err != nil {
			return nil, err
		}
		if len(paths) > 0 {
			sets = append(sets, Capture(c.name, paths, netip.MustParseAddr(c.terminal)))
		}
	}
	benign, err1 := filepath.Glob(filepath.Join(folder, gtriBenign))
	attack, err2 := filepath.Glob(filepath.Join(folder, gtriAttack))
	if len(benign) > 0 && len(attack) > 0 {
		sets = append(sets, Set{gtriName, func(record.Micros) (opened, error) { return openGTRI(benign[0], attack[0]) }})
	}
	return sets, errors.Join(err1, err2)
}

// Capture is a set of files that are read together, with the terminals named; none
// named: those of private ranges.
func Capture(name string, paths []string, terminals ...netip.Addr) Set {
	return Set{name, func(every record.Micros) (opened, error) {
		s, err := capture.Open(paths, capture.Settings{Format: capture.FormatAuto, Terminals: terminals, ReportInterval: every})
		return opened{s, s}, err
	}}
}

func openGTRI(benign, attack string) (opened, error) {
	before, err1 := source.OpenGTRI(benign)
	after, err2 := source.OpenGTRI(attack)
	if err := errors.Join(err1, err2); err != nil {
		return opened{}, err
	}
	return opened{source.Merge(source.NewRemapped(before, source.Remap{Shift: -record.Day}), after), kept{}}, nil
}

// Span is the time of the first and of the last record.
func (s *Set) Span() (first, last record.Micros, err error) {
	from, err := s.open(reports)
	if err != nil {
		return 0, 0, err
	}
	defer from.Close()
	var t raw.Telemetry
	for {
		switch err := from.Next(&t); {
		case errors.Is(err, io.EOF):
			return first, last, nil
		case err != nil:
			return 0, 0, err
		}
		if first == 0 {
			first = t.OccurredAt
		}
		last = max(last, t.OccurredAt)
	}
}
