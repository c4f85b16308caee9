package capture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"cordon/internal/record"
)

// field is a column of conn.log that is used.
type field uint8

const (
	fieldTime field = iota
	fieldOrigHost
	fieldOrigPort
	fieldRespHost
	fieldRespPort
	fieldProto
	// What follows may be absent.
	fieldProtoNumber
	fieldDuration
	fieldOrigBytes
	fieldRespBytes
	fieldState
	fieldHistory
	fieldOrigPackets
	fieldOrigIPBytes
	fieldRespPackets
	fieldRespIPBytes
	fieldCount
)

// fieldNames are the names in the log's header (Zeek base/protocols/conn). All
// other columns, labels above all, are never looked at.
var fieldNames = [fieldCount]string{
	"ts", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto",
	"ip_proto", "duration", "orig_bytes", "resp_bytes", "conn_state", "history",
	"orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes",
}

var (
	errNoHeader = errors.New("a row before the #fields line")
	errColumns  = errors.New("not a conn.log")
	errField    = errors.New("a field that cannot be read")
)

// zeekRow holds the fields of one row as text; empty: unset.
type zeekRow [fieldCount]string

// columns is the header of a TSV log.
type columns struct {
	separator string
	unset     string
	place     [fieldCount]int // column, from 1; 0: the log has none
	known     bool
}

// header reads a line that begins with "#". A log may begin again in the
// middle of a file that was put together from several.
func (c *columns) header(line []byte) error {
	if value, ok := bytes.CutPrefix(line, []byte("#separator ")); ok {
		*c = columns{separator: unescape(string(value)), unset: "-"}
		return nil
	}
	if c.separator == "" {
		c.separator, c.unset = "\t", "-"
	}
	cells := strings.Split(string(line), c.separator)
	switch {
	case cells[0] == "#unset_field" && len(cells) > 1:
		c.unset = cells[1]
	case cells[0] == "#fields":
		return c.locate(cells)
	}
	return nil
}

func (c *columns) locate(cells []string) error {
	c.place, c.known = [fieldCount]int{}, true
	for f, name := range fieldNames {
		for column, cell := range cells {
			if column > 0 && cell == name {
				c.place[f] = column
			}
		}
		if c.place[f] == 0 && field(f) <= fieldProto {
			c.known = false
			return fmt.Errorf("%w: it has no column %s", errColumns, name)
		}
	}
	return nil
}

// unescape reads the separator, which is written as \x09.
func unescape(s string) string {
	if hex, ok := strings.CutPrefix(s, `\x`); ok {
		if b, err := strconv.ParseUint(hex, 16, 8); err == nil {
			return string(rune(b))
		}
	}
	if s == "" {
		return "\t"
	}
	return s
}

// connection reads one row.
func (c *columns) connection(line []byte) (*connection, error) {
	if !c.known {
		return nil, errNoHeader
	}
	var row zeekRow
	cells := strings.Split(string(line), c.separator)
	for f, column := range c.place {
		if column == 0 {
			continue
		}
		if column > len(cells) {
			return nil, fmt.Errorf("%w: %s is missing", errField, fieldNames[f])
		}
		if cell := cells[column-1]; cell != c.unset {
			row[f] = cell
		}
	}
	return row.connection()
}

// parse reads a line of a JSON log.
func (z *zeekRow) parse(line []byte) error {
	*z = zeekRow{}
	var cells map[string]json.RawMessage
	if err := json.Unmarshal(line, &cells); err != nil {
		return fmt.Errorf("%w: not JSON", errField)
	}
	for f, name := range fieldNames {
		cell := string(cells[name])
		if strings.HasPrefix(cell, `"`) {
			if err := json.Unmarshal(cells[name], &cell); err != nil {
				return fmt.Errorf("%w: %s", errField, name)
			}
		}
		if cell != "null" {
			z[f] = cell
		}
	}
	return nil
}

// connection makes sense of the fields.
func (z *zeekRow) connection() (*connection, error) {
	var c connection
	var good [5]bool
	var duration record.Micros
	c.start, good[0] = parseTime(z[fieldTime])
	duration, good[1] = parseSeconds(z[fieldDuration])
	c.proto, good[2] = z.protocol()
	c.orig, good[3] = z.end(fieldOrigHost)
	c.resp, good[4] = z.end(fieldRespHost)
	for i, f := range [...]field{fieldTime, fieldDuration, fieldProto, fieldOrigHost, fieldRespHost} {
		if !good[i] {
			return nil, fmt.Errorf("%w: %s", errField, fieldNames[f])
		}
	}
	if !z.volumes(&c) {
		return nil, fmt.Errorf("%w: packets or bytes", errField)
	}
	c.end = min(c.start+duration, lastTime)
	switch c.proto {
	case protoTCP:
		c.flags = flagsOfHistory(z[fieldState], z[fieldHistory])
	case protoICMP, protoICMPv6: // the ports are type and code
		c.orig, c.resp = netip.AddrPortFrom(c.orig.Addr(), 0), netip.AddrPortFrom(c.resp.Addr(), 0)
	}
	return &c, nil
}

// end reads a host and the port in the field behind it.
func (z *zeekRow) end(host field) (netip.AddrPort, bool) {
	addr, err := netip.ParseAddr(z[host])
	port, err2 := strconv.ParseUint(z[host+1], 10, 16)
	return netip.AddrPortFrom(addr.Unmap().WithZone(""), uint16(port)), err == nil && err2 == nil
}

func (z *zeekRow) protocol() (uint8, bool) {
	if n, err := strconv.ParseUint(z[fieldProtoNumber], 10, 8); err == nil {
		return uint8(n), true
	}
	switch z[fieldProto] {
	case "tcp":
		return protoTCP, true
	case "udp":
		return protoUDP, true
	case "icmp":
		if strings.Contains(z[fieldOrigHost], ":") {
			return protoICMPv6, true
		}
		return protoICMP, true
	case "unknown_transport":
		return protoNone, true
	}
	return 0, false
}

// volumes reads packets and bytes. Where the log has no bytes at IP level they
// are those of the payload with the smallest headers.
func (z *zeekRow) volumes(c *connection) bool {
	good := true
	for end, f := range [2][3]field{
		{fieldOrigPackets, fieldOrigIPBytes, fieldOrigBytes},
		{fieldRespPackets, fieldRespIPBytes, fieldRespBytes},
	} {
		packets, ok1 := parseCount(z[f[0]])
		total, ok2 := parseCount(z[f[1]])
		payload, ok3 := parseCount(z[f[2]])
		if packets == 0 && max(total, payload) > 0 {
			packets = 1 // the log counts no packets
		}
		if total == 0 && packets > 0 {
			total = payload + packets*headerSize(c.proto)
		}
		c.packets[end], c.bytes[end] = packets, total
		good = good && ok1 && ok2 && ok3
	}
	if c.packets == [2]int64{} {
		// Zeek saw at least one packet of the originator (contracts section 8).
		c.packets[0], c.bytes[0] = 1, 40
	}
	return good
}

// headerSize returns the smallest IP and transport header of a protocol.
func headerSize(proto uint8) int64 {
	if proto == protoTCP {
		return 40
	}
	return 28
}

// parseCount reads a count; an unset one is 0. Counts are bounded so that no
// sum of them overflows.
func parseCount(s string) (int64, bool) {
	if s == "" {
		return 0, true
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0 && n <= 1<<52
}

// parseSeconds reads a number of seconds, unset: 0. A float64 holds today's
// times to a quarter of a microsecond.
func parseSeconds(s string) (record.Micros, bool) {
	if s == "" {
		return 0, true
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || !(seconds >= 0 && seconds <= float64(lastTime/record.Second)) {
		return 0, false
	}
	return record.Micros(math.Round(seconds * 1e6)), true
}

// parseTime reads a point in time: seconds since 1970, or RFC 3339 where a
// JSON log was told so.
func parseTime(s string) (record.Micros, bool) {
	if strings.Contains(s, "T") {
		at, err := time.Parse(time.RFC3339, s)
		m := record.MicrosOf(at)
		return m, err == nil && m >= 0 && m <= lastTime
	}
	m, ok := parseSeconds(s)
	return m, ok && s != ""
}
