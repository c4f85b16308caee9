package detect

import (
	"testing"

	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// BenchmarkDetectors tells what a pane costs in each detector, the others of its part
// switched off, with a pane that concerns it. D8 and D16 have benchmarks of their own.
func BenchmarkDetectors(b *testing.B) {
	all := shipped()
	state := func(d Detectors, v *feature.Vector) func() {
		var s State
		ref := shippedReference()
		return func() { v.Pane++; s.Step(&d, v, ref) }
	}
	destinations := func(rules DestinationsRules, d pane.Destination) func() {
		var of Destinations
		d.Key = addressed(pane.TCP, 443)
		v := &feature.Vector{Pane: 900_000, Seen: []feature.Seen{{Destination: &d}}}
		ref := &Reference{Age: 9000, Uplink: Normal{Value: 300_000}, Ports: &Ports{}}
		return func() { v.Pane += 6; of.Step(v, ref, &rules) }
	}
	control := func(rules ControlRules, events ...pane.Event) func() {
		var of Control
		v := &feature.Vector{Events: events}
		return func() { v.Pane++; of.Step(v, &Reference{Short: 240 * record.Second}, &rules) }
	}
	device := func(rules DeviceRules, events ...pane.Event) func() {
		var of Device
		v := &feature.Vector{Events: events}
		ref := &Reference{Area: 1}
		return func() { v.Pane++; ref.Equipment = uint32(v.Pane / 4096); of.Step(v, ref, &rules) }
	}
	from, of := DefaultDestinationsRules(), DefaultControlRules()
	answered := pane.Destination{Flows: 1, Began: 1, Answered: 1, UL: 900, DL: 900}
	host, place := DefaultDeviceRules(), DefaultDeviceRules()
	host.Location, place.Host = LocationRules{}, HostRules{}
	for name, step := range map[string]func(){
		"D1":     state(Detectors{Scan: all.Scan}, &feature.Vector{TCP: feature.Contacts{Failed: 2}}),
		"D2":     state(Detectors{Flood: all.Flood}, &feature.Vector{UnansweredBytes: feature.Amount{Value: 90_000}}),
		"D3":     state(Detectors{Uplink: all.Uplink, Starts: all.Starts}, &feature.Vector{Uplink: feature.Amount{Value: 900_000}}),
		"D4":     destinations(DestinationsRules{Novelty: from.Novelty}, answered),
		"D5, D7": destinations(DestinationsRules{Novelty: from.Novelty, Beacon: from.Beacon}, answered),
		"D6":     destinations(DestinationsRules{Novelty: from.Novelty, Exfiltration: from.Exfiltration}, pane.Destination{Flows: 1, Began: 1, Answered: 1, UL: 9_000_000, DL: 900}),
		"D15":    destinations(DestinationsRules{Retry: from.Retry}, pane.Destination{Flows: 9, Began: 9}),
		"D9": control(ControlRules{Access: of.Access}, pane.Event{
			Kind: record.KindRegistration, What: uint8(record.ServiceRequest), Outcome: uint8(record.OutcomeRejected), Cause: uint8(record.CausePermanent), Count: 1,
		}),
		"D11": control(ControlRules{Radio: of.Radio}, pane.Event{Kind: record.KindRadioFailure, Count: 1}),
		"D12": control(ControlRules{PingPong: of.PingPong},
			pane.Event{Kind: record.KindRegistration, What: uint8(record.Handover), Cell: 1}, pane.Event{Kind: record.KindRegistration, What: uint8(record.Handover), Cell: 2}),
		"D17":      control(ControlRules{Churn: of.Churn}, sessionAt(0, record.SessionEstablished, 1).event, sessionAt(0, record.SessionReleased, 1).event),
		"D10, D14": device(place),
		"D13":      device(host, says(pane.StatusCPU, 95), says(pane.StatusBattery, 90), says(pane.StatusReboots, 4)),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
		})
	}
}
