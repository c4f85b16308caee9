package capture

import (
	"bufio"

	"cordon/internal/raw"
)

// jsonl reads plain JSON telemetry in the order of the file: a test may have
// shuffled it on purpose.
type jsonl struct{ lines lines }

func newJSONL(r *bufio.Reader, p *problems) *jsonl {
	return &jsonl{lines{r: r, problems: p}}
}

// next implements reader. A line that is no record is told and skipped.
func (j *jsonl) next(i *item) bool {
	for {
		line, ok := j.lines.next()
		if !ok {
			return false
		}
		j.lines.problems.counts.Rows++
		i.record = raw.Telemetry{}
		if err := raw.ParseJSON(line, &i.record); err != nil {
			j.lines.problem(err)
			continue
		}
		return true
	}
}
