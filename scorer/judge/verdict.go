package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cordon/internal/record"
	"cordon/scorer/detect"
	"cordon/scorer/pane"
)

// Names of features in reasons (docs/detection.md).
const (
	featureContacts   = "firstContactsFailed"
	featureUnanswered = "unansweredUplink"
	featureUplink     = "uplinkVolume"
	featureStarts     = "flowStarts"
)

// reasonLimit is how many reasons a verdict has at most (contracts section 5).
const reasonLimit = 12

// sampleLimit is how many destinations stand in the samples of a reason.
const sampleLimit = 3

// Write fills in what the case says of itself at pane n: everything of a
// verdict but whose it is, its number and the coverage.
func (r *Rule) Write(c *Case, s detect.Standing, n pane.Number, v *record.Verdict) {
	levels := s.At(n)
	c.Measured.Strangers = s.State.Strangers()
	v.Class = c.Class
	v.Evidence = int64(levels.Sum())
	v.MalfunctionEvidence = int64(levels.Malfunction())
	v.Score = Score(levels.Sum())
	v.Exceptions = c.exceptions()
	v.Reasons = r.reasons(c, s, n)
	v.Destinations = c.recorded()
	v.Counterfactual = r.counterfactual(&c.Measured, levels)
	v.TechniqueIDs = c.techniques()
	v.FirstEvidenceAt = c.First.Start()
	v.WindowStart, v.WindowEnd = c.First.Start(), n.End()
	v.Forbidden = record.Some(record.Forbidden{Flows: int64(c.ForbiddenFlows), ULVolume: int64(c.ForbiddenUL)})
}

// ddos reports whether the case is told as SUSPICION_OF_DDOS_ATTACK: flow starts
// have a victim, or unanswered uplink has one, or it is no scan. What a scan sends
// is evidence all the same.
func (c *Case) ddos() bool {
	return c.Pressed && c.has(detect.Volume) || c.has(detect.Flooding) && (c.Aimed || !c.has(detect.Scanning))
}

// exceptions lists what was seen in the words of TS 29.520, in its order.
func (c *Case) exceptions() []record.Exception {
	var list []record.Exception
	for id := record.UnexpectedUELocation; id <= record.PingPongAcrossCells; id++ {
		if c.Exceptions&(1<<id) != 0 || id == record.SuspicionOfDDoSAttack && c.ddos() {
			list = append(list, record.Exception{ExceptionID: id, Level: c.Level, Trend: c.Trend})
		}
	}
	return list
}

// techniques names what was seen in the words of ATT&CK (T…) and FiGHT (FGT…).
func (c *Case) techniques() []string {
	var list []string
	for f := range detect.Families {
		if f == detect.Flooding && c.ddos() || f != detect.Flooding && c.has(f) {
			list = append(list, techniquesOf[f]...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// techniquesOf are the techniques that a family sees.
var techniquesOf = [detect.Families][]string{
	detect.Scanning:     {"FGT1046", "T1046"},     // network service discovery
	detect.Flooding:     {"FGT1498", "T1498"},     // network denial of service
	detect.Beaconing:    {"FGT1437", "T1071"},     // application layer protocol: command and control
	detect.Exfiltration: {"FGT1048", "T1048"},     // exfiltration over alternative protocol
	detect.Location:     {"FGT5026"},              // a cloned or moved SIM
	detect.Churn:        {"FGT1498.502", "T1499"}, // exhaustion of what slices share; endpoint denial of service
	detect.Host:         {"T1496.001"},            // compute hijacking
}

// recorded returns the destinations as the contract has them: of an aimed flood
// those that belong to it, without the contacts of a scan beside it. One that
// is known by a token alone has no address to give.
func (c *Case) recorded() []record.Destination {
	var list []record.Destination
	all := c.Destinations()
	for _, d := range all {
		if c.Aimed && c.ddos() && d.UL < all[0].UL/victimShare {
			break
		}
		if address := d.Addr(); address.IsValid() {
			list = append(list, record.Destination{Protocol: int32(d.Protocol), Address: address, Port: int32(d.Port), Flows: int64(d.Flows)})
		}
	}
	return list
}

// reasons returns one reason per family and fault with evidence, largest first.
func (r *Rule) reasons(c *Case, s detect.Standing, n pane.Number) []record.Reason {
	var list []record.Reason
	levels := s.At(n)
	for f := range detect.Families {
		if levels.Of[f] <= 0 {
			continue
		}
		switch f {
		case detect.Scanning:
			list = append(list, r.ScanReason(&c.Measured, levels.Of[f], c.Destinations()))
		case detect.Flooding:
			list = append(list, r.FloodReason(&c.Measured, levels.Of[f]))
		case detect.Volume:
			list = append(list, r.volumeReason(&c.Measured, s, levels))
		default:
			list = append(list, reasonOf(s.Find(f, n), f.String(), levels.Of[f]))
		}
	}
	for f := range detect.Faults {
		if levels.Faults[f] > 0 {
			list = append(list, reasonOf(s.FindFault(f, n), f.String(), levels.Faults[f]))
		}
	}
	slices.SortFunc(list, func(a, b record.Reason) int {
		return cmp.Or(cmp.Compare(b.Contribution, a.Contribution), strings.Compare(a.Family, b.Family))
	})
	return list[:min(len(list), reasonLimit)]
}

// reasonOf writes a finding as a reason.
func reasonOf(f detect.Finding, family string, nats detect.Nats) record.Reason {
	return record.Reason{
		Feature: f.Feature, Family: family, Value: f.Value, Unit: f.Unit, Expected: f.Expected,
		Reference: f.Reference, Contribution: int64(nats), Samples: f.Samples,
	}
}

// ScanReason explains D1: the failed first contacts beside those a benign
// terminal would have had.
func (r *Rule) ScanReason(m *Measured, nats detect.Nats, destinations []Destination) record.Reason {
	tcp, other := m.TCP.Failed+m.TCP.Answered, m.Other.Failed+m.Other.Answered
	scan := r.Scan.Among(m.Strangers)
	reason := record.Reason{
		Feature: featureContacts, Family: detect.Scanning.String(), Unit: "contacts", Reference: record.ReferencePrior,
		Value:        int64(m.TCP.Failed + m.Other.Failed),
		Expected:     (int64(tcp)*scan.Rates.TCP + int64(other)*scan.Rates.Other) / 1000,
		Contribution: int64(nats),
	}
	reason.Samples = append(reason.Samples,
		fmt.Sprintf("tcp %d failed %d answered", m.TCP.Failed, m.TCP.Answered),
		fmt.Sprintf("other %d failed %d answered", m.Other.Failed, m.Other.Answered))
	if m.Strangers {
		reason.Samples = append(reason.Samples, "strangers answer it")
	}
	reason.Samples = carried(reason.Samples, m.Carried.Scan)
	for _, d := range destinations[:min(len(destinations), sampleLimit)] {
		reason.Samples = append(reason.Samples, d.String())
	}
	return reason
}

// carried adds what stood before anything was measured.
func carried(samples []string, nats detect.Nats) []string {
	if nats <= 0 {
		return samples
	}
	return append(samples, "carried over "+inFull(nats)+" nats")
}

// FloodReason explains D2 by the worst pane, in packets where these exceed
// their limit further than the bytes do.
func (r *Rule) FloodReason(m *Measured, nats detect.Nats) record.Reason {
	reason := record.Reason{
		Feature: featureUnanswered, Family: detect.Flooding.String(), Unit: "bytes per 10 s", Reference: record.ReferencePrior,
		Value: int64(m.UnansweredBytes), Expected: int64(r.Flood.Bytes), Contribution: int64(nats),
		Samples: []string{
			fmt.Sprintf("panes above the limit: %d, together %s nats", m.FloodPanes, inFull(m.FloodNats)),
			fmt.Sprintf("at most %d bytes and %d packets in a pane", m.UnansweredBytes, m.UnansweredPackets),
		},
	}
	reason.Samples = carried(reason.Samples, m.Carried.Flood)
	if detect.LnRatio(r.Flood.Packets+m.UnansweredPackets, r.Flood.Packets) > detect.LnRatio(r.Flood.Bytes+m.UnansweredBytes, r.Flood.Bytes) {
		reason.Unit = "packets per 10 s"
		reason.Value, reason.Expected = int64(m.UnansweredPackets), int64(r.Flood.Packets)
	}
	return reason
}

// volumeReason explains D3 by the feature that counts.
func (r *Rule) volumeReason(m *Measured, s detect.Standing, l detect.Levels) record.Reason {
	if l.Transferred() {
		return reasonOf(s.Destinations.FindInbound(), detect.Volume.String(), l.Of[detect.Volume])
	}
	reason := record.Reason{
		Feature: featureUplink, Family: detect.Volume.String(), Unit: "bytes per 10 s", Reference: m.UplinkNormal.From,
		Value: int64(m.Uplink), Expected: int64(m.UplinkNormal.Value), Contribution: int64(l.Of[detect.Volume]),
		Samples: []string{above(m.UplinkPanes, m.UplinkNats)},
	}
	before := m.Carried.Uplink
	if l.Starts > l.Uplink {
		reason.Feature, reason.Unit = featureStarts, "flows per 10 s"
		reason.Value, reason.Expected, reason.Reference = int64(m.Starts/1000), int64(m.StartsNormal.Value/1000), m.StartsNormal.From
		reason.Samples[0] = above(m.StartsPanes, m.StartsNats)
		before = m.Carried.Starts
	}
	if reason.Reference == record.ReferenceUnknown { // all of it stood before anything was measured
		reason.Reference, reason.Expected = record.ReferencePrior, int64(r.Uplink.Normal)
		if l.Starts > l.Uplink {
			reason.Expected = int64(r.Starts.Normal / 1000)
		}
	}
	reason.Samples = carried(reason.Samples, before)
	return reason
}

// above says how much the panes of D3 weighed.
func above(panes int32, nats detect.Nats) string {
	return fmt.Sprintf("panes above 1.44 times the normal: %d, together %s nats", panes, inFull(nats))
}

// String returns "tcp 203.0.113.7:23", with "*" where the port is open.
func (d Destination) String() string {
	address := "another terminal"
	if a := d.Addr(); a.IsValid() {
		address = a.String()
	} else if d.Form == pane.FormName {
		address = "a domain"
	}
	port := "*"
	if d.Port != 0 {
		port = fmt.Sprint(d.Port)
	}
	return protocolName(d.Protocol) + " " + address + " port " + port
}

// protocolName names the usual protocols.
func protocolName(p uint8) string {
	switch p {
	case pane.TCP:
		return "tcp"
	case pane.UDP:
		return "udp"
	case pane.ICMP, pane.ICMPv6:
		return "icmp"
	}
	return fmt.Sprintf("protocol %d", p)
}

// inFull writes milli-nats as nats with all their digits, to be added up again.
func inFull(n detect.Nats) string { return fmt.Sprintf("%d.%03d", n/detect.Nat, n%detect.Nat) }

// decimal writes milli-nats as nats.
func decimal(n detect.Nats) string { return fmt.Sprintf("%d.%d", n/1000, n%1000/100) }
