package task

import "testing"

// Whoever reads /metrics finds a sentence for every figure, and none for what
// is not told any more.
func TestFiguresAreExplained(t *testing.T) {
	told := map[string]bool{}
	New(DefaultSettings()).Counts(func(name, _ string, _ int64) { told[name] = true })
	for name := range told {
		if figures[name] == "" {
			t.Errorf("%s is told but not explained in figures", name)
		}
	}
	for name := range figures {
		if !told[name] {
			t.Errorf("%s is explained in figures but not told", name)
		}
	}
}
