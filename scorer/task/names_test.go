package task

import (
	"fmt"
	"testing"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// A terminal that claims another type allocation code with every record does
// not fill the memory, and its newest one is told.
func TestNamesOutOfUseAreForgotten(t *testing.T) {
	task := start(t, nil)
	at := epoch
	for i := range 30_000 {
		var s script
		if i%100 == 0 {
			at += 10 * record.Second
			s.clock(at)
		}
		r := flow{1, at, "203.0.113.7:443", pane.TCP, 1, 1}.record()
		r.TypeAllocationCode = fmt.Sprintf("%08d", i)
		s.add(r)
		run(t, task, s.values)
	}
	if got := len(task.names.strings); got > 2*spareNames {
		t.Errorf("%d strings are kept of one terminal, want at most %d", got, 2*spareNames)
	}
	var s script
	for _, f := range scan(1, at+10*record.Second, 40, 100*record.Millisecond) {
		s.add(f.record())
	}
	s.clock(at + 2*record.Minute)
	told := verdicts(run(t, task, s.values))
	if len(told) == 0 || told[0].DNN != "iot" || told[0].TypeAllocationCode != "29999" && told[0].TypeAllocationCode != "00029999" {
		t.Errorf("verdicts %+v, want one with dnn iot and type allocation code 00029999", told)
	}
}
