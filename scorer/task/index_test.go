package task

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"cordon/internal/record"
)

// The index finds what a map would.
func TestIndexEqualsMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r roster
		twin := map[record.Pseudonym]int32{}
		for range rapid.IntRange(0, 400).Draw(t, "acts") {
			var id record.Pseudonym
			// Many lie side by side in the table, and have the same tag.
			binary.LittleEndian.PutUint64(id[8:], uint64(rapid.IntRange(0, 200).Draw(t, "id")))
			id[0] = byte(rapid.IntRange(0, 1).Draw(t, "other"))
			if number, known := twin[id]; known && rapid.Bool().Draw(t, "remove") {
				r.remove(number)
				delete(twin, id)
				continue
			}
			number := r.number(id)
			if want, known := twin[id]; known && number != want {
				t.Fatalf("%x is %d, want %d", id, number, want)
			}
			twin[id] = number
		}
		if r.index.live != len(twin) {
			t.Fatalf("%d terminals, want %d", r.index.live, len(twin))
		}
		for id, want := range twin {
			if got, known := r.find(&id); !known || got != want {
				t.Errorf("%x is %d (known: %v), want %d", id, got, known, want)
			}
		}
	})
}
