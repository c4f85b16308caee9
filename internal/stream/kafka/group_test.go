package kafka

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/segmentio/kafka-go"
	"pgregory.net/rapid"
)

const groupTopic = "topic"

// drawGroup draws members that hold what they say, honestly or not, and the
// partitions to share out.
func drawGroup(t *rapid.T) (held [][]int, total int) {
	total = rapid.IntRange(0, 20).Draw(t, "partitions")
	for range rapid.IntRange(1, 6).Draw(t, "members") {
		held = append(held, rapid.SliceOfN(rapid.IntRange(-1, 24), 0, 12).Draw(t, "held"))
	}
	return held, total
}

// assignment lets the balancer share out and returns what each member has.
func assignment(held [][]int, total int) [][]int {
	var members []kafka.GroupMember
	for i, h := range held {
		words, _ := json.Marshal(h)
		if h == nil {
			words = []byte{0, 1, 2} // another program's
		}
		members = append(members, kafka.GroupMember{ID: fmt.Sprintf("m%02d", i), Topics: []string{groupTopic}, UserData: words})
	}
	var partitions []kafka.Partition
	for p := range total {
		partitions = append(partitions, kafka.Partition{Topic: groupTopic, ID: p})
	}
	slices.Reverse(members) // the broker knows no order
	assigned := (&sticky{}).AssignGroups(members, partitions)
	own := make([][]int, len(held))
	for i := range held {
		own[i] = assigned[fmt.Sprintf("m%02d", i)][groupTopic]
	}
	return own
}

// kept counts the partitions that stay where they were.
func kept(held, own [][]int) int {
	n := 0
	for i := range own {
		for _, p := range own[i] {
			if slices.Contains(held[i], p) {
				n++
			}
		}
	}
	return n
}

// Whatever members say they hold, each partition has one owner and no member
// has two more than another.
func TestAssignsEachPartitionOnceAndEvenly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		held, total := drawGroup(t)
		own := assignment(held, total)
		owners := make([]int, total)
		least, most := total, 0
		for _, ids := range own {
			least, most = min(least, len(ids)), max(most, len(ids))
			for _, p := range ids {
				owners[p]++
			}
		}
		if most-least > 1 {
			t.Errorf("held %v: assigned %v, uneven", held, own)
		}
		for p, n := range owners {
			if n != 1 {
				t.Errorf("held %v: assigned %v, partition %d has %d owners", held, own, p, n)
			}
		}
	})
}

// Where members hold different partitions, as they do, no assignment that is as
// even keeps more of them: of those that hold more than the share, as many keep
// one extra as may.
func TestKeepsAsManyAsPossible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.IntRange(0, 20).Draw(t, "partitions")
		members := rapid.IntRange(1, 6).Draw(t, "members")
		held := make([][]int, members)
		for p := range total {
			if m := rapid.IntRange(-1, members-1).Draw(t, "holder"); m >= 0 {
				held[m] = append(held[m], p)
			}
		}
		share, extra, most := total/members, total%members, 0
		for _, h := range held {
			most += min(len(h), share)
			if len(h) > share && extra > 0 {
				most++
				extra--
			}
		}
		own := assignment(held, total)
		if got := kept(held, own); got != most {
			t.Errorf("held %v: assigned %v, kept %d, want %d", held, own, got, most)
		}
	})
}

func TestAssignmentsOfAGrowingGroup(t *testing.T) {
	for _, c := range []struct {
		name string
		held [][]int
		want string
	}{
		{"first", [][]int{{}}, "[[0 1 2 3 4 5 6 7]]"},
		{"second joins", [][]int{{0, 1, 2, 3, 4, 5, 6, 7}, {}}, "[[0 1 2 3] [4 5 6 7]]"},
		{"third joins", [][]int{{0, 1, 2, 3}, {4, 5, 6, 7}, {}}, "[[0 1 2] [4 5 6] [3 7]]"},
		{"first leaves", [][]int{{4, 5, 6}, {3, 7}}, "[[1 4 5 6] [0 2 3 7]]"},
		{"two claim the same", [][]int{{0, 1, 2, 3}, {0, 1, 2, 3}}, "[[0 1 2 3] [4 5 6 7]]"},
		{"another version's words", [][]int{{2, 3}, nil}, "[[2 3 4 6] [0 1 5 7]]"},
	} {
		if got := fmt.Sprint(assignment(c.held, 8)); got != c.want {
			t.Errorf("%s: %v assigned %s, want %s", c.name, c.held, got, c.want)
		}
	}
}

func TestMemberTellsWhatItHolds(t *testing.T) {
	var s sticky
	s.hold([]int32{2, 0})
	if words, err := s.UserData(); string(words) != "[2,0]" || err != nil {
		t.Errorf("user data %s, error %v; want [2,0]", words, err)
	}
}
