package capture

import "cordon/internal/record"

// statesOfZeek gives the TCP flags that a conn_state implies, by originator
// and responder, for logs without a history (Zeek base/protocols/conn).
var statesOfZeek = map[string][2]uint8{
	"S0":     {flagSYN, 0},
	"S1":     {flagSYN | flagACK, flagSYN | flagACK},
	"SF":     {flagSYN | flagACK | flagFIN, flagSYN | flagACK | flagFIN},
	"REJ":    {flagSYN, flagRST | flagACK},
	"S2":     {flagSYN | flagACK | flagFIN, flagSYN | flagACK},
	"S3":     {flagSYN | flagACK, flagSYN | flagACK | flagFIN},
	"RSTO":   {flagSYN | flagACK | flagRST, flagSYN | flagACK},
	"RSTR":   {flagSYN | flagACK, flagSYN | flagACK | flagRST},
	"RSTOS0": {flagSYN | flagRST, 0},
	"RSTRH":  {0, flagSYN | flagACK | flagRST},
	"SH":     {flagSYN | flagFIN, 0},
	"SHR":    {0, flagSYN | flagACK | flagFIN},
}

// flagsOfHistory returns the TCP flags of originator and responder as far as
// the log tells. The history names one letter per kind of packet, capitals
// for the originator.
func flagsOfHistory(state, history string) [2]record.Opt[int32] {
	var seen [2]uint8
	for i := range len(history) {
		c, end := history[i], 0
		if c >= 'a' && c <= 'z' {
			c, end = c-'a'+'A', 1
		}
		switch c {
		case 'S':
			seen[end] |= flagSYN
		case 'H':
			seen[end] |= flagSYN | flagACK
		case 'A', 'D', 'W':
			seen[end] |= flagACK
		case 'F':
			seen[end] |= flagFIN | flagACK
		case 'R':
			seen[end] |= flagRST
		}
	}
	if history == "" {
		seen = statesOfZeek[state]
	}
	var flags [2]record.Opt[int32]
	for end, f := range seen {
		if f != 0 {
			flags[end] = record.Some(int32(f))
		}
	}
	return flags
}
