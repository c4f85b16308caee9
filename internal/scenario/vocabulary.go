package scenario

import (
	"slices"

	"cordon/internal/record"
	"cordon/scorer/detect"
)

// symbols lists the names of an enum whose values have one, in order.
func symbols[T ~uint8](of func(T) string) []string {
	var list []string
	for value := T(1); of(value) != of(0); value++ {
		list = append(list, of(value))
	}
	return list
}

// vocabulary lists the symbols a kind of fact may hold; nil: any.
func vocabulary(kind string) []string {
	exceptions := symbols(record.ExceptionID.String)
	classes := symbols(record.Class.String)
	switch kind {
	case "early":
		return exceptions
	case "verdict":
		return slices.Concat(symbols(record.VerdictStatus.String), classes, exceptions, symbols(record.Criticality.String),
			families(), []string{"EMERGENCY"})
	case "reason":
		return append(families(), symbols(record.Reference.String)...)
	case "command", "rehearsal":
		return slices.Concat(symbols(record.Action.String), symbols(record.Mode.String), classes, exceptions)
	case "telemetry":
		return symbols(record.Kind.String)
	case "source":
		return symbols(record.SourceState.String)
	case "clock", "progress":
		return symbols(record.ClockState.String)
	case "dead letter":
		return append(symbols(record.DeadLetterReason.String), stageNames...)
	case "audit", "technique":
		return nil
	}
	return []string{}
}

// families lists the families of evidence and the faults.
func families() []string {
	var list []string
	for f := range detect.Families {
		list = append(list, f.String())
	}
	for f := range detect.Faults {
		list = append(list, f.String())
	}
	return list
}
