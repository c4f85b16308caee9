package simulation

import (
	"fmt"

	"cordon/internal/stream"
)

// quiet says what is left to do; empty: nothing.
func (w *world) quiet() string {
	if w.flying > 0 {
		return "requests or markers on their way"
	}
	for stage, g := range w.groups {
		if g.pending || len(g.members) != len(g.running()) {
			return stageNames[stage] + ": the group is not complete"
		}
		for id := range g.partitions {
			if left := g.left(id); left != "" {
				return fmt.Sprintf("%s, partition %d: %s", stageNames[stage], id, left)
			}
		}
	}
	return ""
}

// left says what is left to do of a partition.
func (g *group) left(id int32) string {
	var owner *worker
	for _, i := range g.members {
		if len(i.ending) > 0 || i.frozen || i.leaving {
			return i.String() + " is not at rest"
		}
		for _, x := range i.workers {
			if x.id == id {
				owner = x
			}
		}
	}
	switch {
	case owner == nil:
		return "nobody owns it"
	case !owner.fed:
		return "it is not restored"
	case owner.writing != nil || owner.settled:
		return "a checkpoint is under way"
	case owner.Size() > 0:
		return "outputs are not sent"
	case !owner.Hungry():
		return "records wait to be taken"
	}
	for _, at := range owner.Positions() {
		if b, _, more := g.w.log.Fetch(stream.Partition{Topic: at.Topic, ID: at.Partition}, at.Next); more {
			return fmt.Sprintf("%s[%d] is read to %d, there is a record at %d", at.Topic, at.Partition, at.Next, b.Records[0].Offset)
		}
	}
	return ""
}
