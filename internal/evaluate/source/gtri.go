package source

import (
	"archive/tar"
	"bufio"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// GTRI is a run of GTRI's 5G set (ue-*.tar.gz, Apache-2.0): for each terminal the
// bit rates, transport blocks and sessions of each slice, polled every 5 s. A poll
// becomes a report of session usage, a change of the count of a slice becomes
// session events. The count of slice 6 is left out: it gives the label away.
type GTRI struct {
	records []gtriRecord
	next    int
}

// gtriRecord is one record to be; a change of a slice has slice set.
type gtriRecord struct {
	at    record.Micros
	supi  string
	slice int32
	event record.SessionEvent
	usage record.SessionUsage
}

const (
	gtriPoll    = 5 * record.Second
	gtriSlices  = 5
	gtriLongest = 16 << 20 // bytes of one file; the largest has 60 kB
)

// gtriFile names the files that count: those of slices, throughput and stats.
var gtriFile = regexp.MustCompile(`^ue-(\d{15})/(slices|stats|throughput)-`)

// OpenGTRI reads a run.
func OpenGTRI(name string) (*GTRI, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	g, err := readGTRI(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path.Base(name), err)
	}
	return g, nil
}

func readGTRI(from io.Reader) (*GTRI, error) {
	unpacked, err := gzip.NewReader(bufio.NewReader(from))
	if err != nil {
		return nil, err
	}
	polls := map[string]map[string][]gtriRow{} // by terminal and kind of file
	archive := tar.NewReader(unpacked)
	for {
		member, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		dir, base := path.Split(member.Name)
		found := gtriFile.FindStringSubmatch(path.Base(dir) + "/" + base)
		if found == nil {
			continue
		}
		kinds := polls[found[1]]
		if kinds == nil {
			kinds = map[string][]gtriRow{}
			polls[found[1]] = kinds
		}
		kinds[found[2]] = append(kinds[found[2]], readGTRIRows(io.LimitReader(archive, gtriLongest))...)
	}
	return newGTRI(polls), nil
}

// gtriRow is one line: its time and what it says by the names of the first line.
type gtriRow struct {
	at    float64 // seconds since 1970
	value map[string]float64
}

// readGTRIRows reads a file. A line that was cut short is left out.
func readGTRIRows(from io.Reader) (rows []gtriRow) {
	lines := bufio.NewScanner(from)
	if !lines.Scan() {
		return nil
	}
	names := strings.Split(lines.Text(), ",")
	for lines.Scan() {
		parts := strings.Split(lines.Text(), ",")
		if len(parts) != len(names) {
			continue
		}
		row := gtriRow{value: map[string]float64{}}
		for i, part := range parts {
			n, err := strconv.ParseFloat(part, 64)
			if err != nil {
				row.value = nil
				break
			}
			row.value[names[i]] = n
		}
		if row.value != nil {
			row.at = row.value["epoch"]
			rows = append(rows, row)
		}
	}
	return rows
}

// newGTRI makes records of all polls, by time; those of one time by terminal.
func newGTRI(polls map[string]map[string][]gtriRow) *GTRI {
	g := &GTRI{}
	terminals := make([]string, 0, len(polls))
	for imsi := range polls {
		terminals = append(terminals, imsi)
	}
	slices.Sort(terminals)
	for _, imsi := range terminals {
		kinds := polls[imsi]
		for _, list := range kinds {
			slices.SortStableFunc(list, func(a, b gtriRow) int { return cmp.Compare(a.at, b.at) })
		}
		g.sessions("imsi-"+imsi, kinds["slices"])
		g.usage("imsi-"+imsi, kinds["throughput"], kinds["stats"])
	}
	slices.SortStableFunc(g.records, func(a, b gtriRecord) int { return cmp.Compare(a.at, b.at) })
	return g
}

// sessions adds an event for every session that a count says has come or gone.
func (g *GTRI) sessions(supi string, rows []gtriRow) {
	var before [gtriSlices + 1]int
	for _, row := range rows {
		for slice := 1; slice <= gtriSlices; slice++ {
			count := int(row.value[fmt.Sprintf("slice%d_count", slice)])
			change, event := count-before[slice], record.SessionEstablished
			before[slice] = count
			if change < 0 {
				change, event = -change, record.SessionReleased
			}
			for range change {
				g.records = append(g.records, gtriRecord{at: gtriTime(row.at), supi: supi, slice: int32(slice), event: event})
			}
		}
	}
}

// usage adds a report for each poll: bit rates times the interval, transport
// blocks for packets.
func (g *GTRI) usage(supi string, rates, stats []gtriRow) {
	counted := map[float64]gtriRow{}
	for _, row := range stats {
		counted[math.RoundToEven(row.at)] = row
	}
	const bytes = float64(gtriPoll/record.Second) / 8
	for _, row := range rates {
		u := record.SessionUsage{ULVolume: int64(row.value["ul"] * bytes), DLVolume: int64(row.value["dl"] * bytes), ULPackets: -1, DLPackets: -1}
		if c, ok := counted[math.RoundToEven(row.at)]; ok {
			u.ULPackets, u.DLPackets = int64(c.value["ul_tx_count"]), int64(c.value["dl_rx_count"])
		}
		g.records = append(g.records, gtriRecord{at: gtriTime(row.at), supi: supi, usage: u})
	}
}

// gtriTime has milliseconds, as the set has.
func gtriTime(seconds float64) record.Micros {
	return record.Micros(math.Round(seconds*1000)) * record.Second / 1000
}

// Next implements Source.
func (g *GTRI) Next(t *raw.Telemetry) error {
	if g.next == len(g.records) {
		return io.EOF
	}
	r := &g.records[g.next]
	g.next++
	*t = raw.Telemetry{OccurredAt: r.at, SUPI: r.supi, DNN: "iot"}
	if r.slice == 0 {
		t.SourceID, t.Kind, t.SessionUsage = "gtri-upf", record.KindSessionUsage, r.usage
		t.IntervalStart = record.Some(r.at - gtriPoll)
		return nil
	}
	t.SourceID, t.Kind = "gtri-smf", record.KindSession
	t.SNSSAI, t.PDUSessionID = "1-"+strings.Repeat(strconv.Itoa(int(r.slice)), 6), record.Some(r.slice)
	t.Session.Event, t.Session.CauseClass = r.event, record.CauseNone
	return nil
}
