package judge_test

import (
	"fmt"

	"cordon/scorer/detect"
	"cordon/scorer/judge"
)

// A flood alone is worth watching; with the volume that goes with it, it makes
// a terminal malicious.
func ExampleRule_Class() {
	rule := judge.Rule{Malicious: 20_000, Families: 2, Family: 3_000, Broken: 12_000, Watch: 12_000, WatchOutside: 6_000}
	var l detect.Levels
	l.Of[detect.Flooding] = 12_000
	fmt.Println(rule.Class(l))
	l.Of[detect.Volume] = 8_000
	fmt.Println(rule.Class(l))
	// Output:
	// WATCH
	// MALICIOUS
}
