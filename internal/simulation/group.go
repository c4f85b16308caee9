package simulation

import (
	"slices"

	"cordon/internal/record"
)

// group shares the partitions of a program out among its instances. Nothing
// relies on it for safety.
type group struct {
	w          *world
	stage      int
	partitions int32
	dice       dice
	launched   int
	processes  []*instance // started and not known to be dead
	members    []*instance
	generation int
	pending    bool
	owners     []*instance // of each partition, in the last generation
}

func newGroup(w *world, stage int, partitions int32) *group {
	return &group{w: w, stage: stage, partitions: partitions, dice: newDice(w.plan.Seed, 50, uint64(stage)),
		owners: make([]*instance, partitions)}
}

// launch starts a process, which joins.
func (g *group) launch() {
	i := newInstance(g.w, g.stage, g.launched)
	g.launched++
	g.processes = append(g.processes, i)
	g.w.tell("%s is started", i)
	i.after(i.dice.between(record.Millisecond, 300*record.Millisecond), func() { g.join(i) })
}

// running returns the processes that are not dead.
func (g *group) running() []*instance {
	g.processes = slices.DeleteFunc(g.processes, func(i *instance) bool { return i.dead })
	return slices.Clone(g.processes)
}

func (g *group) join(i *instance) {
	if !i.dead && !i.leaving && !slices.Contains(g.members, i) {
		g.members = append(g.members, i)
		g.rebalance()
	}
}

func (g *group) remove(i *instance) {
	if at := slices.Index(g.members, i); at >= 0 && (i.dead || i.frozen || i.leaving) {
		g.members = slices.Delete(g.members, at, at+1)
		g.rebalance()
	}
}

// rebalance makes a new generation a little later. Tasks are asked for a
// checkpoint first, as a generation that ends does.
func (g *group) rebalance() {
	if g.pending {
		return
	}
	g.pending = true
	for _, i := range g.members {
		i.after(g.dice.latency(), func() {
			for _, w := range i.workers {
				w.due = w.fed
				w.poke()
			}
		})
	}
	g.w.after(g.dice.between(20*record.Millisecond, 1500*record.Millisecond), actorGroup, g.generate)
}

// generate shares the partitions out and tells the members.
func (g *group) generate() {
	g.pending = false
	g.generation++
	if len(g.members) == 0 {
		clear(g.owners)
		return
	}
	own := g.share()
	for at, i := range g.members {
		for _, id := range own[at] {
			g.owners[id] = i
		}
		generation := g.generation
		g.w.tell("%s is given partitions %v", i, own[at])
		i.after(g.dice.latency(), func() { i.assign(generation, own[at]) })
	}
}

// share returns the partitions of each member: members keep what they have up to
// their share, the rest goes to whoever has least.
func (g *group) share() [][]int32 {
	share := (int(g.partitions) + len(g.members) - 1) / len(g.members)
	own := make([][]int32, len(g.members))
	var free []int32
	for id := range g.partitions {
		at := slices.Index(g.members, g.owners[id])
		if at < 0 || len(own[at]) >= share {
			free = append(free, id)
			continue
		}
		own[at] = append(own[at], id)
	}
	for _, id := range free {
		least := 0
		for i := range own {
			if len(own[i]) < len(own[least]) {
				least = i
			}
		}
		own[least] = append(own[least], id)
	}
	return own
}
