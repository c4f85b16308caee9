package detect

import (
	"cordon/internal/record"
)

// Family groups detectors that look at the same deed, so that what one of them
// sees is not counted twice: two families are two independent observations.
type Family uint8

// Families of evidence for malice (detection reference 3.4), with their caps.
const (
	Scanning     Family = iota // D1: 60, enough alone
	Flooding                   // D2: 12
	Volume                     // D3: 12; corroborates and never decides
	Novelty                    // D4: 9, a new destination
	Beaconing                  // D5, D7: 14, its contacts keep time or last
	Exfiltration               // D6: 9, what it got
	Profile                    // D4, D7, D8 against what was provisioned: 9
	Location                   // D10, D14: 12, another place or another device
	Churn                      // D17: 24, enough alone
	Host                       // D13: 9, what the device says of itself
	External                   // what firewalls and destination lists say: 6
	Families                   // their number
)

var familyNames = [Families]string{
	"scan", "flood", "volume", "novelty", "beacon", "exfiltration", "profile", "location", "churn", "host", "external",
}

// String returns the name that stands in reasons (docs/detection.md).
func (f Family) String() string { return familyNames[f] }

var familyCaps = [Families]Nats{60 * Nat, floodCap, volumeCap, 9 * Nat, 14 * Nat, 9 * Nat, 9 * Nat, 12 * Nat, 24 * Nat, 9 * Nat, 6 * Nat}

// Cap returns the most that a family can weigh.
func (f Family) Cap() Nats { return familyCaps[f] }

// FamilyNamed returns the family of a name, if there is one.
func FamilyNamed(name string) (Family, bool) {
	for f, known := range familyNames {
		if known == name {
			return Family(f), true
		}
	}
	return 0, false
}

// Fault groups the signs of a terminal that is broken. None of them ever counts
// as malice.
type Fault uint8

// Faults (detection reference 3.4 and 3.6), each up to 12 nats.
const (
	Access   Fault = iota // D9: more requests than a modem may send
	Radio                 // D11: its radio link fails
	PingPong              // D12: it goes back and forth between cells
	Retry                 // D15: it does not stop to call a known service that fails
	Silence               // D16: it fell silent
	Restart               // D13: it starts again and again, or its battery drains
	Stuck                 // D16: it says the same again and again
	Faults                // their number
)

var faultNames = [Faults]string{"access", "radio", "ping-pong", "retry", "silence", "restart", "stuck"}

// String returns the name that stands in reasons.
func (f Fault) String() string { return faultNames[f] }

// FaultNamed returns the fault of a name, if there is one.
func FaultNamed(name string) (Fault, bool) {
	for f, known := range faultNames {
		if known == name {
			return Fault(f), true
		}
	}
	return 0, false
}

// FaultCap is the most that one fault can weigh.
const FaultCap = 12 * Nat

// Levels are the nats of each family and fault at one pane, within their caps.
type Levels struct {
	Of     weights
	Faults [Faults]Nats
	// Uplink and Starts are what Volume is the larger of.
	Uplink, Starts Nats
	// Reached: novelty, beacon and exfiltration are about a destination that answers.
	// Answered: no peers tell whether it is a usual one, too.
	Reached, Answered bool
	// Inbound: that destination opened the connection itself, and the larger part of
	// Volume may be what came over it.
	Inbound bool
	// Drained: Restart is a battery that drains.
	Drained bool
}

// Sum returns the evidence of all families.
func (l *Levels) Sum() Nats {
	sum := Nats(0)
	for _, n := range l.Of {
		sum += n
	}
	return sum
}

// OutsideVolume returns the evidence without the volume family.
func (l *Levels) OutsideVolume() Nats { return l.Sum() - l.Of[Volume] }

// faultCap bounds the malfunction evidence.
const faultCap = 30 * Nat

// Transferred reports whether Volume is what came over an inbound connection.
func (l *Levels) Transferred() bool { return l.Inbound && l.Of[Volume] > max(l.Uplink, l.Starts) }

// Malfunction returns the evidence of all faults together.
func (l *Levels) Malfunction() Nats {
	sum := Nats(0)
	for _, n := range l.Faults {
		sum += n
	}
	return min(sum, faultCap)
}

// Counted returns how many families have at least a number of nats: independent
// observations. What has one cause is one of them:
//   - a new destination that answers with its beacon and with what it got (3.12, 5),
//     unless peers tell that it is unusual;
//   - a new destination that answers with another place or another device: who moves
//     house, or gets another meter, also gets other servers;
//   - what came over an inbound connection with that connection.
//
// What firewalls and lists say corroborates, and counts as none.
func (l *Levels) Counted(least Nats) int {
	of := l.Of
	of[External] = 0
	if l.Inbound {
		of[Volume] = min(of[Volume], max(l.Uplink, l.Starts))
	}
	if l.Reached {
		of.join(Location)
	}
	if l.Answered {
		of.join(Beaconing)
		of.join(Exfiltration)
	}
	count := 0
	for _, n := range of {
		if n >= least {
			count++
		}
	}
	return count
}

// weights are the nats of each family.
type weights [Families]Nats

// join makes a family one with novelty, which has the larger of both.
func (w *weights) join(f Family) { w[Novelty], w[f] = max(w[Novelty], w[f]), 0 }

// Finding is why a family or fault has its nats, in the numbers that a verdict
// shows.
type Finding struct {
	Feature   string // what was measured, lowerCamelCase
	Unit      string
	Value     int64 // as measured
	Expected  int64 // what would be normal
	Reference record.Reference
	Samples   []string // words and numbers to compute it again
	// Exception is what TS 29.520 calls it; ExceptionUnknown: nothing.
	Exception record.ExceptionID
}

// Features of reasons that say what is one family with what: see Levels.
const (
	FeatureAnswered = "newDestinationAnswered" // Reached
	FeatureInbound  = "inboundConnection"      // Reached, Inbound
	FeatureTransfer = "inboundTransfer"        // of volume: it is what came over that connection
)

// Standing is all that stands against one terminal: evidence that every terminal
// has room for, and what only some have. A nil one says nothing.
type Standing struct {
	State        *State
	Destinations *Destinations // D4 to D7, D15, D16
	Control      *Control      // D9, D11, D12, D17
	Device       *Device       // D8, D10, D13, D14, D16, external exceptions
}

// alone lists the families that decide by themselves: what they see has no
// harmless explanation left at 20 nats.
var alone = [...]Family{Scanning, Churn}

// Alone returns the most evidence of a family that may decide by itself.
func (l *Levels) Alone() Nats {
	most := Nats(0)
	for _, f := range alone {
		most = max(most, l.Of[f])
	}
	return most
}

// Deeds returns the evidence of what the terminal itself does: not of its volume, nor
// of where or what it is, nor what others say of it, or it of itself, nor that
// somebody turned to it. Who forges those, or just brings them about, must not isolate
// anybody.
func (l *Levels) Deeds() Nats {
	deeds := l.OutsideVolume() - l.Of[Location] - l.Of[Host] - l.Of[External]
	if l.Inbound {
		deeds -= l.Of[Novelty]
	}
	return deeds
}
