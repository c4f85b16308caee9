package piece_test

import (
	"fmt"
	"reflect"
	"testing"

	"cordon/collector/piece"
	"pgregory.net/rapid"
)

// A store that is fed by cuts, some of them aborted, ends with the same content
// as the state it follows, which goes on while a cut is on its way.
func TestStoreFollowsState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state, stored, everCut := map[int]int{}, map[int]int{}, map[int]bool{}
		var set piece.Set[int]
		var staged map[int]int // by the cut that is on its way
		cut := func() {
			if staged == nil {
				staged = map[int]int{}
				set.Cut(func(k int) { staged[k] = state[k]; everCut[k] = true })
			}
		}
		settle := func(committed bool) {
			if staged == nil {
				return
			}
			if committed {
				for k, v := range staged {
					if stored[k] = v; v == 0 {
						delete(stored, k)
					}
				}
			}
			set.Settle(committed)
			staged = nil
		}
		for n := rapid.IntRange(0, 60).Draw(t, "steps"); n > 0; n-- {
			k := rapid.IntRange(0, 5).Draw(t, "part")
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				state[k] = n
				set.Mark(k)
			case 1:
				if delete(state, k); everCut[k] {
					set.Mark(k)
				} else {
					set.Forget(k)
				}
			case 2:
				cut()
			case 3:
				settle(false)
			case 4:
				settle(true)
			}
		}
		settle(false)
		cut()
		settle(true)
		if !reflect.DeepEqual(state, stored) {
			t.Fatalf("stored %v, want %v", stored, state)
		}
	})
}

func ExampleSet() {
	var changed piece.Set[string]
	changed.Mark("b")
	changed.Mark("a")
	changed.Mark("b")
	changed.Cut(func(k string) { fmt.Println(k) })
	changed.Settle(true)
	// Output:
	// b
	// a
}
