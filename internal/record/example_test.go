package record_test

import (
	"fmt"

	"cordon/internal/record"
)

func ExampleAppend() {
	ack := record.CommandAck{Sequence: 7, State: record.AckApplied, System: "pcf-1", At: 1_777_888_805_000_000}
	b, err := record.Append(nil, &ack)
	fmt.Println(err, record.NameOf(b))

	got, err := record.Decode(b)
	fmt.Println(err, *got.(*record.CommandAck) == ack)
	// Output:
	// <nil> CommandAck
	// <nil> true
}

func ExampleAppendJSON() {
	warning := record.EarlyWarning{
		Terminal:    record.Pseudonym{0xab},
		ExceptionID: record.SuspicionOfDDoSAttack,
		Evidence:    9210,
		Reasons:     []record.Reason{{Feature: "unansweredShare", Family: "flood", Value: 998, Unit: "permille", Expected: 50, Reference: record.ReferencePrior, Contribution: 9210}},
		OccurredAt:  1_777_888_805_000_000,
	}
	line, err := record.AppendJSON(nil, &warning)
	fmt.Println(string(line), err)
	// Output:
	// {"terminal":"ab000000000000000000000000000000","keyEpoch":0,"exceptionId":"SUSPICION_OF_DDOS_ATTACK","evidence":9210,"reasons":[{"feature":"unansweredShare","family":"flood","value":998,"unit":"permille","expected":50,"reference":"PRIOR","contribution":9210,"samples":[]}],"occurredAt":"2026-05-04T10:00:05.000000Z"} <nil>
}
