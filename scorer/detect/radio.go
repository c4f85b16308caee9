package detect

import (
	"cordon/internal/record"
	"cordon/scorer/pane"
)

// RadioRules are those of D11. A failing radio link is never held against the
// terminal as malice: it is the coverage, the antenna, or a jammer.
type RadioRules struct {
	Enabled bool
	// Weight in per cent of the nats (100).
	Weight int64
}

// PingPongRules are those of D12, likewise.
type PingPongRules struct {
	Enabled bool
	// Weight in per cent of the nats (100).
	Weight int64
}

// Limits of D11 and D12.
const (
	radioNormal = 10 // failures per hour of a terminal at the edge of coverage
	radioStep   = 600
	pingNormal  = 20 // returns in 10 min: the most of nearly all of 83 real phones (reference 3.12, 16)
	pingStep    = 600
	// pingPongMillis is how soon a return must come (f23).
	pingPongMillis = int64(10 * record.Second / record.Millisecond)
)

// radioNats weighs the failures of an hour: 12 nats from 30 on.
func radioNats(count int32) Nats {
	return min(max(Nats(count)-radioNormal, 0)*radioStep, FaultCap)
}

// pingNats weighs the returns of ten minutes: 12 nats from 40 on.
func pingNats(count int32) Nats {
	return min(max(Nats(count)-pingNormal, 0)*pingStep, FaultCap)
}

// judgeRadio notes failures and returns of weight. Where the cell or area fails for
// many, they are not the terminal's.
func (c *Control) judgeRadio(n pane.Number, ref *Reference, r *ControlRules) {
	if c.seen != n || ref.Storm {
		return
	}
	radio := int32(0)
	for i := range c.hour {
		radio += int32(c.hour[i].radio)
	}
	if r.Radio.Enabled && radio > radioNormal && c.hour[0].radio > 0 {
		c.lastRadio, c.radio, c.radioOf = n, radio, weighted(radioNats(radio), r.Radio.Weight)
	}
	if pings := int32(c.hour[0].pings); r.PingPong.Enabled && pings > pingNormal {
		c.lastPing, c.pings, c.pingsOf = n, pings, weighted(pingNats(pings), r.PingPong.Weight)
	}
}
