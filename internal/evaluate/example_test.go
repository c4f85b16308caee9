package evaluate_test

import (
	"fmt"
	"strings"

	"cordon/internal/evaluate"
	"cordon/internal/record"
)

func Example() {
	terminals, err := evaluate.ReadTerminals(strings.NewReader("source,supi,terminal\n192.168.1.7,imsi-001010000000001,0a000000000000000000000000000000\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	episodes, err := evaluate.ReadTruth(strings.NewReader("source,label,start,end,exceptionId\n192.168.1.7,malicious,2026-01-01T00:10:00Z,,WRONG_DESTINATION_ADDRESS\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	terminals.Resolve(episodes)
	report := evaluate.Evaluate(evaluate.Input{
		Episodes: episodes,
		Alarms: []evaluate.Alarm{{
			Terminal: episodes[0].Terminal, Class: record.ClassMalicious, At: episodes[0].Start + 25*record.Second,
		}},
		Terminals: 100, Days: 300, End: episodes[0].Start + record.Hour, Grace: evaluate.DefaultGrace,
	})
	gate, err := evaluate.ParseGate("malicious.falseRateBound<=1%")
	if err != nil {
		fmt.Println(err)
		return
	}
	checked, err := gate.Check(report)
	fmt.Printf("found %d of %d after %g s\n", report.Labels[0].Found, report.Labels[0].Episodes, *report.Labels[0].Median)
	fmt.Printf("no false verdict in 300 terminal-days proves %.4f a day at most; gate met: %t, %v\n", *checked.Value, checked.Met, err)
	// Output:
	// found 1 of 1 after 25 s
	// no false verdict in 300 terminal-days proves 0.0100 a day at most; gate met: true, <nil>
}
