package simulation_test

import (
	"fmt"

	"cordon/internal/simulation"
)

// One seed from its input to the comparison.
func Example() {
	in := simulation.MakeInput(0)
	want, err := simulation.Expect(in)
	if err != nil {
		fmt.Println(err)
		return
	}
	plan := simulation.MakePlan(3, in)
	result, err := simulation.Execute(plan, in, want)
	if err != nil {
		fmt.Println(simulation.Tell(simulation.Shrink(plan, in)))
		return
	}
	fmt.Println(in.Kind, "input:", result.Late, "late records, verdicts compared:", result.Compared)
	// Output: live input: 0 late records, verdicts compared: true
}
