package capture

import "fmt"

// Problem is something in an input that could not be used.
type Problem struct {
	File     string
	Position string // "line 7", "packet 3 at byte 412"; empty: the whole file
	Cause    error  // never holds content of the file
}

// String returns the problem as one line.
func (p Problem) String() string {
	if p.Position == "" {
		return fmt.Sprintf("%s: %v", p.File, p.Cause)
	}
	return fmt.Sprintf("%s: %s: %v", p.File, p.Position, p.Cause)
}

// maxProblems bounds the problems that are kept of one file; all are counted.
const maxProblems = 20

// problems collects what was wrong with one file.
type problems struct {
	file   string
	list   []Problem
	counts *Counts
}

func (p *problems) add(position string, cause error) {
	p.counts.Problems++
	if len(p.list) < maxProblems {
		p.list = append(p.list, Problem{File: p.file, Position: position, Cause: cause})
	}
}

// Counts tell what became of the input. Packets add up: Packets is NotIP +
// Malformed + TunnelControl + UnknownLink + Remote + LostFragments +
// TunnelFragments + FlowPackets.
type Counts struct {
	Records int64 // telemetry records returned by Next

	Packets         int64 // frames read
	FlowPackets     int64 // counted in the flows of terminals
	FlowBytes       int64 // their bytes at IP level
	NotIP           int64 // ARP, EAPOL and the like
	Malformed       int64 // cut before their ports, or contradicting themselves
	TunnelControl   int64 // GTP-U without a packet inside
	UnknownLink     int64 // on a link type that is not read
	Remote          int64 // neither end is a terminal
	LostFragments   int64 // later parts of IP packets without a known flow
	TunnelFragments int64 // later parts of tunnel packets: the inner packet was counted in full with the first
	BackInTime      int64 // with a time before an earlier packet's, or none: counted at the earlier time
	FlowsDropped    int64 // open flows reported early because the flow table was full

	Rows          int64 // rows of Zeek logs, lines of JSON, Avro records read
	RowsRemote    int64 // of Zeek logs: neither end is a terminal
	RowsOutOfTurn int64 // of Zeek logs: too far from their place to be put in order

	Unnamed  int64 // records dropped because there were too many terminals to name
	Problems int64 // all, also those that Problems no longer lists
}
