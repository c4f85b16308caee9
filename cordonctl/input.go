package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"cordon/collector/keyfile"
	"cordon/collector/pseudonym"
	"cordon/internal/capture"
	"cordon/internal/failure"
	"cordon/internal/identity"
	"cordon/internal/raw"
	"cordon/internal/record"
)

// inputFlags say how captures are read; replay and backtest share them.
type inputFlags struct {
	format         string
	local          []string
	terminals      []string
	reportInterval time.Duration
	tac            string
	dnn, snssai    string
}

func (f *inputFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.format, "format", "auto", "`FORMAT`: auto, pcap, zeek, avro or jsonl; gzip and xz are unpacked")
	c.Flags().StringArrayVar(&f.local, "local", nil, "`CIDR` whose addresses are terminals; repeatable (default: private, carrier-NAT and unique-local ranges)")
	c.Flags().StringArrayVar(&f.terminals, "terminal", nil, "`ADDRESS` that is a terminal; repeatable, then only these are")
	c.Flags().DurationVar(&f.reportInterval, "report-interval", 10*time.Second, "time between two reports of an open flow in a packet capture")
	c.Flags().StringVar(&f.tac, "type-allocation-code", "", "`CODE` of 8 digits: device type of all terminals")
	c.Flags().StringVar(&f.dnn, "dnn", "", "data network `NAME` of all records")
	c.Flags().StringVar(&f.snssai, "snssai", "", "`SLICE` of all records, such as 1-0000a1")
}

// snssaiForm is a slice as telemetry names it: its type, alone or with the
// differentiator (TS 29.571).
var snssaiForm = regexp.MustCompile(`^([01]?\d?\d|2[0-4]\d|25[0-5])(-[0-9a-fA-F]{6})?$`)

// check refuses values that no input could be read with, each under the name of
// its flag.
func (f *inputFlags) check() error {
	formats := []capture.Format{capture.FormatAuto, capture.FormatPcap, capture.FormatZeek, capture.FormatAvro, capture.FormatJSONL}
	switch {
	case !slices.Contains(formats, capture.Format(f.format)):
		return failure.Usage(fmt.Errorf("--format %s: want auto, pcap, zeek, avro or jsonl", f.format))
	case f.reportInterval < time.Second || f.reportInterval > 24*time.Hour:
		return failure.Usage(fmt.Errorf("--report-interval %s: want 1s to 24h", f.reportInterval))
	case f.snssai != "" && !snssaiForm.MatchString(f.snssai):
		return failure.Usage(fmt.Errorf("--snssai %s: want a slice such as 1 or 1-0000a1", f.snssai))
	}
	return nil
}

// open opens the captures as one source.
func (f *inputFlags) open(paths []string) (*capture.Source, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	s := capture.Settings{
		Format: capture.Format(f.format), ReportInterval: record.MicrosIn(f.reportInterval),
		TypeAllocationCode: f.tac, DNN: f.dnn, SNSSAI: f.snssai,
	}
	for _, text := range f.local {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, failure.Usage(fmt.Errorf("--local %s: not a CIDR such as 10.0.0.0/8", text))
		}
		s.Local = append(s.Local, prefix)
	}
	for _, text := range f.terminals {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return nil, failure.Usage(fmt.Errorf("--terminal %s: not an IP address", text))
		}
		s.Terminals = append(s.Terminals, addr)
	}
	source, err := capture.Open(paths, s)
	if err != nil { // a file that cannot be opened, or a flag: what is wrong inside of files is a Problem
		return nil, failure.Usage(err)
	}
	return source, nil
}

// pseudonymKey reads the key of --key-file; without one it is the published test
// key.
func pseudonymKey(file string) (pseudonym.Key, error) {
	if file == "" {
		return pseudonym.TestKey(), nil
	}
	key, err := keyfile.Read(file)
	if err != nil {
		return key, fmt.Errorf("--key-file: %w", err)
	}
	return key, nil
}

// each calls fn for every observation of the source, with progress.
func each(c *cobra.Command, source *capture.Source, fn func(*raw.Telemetry) error) (records int64, err error) {
	bar := newProgress(c)
	defer bar.end()
	var t raw.Telemetry
	for {
		switch err := source.Next(&t); {
		case errors.Is(err, io.EOF):
			return records, nil
		case err != nil:
			return records, err
		case c.Context().Err() != nil:
			return records, errInterrupted
		}
		records++
		if err := fn(&t); err != nil {
			return records, err
		}
		if records%256 == 0 {
			at := source.Progress()
			bar.at(at.Read, at.Total, fmt.Sprintf("%d records, up to %s", records, t.OccurredAt))
		}
	}
}

// rejected turns what could not be read into exit code 4, after everything else
// was done.
func rejected(c *cobra.Command, source *capture.Source) error {
	counts := source.Counts()
	if counts.Records == 0 && counts.Problems == 0 && !quiet(c) {
		fmt.Fprintln(c.ErrOrStderr(), nothingFound(counts))
	}
	if counts.Problems == 0 {
		return nil
	}
	listed := source.Problems()
	for _, p := range listed {
		fmt.Fprintf(c.ErrOrStderr(), "%s%s\n", p, inOtherWords(p.Cause))
	}
	if rest := counts.Problems - int64(len(listed)); rest > 0 {
		fmt.Fprintf(c.ErrOrStderr(), "and %d more\n", rest)
	}
	used := "what could be read was used"
	if counts.Records == 0 {
		used = "nothing could be used"
	}
	return failure.RejectedInput(fmt.Errorf("%s with the input, named above; %s", plural(int(counts.Problems), "problem"), used))
}

// nothingFound says why whole files gave no record.
func nothingFound(counts capture.Counts) string {
	if counts.Packets == 0 && counts.Rows == 0 {
		return "the input holds no packet and no row"
	}
	return "nothing in the input is of a terminal; say which addresses are with --local CIDR or --terminal ADDRESS"
}

// inOtherWords adds to a cause what a newcomer needs to know.
func inOtherWords(cause error) string {
	switch {
	case errors.Is(cause, io.ErrUnexpectedEOF):
		return " (the file ends in the middle)"
	case errors.Is(cause, capture.ErrFormat):
		return "; known are pcap, pcapng, Zeek conn.log, Avro containers and JSON lines, also in gzip or xz"
	}
	return ""
}

// writeTerminals writes source,supi,terminal: who is who in this run.
func writeTerminals(path string, list []capture.Terminal, key pseudonym.Key) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := csv.NewWriter(file)
	deriver, err := pseudonym.NewDeriver(key, 0, 0)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	rows := [][]string{{"source", "supi", "terminal"}}
	for _, t := range list {
		supi, err := identity.ParseSUPI(t.SUPI)
		if err != nil {
			continue // an address without a SUPI, or what the collector refuses: it has no pseudonym
		}
		rows = append(rows, []string{t.Source, t.SUPI, deriver.Terminal(supi).String()})
	}
	return errors.Join(w.WriteAll(rows), file.Close())
}
