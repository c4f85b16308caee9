package kafka

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"github.com/segmentio/kafka-go"
)

// sticky assigns partitions so that members keep what they have and differ by
// one at most: a partition that moves has to be restored elsewhere.
type sticky struct {
	mu   sync.Mutex
	held []int32 // what this member owns, told to the leader at the next join
}

// hold notes what this member owns now.
func (s *sticky) hold(ids []int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = append([]int32{}, ids...)
}

// ProtocolName tells other members' programs which algorithm this is.
func (s *sticky) ProtocolName() string { return "cordon-sticky-1" }

// UserData is sent with every join.
func (s *sticky) UserData() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.Marshal(s.held)
}

// AssignGroups runs on the member that leads the group. Groups read one topic.
func (s *sticky) AssignGroups(members []kafka.GroupMember, partitions []kafka.Partition) kafka.GroupMemberAssignments {
	slices.SortFunc(members, func(a, b kafka.GroupMember) int { return cmp.Compare(a.ID, b.ID) })
	free := map[int]bool{}
	topic := ""
	for _, p := range partitions {
		free[p.ID], topic = true, p.Topic
	}
	own := keep(members, free, len(partitions))
	deal(own, free)
	result := kafka.GroupMemberAssignments{}
	for i, m := range members {
		slices.Sort(own[i])
		result[m.ID] = map[string][]int{topic: own[i]}
	}
	return result
}

// keep lets each member have what it holds, up to its share: the first
// (partitions mod members) members that hold more may keep one extra.
func keep(members []kafka.GroupMember, free map[int]bool, total int) [][]int {
	own := make([][]int, len(members))
	if len(members) == 0 {
		return own
	}
	share, extra := total/len(members), total%len(members)
	for i, m := range members {
		var held []int
		if json.Unmarshal(m.UserData, &held) != nil {
			continue // another version's words: it holds nothing we know of
		}
		limit := share
		if extra > 0 && len(held) > share {
			limit++
		}
		for _, id := range held {
			if free[id] && len(own[i]) < limit {
				own[i] = append(own[i], id)
				delete(free, id)
			}
		}
		if len(own[i]) > share {
			extra--
		}
	}
	return own
}

// deal gives what is free, in order, to whoever has least.
func deal(own [][]int, free map[int]bool) {
	for _, id := range slices.Sorted(maps.Keys(free)) {
		least := 0
		for i := range own {
			if len(own[i]) < len(own[least]) {
				least = i
			}
		}
		if len(own) > 0 {
			own[least] = append(own[least], id)
		}
	}
}
