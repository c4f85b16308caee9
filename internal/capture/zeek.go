package capture

import (
	"bufio"
	"container/heap"
	"errors"
	"net/netip"

	"cordon/internal/record"
)

// sourceOfZeek is the sourceId of records made from Zeek logs.
const sourceOfZeek = "zeek"

// maxPending bounds the rows that are held to put them in order (about 0.3 kB
// each). Zeek writes a connection when it forgets it, up to its longest
// inactivity timeout after its end; a log out of order by more rows than this
// is put in order as far as possible.
const maxPending = 1 << 18

// errOutOfTurn is told once per log.
var errOutOfTurn = errors.New("rows are out of order by more than can be held; some come late")

// connection is one row of a conn.log.
type connection struct {
	start, end     record.Micros
	orig, resp     netip.AddrPort
	proto          uint8
	bytes, packets [2]int64 // at IP level, by originator and responder
	flags          [2]record.Opt[int32]
	number         int64 // of the row: ties of end
}

// zeek reads a conn.log, as TSV or as JSON, in order of the ends of its
// connections.
type zeek struct {
	lines   lines
	local   *locality
	columns columns
	json    zeekRow
	pending byEnd
	limit   int // rows held
	latest  record.Micros
	told    bool
	drained bool // the log was read to its end
	reports []report
}

func newZeek(r *bufio.Reader, p *problems, s *Settings) *zeek {
	return &zeek{lines: lines{r: r, problems: p}, local: newLocality(s), limit: maxPending}
}

// next implements reader.
func (z *zeek) next(i *item) bool {
	for len(z.reports) == 0 {
		z.fillUp()
		if len(z.pending) == 0 {
			return false
		}
		z.take(heap.Pop(&z.pending).(*connection))
	}
	z.reports[0].fill(i)
	i.record.SourceID = sourceOfZeek
	z.reports = z.reports[1:]
	return true
}

// fillUp reads rows until enough are held to know which one ended first.
func (z *zeek) fillUp() {
	for !z.drained && len(z.pending) < z.limit {
		c, ok := z.row()
		if !ok {
			z.drained = true
			return
		}
		if c.end < z.latest {
			z.lines.problems.counts.RowsOutOfTurn++
			if !z.told {
				z.told = true
				z.lines.problem(errOutOfTurn)
			}
		}
		heap.Push(&z.pending, c)
	}
}

// row returns the next row that is a connection.
func (z *zeek) row() (*connection, bool) {
	for {
		line, ok := z.lines.next()
		if !ok {
			return nil, false
		}
		c, err := z.parse(line)
		if err != nil {
			z.lines.problem(err)
		}
		if c != nil {
			z.lines.problems.counts.Rows++
			c.number = z.lines.number
			return c, true
		}
	}
}

// parse reads a line; neither connection nor error: it holds none.
func (z *zeek) parse(line []byte) (*connection, error) {
	switch line[0] {
	case '#':
		return nil, z.columns.header(line)
	case '{':
		if err := z.json.parse(line); err != nil {
			return nil, err
		}
		return z.json.connection()
	}
	return z.columns.connection(line)
}

// take makes reports of the connection, one for each terminal, that of the
// originator first.
func (z *zeek) take(c *connection) {
	z.latest = max(z.latest, c.end)
	z.reports = z.reports[:0]
	ends := [2]netip.AddrPort{c.orig, c.resp}
	for terminal, end := range ends {
		if z.local.has(end.Addr()) {
			z.reports = append(z.reports, c.report(terminal, ends))
		}
	}
	if len(z.reports) == 0 {
		z.lines.problems.counts.RowsRemote++
	}
}

func (c *connection) report(terminal int, ends [2]netip.AddrPort) report {
	remote := ends[1-terminal]
	return report{
		terminal: ends[terminal].Addr(), at: c.end, since: c.start, port: portOf(c.proto, ends[terminal]),
		flow: record.Flow{
			Protocol: int32(c.proto), RemoteAddress: remote.Addr(), RemotePort: int32(remote.Port()),
			Direction: direction(0, terminal), StartTime: record.Some(c.start), Ended: true,
			ULVolume: c.bytes[terminal], DLVolume: c.bytes[1-terminal],
			ULPackets: c.packets[terminal], DLPackets: c.packets[1-terminal],
			ULTCPFlags: c.flags[terminal], DLTCPFlags: c.flags[1-terminal],
		},
	}
}

// byEnd is the heap of connections by end, those of earlier rows first.
type byEnd []*connection

func (b byEnd) Len() int      { return len(b) }
func (b byEnd) Swap(i, j int) { b[i], b[j] = b[j], b[i] }

func (b byEnd) Less(i, j int) bool {
	if b[i].end != b[j].end {
		return b[i].end < b[j].end
	}
	return b[i].number < b[j].number
}

// Push implements heap.Interface.
func (b *byEnd) Push(x any) { *b = append(*b, x.(*connection)) }

// Pop implements heap.Interface.
func (b *byEnd) Pop() any {
	last := len(*b) - 1
	c := (*b)[last]
	(*b)[last] = nil
	*b = (*b)[:last]
	return c
}
