package task

import (
	"testing"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// Lost, late and rejected telemetry and sampling lower the confidence (reference 3.5).
func TestConfidence(t *testing.T) {
	const day = pane.Number(record.Day / pane.Length)
	for _, c := range []struct {
		name     string
		of       history
		permille int32
		want     int32
	}{
		{"a week of everything", history{known: 7 * day}, 1000, 100},
		{"longer tells nothing more", history{known: 70 * day}, 1000, 100},
		{"a day", history{known: day}, 1000, 37},
		{"just seen", history{}, 1000, 0},
		{"just seen, and it scans", history{firm: true}, 1000, 80},
		{"a tenth was lost", history{known: 7 * day}, 900, 90},
		{"one packet in ten was measured", history{known: 7 * day, unsampled: 90}, 1000, 10},
		{"both", history{firm: true, unsampled: 50}, 500, 20},
	} {
		if got := confidence(c.of, record.Coverage{Permille: c.permille}); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
