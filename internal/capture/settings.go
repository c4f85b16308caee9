package capture

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"cordon/internal/record"
)

// Format is the form of an input file.
type Format string

// Forms of input (contracts section 8).
const (
	FormatAuto  Format = "auto"  // by content, never by name
	FormatPcap  Format = "pcap"  // pcap and pcapng
	FormatZeek  Format = "zeek"  // conn.log as TSV or JSON
	FormatAvro  Format = "avro"  // object container files of TerminalTelemetry
	FormatJSONL Format = "jsonl" // plain JSON, one record a line
)

// Settings say how inputs are read. The zero value reads every format with the
// defaults.
type Settings struct {
	// Format of all inputs; default auto.
	Format Format
	// Local are the ranges whose addresses are terminals, in packets and Zeek
	// logs; default DefaultLocal.
	Local []netip.Prefix
	// Terminals, when not empty, are the only terminals; Local is not used.
	Terminals []netip.Addr
	// ReportInterval is the time between two reports of an open flow; default
	// 10 s, the pane of the scorer; at least 1 s.
	ReportInterval record.Micros
	// MaxFlows bounds the flow table (about 0.5 kB each); default 262,144. When
	// it is full the flow that was silent longest is reported and forgotten.
	MaxFlows int
	// TypeAllocationCode (8 digits), DNN and SNSSAI are set on every record but
	// Clocks when not empty. The first becomes a PEI with a serial number of
	// the terminal's order of appearance.
	TypeAllocationCode string
	DNN                string
	SNSSAI             string
}

const (
	defaultReportInterval = 10 * record.Second
	defaultMaxFlows       = 1 << 18
)

// DefaultLocal returns the ranges that terminals have where nothing else is
// said: private (RFC 1918), carrier-grade NAT (RFC 6598), unique local (RFC
// 4193). Link-local addresses are not in it: they name no terminal.
func DefaultLocal() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"),
		netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("100.64.0.0/10"),
		netip.MustParsePrefix("fc00::/7"),
	}
}

// ErrSettings marks settings that cannot be used; the message names the field.
var ErrSettings = errors.New("capture settings")

// withDefaults returns s with every unset field at its default.
func (s Settings) withDefaults() (Settings, error) {
	if s.Format == "" {
		s.Format = FormatAuto
	}
	if len(s.Local) == 0 {
		s.Local = DefaultLocal()
	}
	if s.ReportInterval == 0 {
		s.ReportInterval = defaultReportInterval
	}
	if s.MaxFlows == 0 {
		s.MaxFlows = defaultMaxFlows
	}
	return s, s.check()
}

func (s Settings) check() error {
	switch s.Format {
	case FormatAuto, FormatPcap, FormatZeek, FormatAvro, FormatJSONL:
	default:
		return fmt.Errorf("%w: format %q is none of auto, pcap, zeek, avro, jsonl", ErrSettings, s.Format)
	}
	// Below a second an open flow would cost more records than packets.
	if s.ReportInterval < record.Second || s.ReportInterval > record.Day {
		return fmt.Errorf("%w: report interval %v is not within 1s to 24h", ErrSettings, s.ReportInterval.Duration())
	}
	if s.MaxFlows < 1 {
		return fmt.Errorf("%w: flow table of %d flows", ErrSettings, s.MaxFlows)
	}
	if c := s.TypeAllocationCode; c != "" && (len(c) != 8 || strings.Trim(c, "0123456789") != "") {
		return fmt.Errorf("%w: type allocation code %q is not 8 digits", ErrSettings, c)
	}
	return nil
}
