package capture

import (
	"errors"
	"fmt"
	"io"
	"net/netip"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// item is one record and, where the input knows the terminal by its address
// only, that address.
type item struct {
	record   raw.Telemetry
	terminal netip.Addr
}

// reader yields the records of one input; io.EOF at its end. What is wrong
// with the input it tells its problems, so it has no other error.
type reader interface {
	next(i *item) bool
}

// head is an input with its next record.
type head struct {
	reader
	item  item
	ready bool // item holds a record
	done  bool
}

// Source yields the records of several captures. Make one with Open.
type Source struct {
	settings Settings
	counts   Counts
	inputs   []*input
	problems []*problems
	heads    []*head
	names    names
}

// Open opens the captures. An error means that a file cannot be opened or the
// settings are wrong (ErrSettings); what is wrong inside of files becomes a
// Problem.
func Open(paths []string, settings Settings) (*Source, error) {
	settings, err := settings.withDefaults()
	if err != nil {
		return nil, err
	}
	var inputs []*input
	for _, path := range paths {
		in, err := openInput(path)
		if err != nil {
			return nil, errors.Join(err, closeAll(inputs))
		}
		inputs = append(inputs, in)
	}
	return newSource(settings, inputs), nil
}

func newSource(settings Settings, inputs []*input) *Source {
	s := &Source{settings: settings, inputs: inputs, names: newNames()}
	packets := newPackets(&s.settings, &s.counts)
	for _, in := range inputs {
		s.attach(in, packets)
	}
	if len(packets.files) > 0 {
		s.heads = append(s.heads, &head{reader: packets})
	}
	return s
}

// attach gives the input to the reader of its format. All packet files share
// one reader, for a flow may go on in the next file of a rotating capture.
func (s *Source) attach(in *input, packets *packets) {
	p := &problems{file: in.path, counts: &s.counts}
	s.problems = append(s.problems, p)
	format, err := in.unpack()
	if s.settings.Format != FormatAuto && !errors.Is(err, errEmpty) {
		format, err = s.settings.Format, ignoreFormat(err)
	}
	if err != nil {
		p.add("", err)
		return
	}
	switch format {
	case FormatPcap:
		packets.attach(in, p)
	case FormatZeek:
		s.heads = append(s.heads, &head{reader: newZeek(in.r, p, &s.settings)})
	case FormatAvro:
		c, err := newContainer(in.r, p)
		if err != nil {
			p.add("", err)
			return
		}
		s.heads = append(s.heads, &head{reader: c})
	case FormatJSONL:
		s.heads = append(s.heads, &head{reader: newJSONL(in.r, p)})
	}
}

// ignoreFormat drops the complaint that no format was recognised, where the
// user named it.
func ignoreFormat(err error) error {
	if errors.Is(err, ErrFormat) {
		return nil
	}
	return err
}

// Next fills t with the next record; io.EOF: there is none left. The record
// shares no memory with the Source.
func (s *Source) Next(t *raw.Telemetry) error {
	for {
		h := s.earliest()
		if h == nil {
			return io.EOF
		}
		h.ready = false
		number, ok := s.names.of(&h.item)
		if !ok {
			s.counts.Unnamed++
			continue
		}
		*t = h.item.record
		s.complete(t, number)
		s.counts.Records++
		return nil
	}
}

// earliest returns the input with the earliest next record, the first named of
// equals.
func (s *Source) earliest() *head {
	var first *head
	for _, h := range s.heads {
		if !h.ready && !h.done {
			h.item = item{}
			h.ready = h.next(&h.item)
			h.done = !h.ready
		}
		if h.ready && (first == nil || h.item.record.OccurredAt < first.item.record.OccurredAt) {
			first = h
		}
	}
	return first
}

// complete sets what the settings ask for.
func (s *Source) complete(t *raw.Telemetry, number int) {
	if t.Kind == record.KindClock {
		return
	}
	if s.settings.DNN != "" {
		t.DNN = s.settings.DNN
	}
	if s.settings.SNSSAI != "" {
		t.SNSSAI = s.settings.SNSSAI
	}
	if s.settings.TypeAllocationCode != "" {
		t.PEI = equipment(s.settings.TypeAllocationCode, number)
	}
}

// equipment returns an IMEI of the type (TS 23.003 6.2.1): type allocation
// code, serial number, check digit.
func equipment(typeAllocationCode string, number int) string {
	digits := fmt.Sprintf("%s%06d", typeAllocationCode, number%1_000_000)
	return "imei-" + digits + string(checkDigit(digits))
}

// checkDigit returns the Luhn digit of an IMEI (TS 23.003 annex B).
func checkDigit(digits string) byte {
	sum := 0
	for i := range len(digits) {
		d := int(digits[i] - '0')
		if i%2 == 1 {
			d = d*2/10 + d*2%10
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}

// Terminals returns the terminals in order of their first record.
func (s *Source) Terminals() []Terminal { return s.names.list }

// Problems returns what could not be used so far, file by file.
func (s *Source) Problems() []Problem {
	var all []Problem
	for _, p := range s.problems {
		all = append(all, p.list...)
	}
	return all
}

// Counts returns what became of the input so far.
func (s *Source) Counts() Counts { return s.counts }

// Progress is how much of the files has been read, in bytes on the disk.
type Progress struct{ Read, Total int64 }

// Progress may be called while another goroutine calls Next.
func (s *Source) Progress() Progress {
	var p Progress
	for _, in := range s.inputs {
		p.Read += in.read.Load()
		p.Total += in.size
	}
	return p
}

// Close closes the files.
func (s *Source) Close() error { return closeAll(s.inputs) }

func closeAll(inputs []*input) error {
	var errs []error
	for _, in := range inputs {
		errs = append(errs, in.file.Close())
	}
	return errors.Join(errs...)
}
