package task_test

import (
	"testing"

	"cordon/collector/pseudonym"
	"cordon/internal/stream"
)

// Whoever reads /metrics finds a sentence for every figure, and none for what
// is not told any more.
func TestFiguresAreExplained(t *testing.T) {
	stage := stageOf(t, settings(), pseudonym.TestKey())
	told := map[string]bool{}
	stage.NewTask(0).(stream.Counted).Counts(func(name, _ string, _ int64) { told[name] = true })
	for name := range told {
		if stage.Figures[name] == "" {
			t.Errorf("%s is told but not explained in Stage.Figures", name)
		}
	}
	for name := range stage.Figures {
		if !told[name] {
			t.Errorf("%s is explained in Stage.Figures but not told", name)
		}
	}
}
