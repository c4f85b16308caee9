package page

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A list is a slice, its copy a clone of that slice, whatever is written, added
// or emptied in between and wherever the pages come from.
func TestListIsASlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var spare Spare[int]
		var lists [2]List[int]
		var want [2][]int
		var copies [2]List[int]
		var clones [2][]int
		check := func() {
			for i := range lists {
				if got := elements(&lists[i]); !slices.Equal(got, want[i]) {
					t.Fatalf("list %d: %v, want %v", i, got, want[i])
				}
				if got := elements(&copies[i]); !slices.Equal(got, clones[i]) {
					t.Fatalf("copy of list %d: %v, want %v", i, got, clones[i])
				}
			}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			i := rapid.IntRange(0, 1).Draw(t, "list")
			value := rapid.IntRange(1, 1000).Draw(t, "value")
			switch rapid.SampledFrom([]string{"add", "add", "add", "edit", "edit", "reset", "share", "unshare"}).Draw(t, "step") {
			case "add":
				for range rapid.IntRange(1, 2*Size).Draw(t, "elements") {
					*lists[i].Edit(lists[i].Add(&spare)) = value
					want[i] = append(want[i], value)
				}
			case "edit":
				if len(want[i]) > 0 {
					at := rapid.IntRange(0, len(want[i])-1).Draw(t, "index")
					*lists[i].Edit(int32(at)) = value
					want[i][at] = value
				}
			case "reset":
				lists[i].Reset(&spare)
				want[i] = nil
			case "share":
				lists[i].Unshare(&copies[i])
				lists[i].Share(&copies[i])
				clones[i] = slices.Clone(want[i])
			case "unshare":
				lists[i].Unshare(&copies[i])
				clones[i] = nil
			}
			check()
		}
	})
}

func elements(l *List[int]) []int {
	var all []int
	for i := range l.Len() {
		all = append(all, *l.At(i))
	}
	return all
}

// An added element is zero, also in a page that was used before.
func TestAddedElementIsZero(t *testing.T) {
	var spare Spare[int]
	var l List[int]
	*l.Edit(l.Add(&spare)) = 7
	l.Reset(&spare)
	if got := *l.At(l.Add(&spare)); got != 0 {
		t.Errorf("added element is %d, want 0", got)
	}
}

// Spare pages are let go beyond what is asked for.
func TestSparePagesAreLetGo(t *testing.T) {
	var spare Spare[int]
	var l List[int]
	for range 10 * Size {
		l.Add(&spare)
	}
	l.Reset(&spare)
	if spare.Keep(3 * Size); len(spare.pages) != 4 {
		t.Errorf("%d spare pages, want 4 for three pages of elements and one that is begun", len(spare.pages))
	}
}

// A copy holds what the list was when it was made.
func ExampleList() {
	var l, copied List[string]
	*l.Edit(l.Add(nil)) = "before"
	l.Share(&copied)
	*l.Edit(0) = "after"
	fmt.Println(*copied.At(0), *l.At(0))
	l.Unshare(&copied)
	// Output: before after
}
