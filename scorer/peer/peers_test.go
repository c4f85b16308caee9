package peer

import (
	"fmt"
	"net/netip"
	"testing"

	"cordon/internal/record"
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// monday begins a day, and a week of ageing.
const monday = 20 * 7 * panesPerDay * 50

// crowd drives Peers as the scorer does: all terminals of a pane are counted before
// any of them is judged.
type crowd struct {
	Peers
	members map[uint64]*Member
	used    map[usedBy]pane.Number // last day
	n       pane.Number
}

// usedBy is a terminal and its destination.
type usedBy struct {
	terminal uint64
	key      pane.Key
}

func newCrowd() *crowd {
	return &crowd{Peers: New(), members: map[uint64]*Member{}, used: map[usedBy]pane.Number{}, n: monday}
}

// act is what a terminal does in a pane.
type act struct {
	terminal uint64
	kind     Kind
	uplink   uint8 // level
	firsts   int
	seen     []pane.Destination
	events   []pane.Event
}

// pass lets a pane pass.
func (c *crowd) pass(acts ...act) {
	c.Begin(c.n, 0x5ec7e7)
	for _, a := range acts {
		c.CountEvents(a.terminal, a.events)
		for i := range a.seen {
			c.Count(a.terminal, &a.seen[i])
		}
	}
	c.Decide(c.n)
	for _, a := range acts {
		m := c.members[a.terminal]
		if m == nil {
			m = &Member{}
			c.members[a.terminal] = m
		}
		c.Enter(m, a.kind, c.n)
		for i := range a.seen {
			by := usedBy{a.terminal, a.seen[i].Key}
			if day := c.n / panesPerDay; a.seen[i].Answered > 0 && m.Tells() && c.used[by] != day {
				c.used[by] = day
				c.Use(a.kind, &a.seen[i])
			}
		}
		c.Report(m, a.events)
		m.Add(Today{Uplink: a.uplink, Starts: a.uplink, Firsts: a.firsts, Trusted: true})
	}
	c.End()
	c.n++
}

// to lets time go to a number of panes after monday, at least one.
func (c *crowd) to(after pane.Number) { c.n = max(c.n, monday+after) }

// answers returns a destination that answers; fails one that does not.
func answers(host int) pane.Destination {
	d := fails(host)
	d.Answered, d.UL, d.DL = 1, 100, 100
	return d
}

func fails(host int) pane.Destination {
	a := netip.AddrFrom4([4]byte{203, byte(host >> 8), byte(host), 1}) // each in a network of its own
	return pane.Destination{Key: pane.KeyOf(&record.Flow{RemoteAddress: a, RemotePort: 443, Protocol: pane.TCP}), Flows: 1, Began: 1}
}

// seen asks what a group knows of a destination.
func (c *crowd) seen(k Kind, d pane.Destination) feature.Shared {
	g := c.Of(k)
	return c.Shared(&g, &feature.Seen{Destination: &d}, c.n)
}

// live lets a number of terminals of a kind live through a day in one pane, each
// with uplink of a level and one destination.
func live(from, count int, k Kind, level uint8, host int) []act {
	acts := make([]act, count)
	for i := range acts {
		acts[i] = act{terminal: uint64(from + i), kind: k, uplink: level, seen: []pane.Destination{answers(host)}}
	}
	return acts
}

var (
	meter    = Kind{TypeAllocationCode: 10, DNN: 20, SNSSAI: 30, InternalGroup: 40}
	cousin   = Kind{TypeAllocationCode: 10, DNN: 20, SNSSAI: 30, InternalGroup: 41}
	relative = Kind{TypeAllocationCode: 10, DNN: 21, SNSSAI: 31}
	stranger = Kind{TypeAllocationCode: 11, DNN: 20, SNSSAI: 30}
)

// Reference 3.2: the class is merged upward until it has 200 terminals.
func TestSmallGroupsFallBack(t *testing.T) {
	for _, c := range []struct {
		name                               string
		meters, cousins, relatives, others int
		want                               int64
	}{
		{"nobody", 0, 0, 0, 0, 0},
		{"199 in all", 100, 50, 30, 19, 0},
		{"200 of its own group", 200, 50, 30, 19, 200},
		{"200 on its slice", 199, 50, 30, 19, 249},
		{"200 of its type", 100, 50, 60, 19, 210},
		{"200 in all", 100, 50, 30, 20, 200},
	} {
		crowd := newCrowd()
		crowd.pass(live(0, c.meters, meter, 40, 1)...)
		crowd.pass(live(1000, c.cousins, cousin, 40, 1)...)
		crowd.pass(live(2000, c.relatives, relative, 40, 1)...)
		crowd.pass(live(3000, c.others, stranger, 40, 1)...)
		crowd.to(panesPerHour)
		crowd.pass()
		if got := crowd.Of(meter).Members; got != c.want {
			t.Errorf("%s: a group of %d members, want %d", c.name, got, c.want)
		}
	}
}

// A member that was silent for a whole day is none.
func TestMembersLeave(t *testing.T) {
	c := newCrowd()
	c.pass(live(0, 300, meter, 40, 1)...)
	for _, s := range []struct {
		at   pane.Number
		want int64
	}{{panesPerHour, 300}, {panesPerDay + 1, 300}, {2*panesPerDay + 1, 0}} {
		c.to(s.at)
		c.pass()
		if got := c.Of(meter).Members; got != s.want {
			t.Errorf("%d panes later: %d members, want %d", s.at, got, s.want)
		}
	}
}

// Reference 3.2 and 3.8 (6): P99.9 of the terminals' highest panes of a day, and no
// terminal shapes it alone, however loud and long.
func TestWhatIsNormalInAGroup(t *testing.T) {
	for _, c := range []struct {
		name        string
		loud, days  int
		least, most uint8
	}{
		{"all alike", 0, 3, 80, 84},
		{"one is loud for a week", 1, 7, 80, 84},
		{"two are", 2, 7, 80, 84},
		{"a tenth is", 30, 3, 160, 164},
	} {
		crowd := newCrowd()
		for day := range c.days {
			crowd.to(pane.Number(day) * panesPerDay)
			crowd.pass(append(live(c.loud, 300-c.loud, meter, 80, 1), live(0, c.loud, meter, 160, 1)...)...)
		}
		crowd.to(pane.Number(c.days)*panesPerDay - panesPerHour)
		crowd.pass()
		if g := crowd.Of(meter); g.Uplink < c.least || g.Uplink > c.most || g.UplinkMost < g.Uplink || g.Starts != g.Uplink {
			t.Errorf("%s: normal uplink of level %d, at most %d, starts %d; want %d..%d", c.name, g.Uplink, g.UplinkMost, g.Starts, c.least, c.most)
		}
	}
}

// A group that sends nothing to speak of says nothing of uplink.
func TestSilenceIsNoNormal(t *testing.T) {
	c := newCrowd()
	for day := range pane.Number(2) {
		c.to(day * panesPerDay)
		c.pass(live(0, 300, meter, 0, 1)...)
	}
	c.to(panesPerDay + panesPerHour)
	c.pass()
	if g := c.Of(meter); g.Members != 300 || g.Uplink != 0 || g.UplinkMost != 0 {
		t.Errorf("a silent group of %d has normal uplink of level %d, at most %d; want 300, 0, 0", g.Members, g.Uplink, g.UplinkMost)
	}
}

// A type allocation code comes from the terminal: claims of ever new ones must
// neither fill the memory nor keep others out for long.
func TestInventedGroupsMakeRoom(t *testing.T) {
	c := newCrowd()
	for code := range uint32(3 * groupLimit) {
		c.pass(act{terminal: 1_000_000 + uint64(code), kind: Kind{TypeAllocationCode: 1000 + code}})
	}
	if len(c.groups) != groupLimit {
		t.Fatalf("%d groups, want %d", len(c.groups), groupLimit)
	}
	for day := range pane.Number(3) {
		c.to((day + 1) * panesPerDay)
		c.pass(live(0, 300, meter, 40, 1)...)
	}
	c.to(3*panesPerDay + panesPerHour)
	c.pass()
	if got := c.Of(meter).Members; got != 300 {
		t.Errorf("two days after %d invented groups a real one has %d members, want 300", 3*groupLimit, got)
	}
	if len(c.gone) != 0 || len(c.groups) > 8 {
		removed := 0
		for _, p := range c.Cut() {
			if p.Value == nil {
				removed++
			}
		}
		if removed == 0 {
			t.Errorf("%d groups are left, and no piece is removed", len(c.groups))
		}
	}
}

// Reference 3.1: users count once they used a destination more than 24 h ago, so
// that a live mass attack cannot make its own victim popular.
func TestUsersAreAged(t *testing.T) {
	c := newCrowd()
	for day := range pane.Number(2) { // until something is known
		c.to(day * panesPerDay)
		c.pass(live(0, 250, meter, 40, 1)...)
	}
	c.to(2 * panesPerDay)
	c.pass(live(0, 250, meter, 40, 2)...)
	for _, s := range []struct {
		at    pane.Number
		users int64
	}{{2*panesPerDay + panesPerHour, 0}, {3 * panesPerDay, 0}, {4 * panesPerDay, 250}, {5 * panesPerDay, 218}} {
		c.to(s.at)
		c.pass(live(0, 250, meter, 40, 1)...)
		if got := c.seen(meter, answers(2)); got.Users != s.users || got.Members < 250 {
			t.Errorf("%d panes after: %d users of %d members, want %d of 250", s.at-2*panesPerDay, got.Users, got.Members, s.users)
		}
	}
}

// On the first two days nobody says that a destination is new: all of them are. A
// day that only began when it was nearly over is none.
func TestNothingIsSaidAtFirst(t *testing.T) {
	for _, c := range []struct {
		name  string
		start pane.Number
		from  pane.Number // day
	}{
		{"at midnight", 0, 2},
		{"half an hour later", panesPerHour / 2, 2},
		{"at noon", panesPerDay / 2, 3},
		{"ten seconds before midnight", panesPerDay - 1, 3},
	} {
		crowd := newCrowd()
		crowd.to(c.start)
		crowd.pass(live(0, 250, meter, 40, 1)...)
		for day := range pane.Number(5) {
			crowd.to(day*panesPerDay + panesPerHour)
			crowd.pass(live(0, 250, meter, 40, 1)...)
			crowd.to(day*panesPerDay + 2*panesPerHour)
			crowd.pass()
			if got := crowd.seen(meter, answers(9)).Members > 0; got != (day >= c.from) {
				t.Errorf("started %s: says something on day %d: %t, want %t", c.name, day, got, !got)
			}
		}
	}
}

// A group that does not know yet what is usual in it leaves that to a wider one, and
// where none knows nobody says that a destination is new.
func TestWhatIsUsualMustBeKnown(t *testing.T) {
	c := newCrowd()
	for day := range pane.Number(3) {
		c.to(day * panesPerDay)
		c.pass(live(1000, 400, stranger, 80, 1)...)
	}
	c.pass(live(0, 250, meter, 40, 1)...) // for the first time
	c.to(2*panesPerDay + panesPerHour)
	c.pass()
	if g := c.Of(meter); !g.Known || g.Members != 650 {
		t.Errorf("new ones are compared with %d terminals, known %t; want with all 650", g.Members, g.Known)
	}
	c.to(3 * panesPerDay)
	c.pass(append(live(0, 250, meter, 40, 1), live(1000, 400, stranger, 80, 1)...)...)
	c.to(3*panesPerDay + panesPerHour)
	c.pass()
	if g := c.Of(meter); !g.Known || g.Members != 250 {
		t.Errorf("a day later they are compared with %d terminals, known %t; want with 250", g.Members, g.Known)
	}
	young := newCrowd()
	young.pass()
	young.uses.since = 1 // as if something had been known of destinations for long
	young.pass(live(0, 250, meter, 40, 1)...)
	young.to(panesPerHour)
	young.pass()
	if got := young.seen(meter, answers(9)); got.Members != 0 {
		t.Errorf("nothing is usual yet, and a destination is new among %d", got.Members)
	}
}

// Reference 3.6: a destination that max(20, 0.2 %) of the class began to use is no
// news, unless far more goes up than comes down.
func TestNewServerIsCommon(t *testing.T) {
	heavy := answers(7)
	heavy.UL = 10 << 20
	silent := fails(7)
	for _, c := range []struct {
		name  string
		users int
		d     pane.Destination
		want  bool
	}{
		{"19 use it", 19, answers(7), false},
		{"20 use it", 20, answers(7), true},
		{"upstream-heavy", 200, heavy, false},
		{"unanswered", 200, silent, false},
	} {
		crowd := newCrowd()
		crowd.pass(live(0, 250, meter, 40, 1)...)
		crowd.to(panesPerHour)
		crowd.pass(live(0, c.users, meter, 40, 7)...)
		if got := crowd.seen(meter, c.d); got.Common != c.want {
			t.Errorf("%s: common %t, want %t", c.name, got.Common, c.want)
		}
	}
}

func ExamplePeers() {
	c := newCrowd()
	for day := range pane.Number(3) { // 250 meters that call one server a day
		c.to(day * panesPerDay)
		c.pass(live(0, 250, meter, 100, 1)...)
	}
	c.to(2*panesPerDay + panesPerHour)
	c.pass()
	group := c.Of(meter)
	server, other := c.seen(meter, answers(1)), c.seen(meter, answers(2))
	fmt.Printf("%d members, uplink of level %d\n", group.Members, group.Uplink)
	fmt.Printf("the server: %d users; another: %d\n", server.Users, other.Users)
	// Output:
	// 250 members, uplink of level 104
	// the server: 250 users; another: 0
}

// Who is judged last in a pane must not be excused by those who were judged before:
// pseudonyms, which settle the order, change with every key.
func TestWhatAPaneShowsCountsFromTheNextOn(t *testing.T) {
	crowd := newCrowd()
	crowd.pass(append(live(0, 250, meter, 40, 1), install(7, 0, 10)...)...)
	crowd.to(panesPerHour)
	crowd.Begin(crowd.n, 1)
	crowd.Decide(crowd.n)
	d := answers(7)
	for i := range uint64(25) {
		m := crowd.members[i]
		if common, updated := crowd.seen(meter, d).Common, crowd.Updated(m); common || updated {
			t.Fatalf("terminal %d of the pane: common %v, updated %v; want neither", i, common, updated)
		}
		crowd.Use(meter, &d)
		if i < 10 {
			crowd.Report(m, install(8, 0, 1)[0].events)
		}
	}
	crowd.End()
	crowd.n++
	crowd.pass()
	if common, updated := crowd.seen(meter, d).Common, crowd.Updated(crowd.members[0]); !common || !updated {
		t.Errorf("in the next pane: common %v, updated %v; want both", common, updated)
	}
}
