package peer

import (
	"slices"
	"testing"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// calls returns terminals that call a host in one pane: some fail, some reach it.
func calls(host, failing, reaching int) []act {
	acts := make([]act, failing+reaching)
	for i := range acts {
		acts[i] = act{terminal: uint64(i), kind: meter, seen: []pane.Destination{answers(host)}}
		if i < failing {
			acts[i].seen[0] = fails(host)
		}
	}
	return acts
}

// Reference 3.6: a fifth of the users of a destination, five at least, fail at
// once: it is down for half an hour, and only then.
func TestDestinationDown(t *testing.T) {
	for _, c := range []struct {
		name              string
		failing, reaching int
		want              bool
	}{
		{"four fail", 4, 0, false},
		{"five fail", 5, 0, true},
		{"five of 24", 5, 19, true},
		{"five of 28", 5, 23, false},
	} {
		crowd := newCrowd()
		for range downAfter {
			crowd.pass(calls(1, c.failing, c.reaching)...)
		}
		if crowd.seen(meter, fails(1)).Down {
			t.Errorf("%s: down within %d panes", c.name, downAfter)
		}
		crowd.pass(calls(1, c.failing, c.reaching)...)
		crowd.pass(calls(1, c.failing, c.reaching)...)
		if got := crowd.seen(meter, fails(1)).Down; got != c.want {
			t.Errorf("%s: down %t, want %t", c.name, got, c.want)
		}
		crowd.to(crowd.n - monday + downSpan - 3)
		crowd.pass()
		if got := crowd.seen(meter, fails(1)).Down; got != c.want {
			t.Errorf("%s: half an hour later: down %t, want %t", c.name, got, c.want)
		}
		crowd.to(crowd.n - monday + 2)
		crowd.pass()
		if crowd.seen(meter, fails(1)).Down {
			t.Errorf("%s: down after half an hour", c.name)
		}
	}
}

// One terminal in a loop is one terminal.
func TestLoudTerminalIsOneVote(t *testing.T) {
	c := newCrowd()
	for range 60 {
		c.pass(act{terminal: 1, kind: meter, seen: []pane.Destination{fails(1)}})
	}
	if c.seen(meter, fails(1)).Down {
		t.Error("a destination that one terminal fails to reach sixty times is down")
	}
}

// What nobody used a day ago is no service: when a botnet's command and control is
// taken down, its bots are not excused.
func TestCommandAndControlIsNoService(t *testing.T) {
	for _, c := range []struct {
		name string
		from pane.Number // it was used since
		want bool
	}{
		{"a server of many days", 0, true},
		{"since yesterday", 3, false},
	} {
		crowd := newCrowd()
		for day := range pane.Number(5) {
			crowd.to(day * panesPerDay)
			crowd.pass(live(0, 250, meter, 40, 1)...)
			if day >= c.from {
				crowd.pass(live(0, 20, meter, 40, 2)...)
			}
		}
		for range downAfter + 2 {
			crowd.pass(calls(2, 20, 0)...)
		}
		if got := crowd.seen(meter, fails(2)).Down; got != c.want {
			t.Errorf("%s: down %t, want %t", c.name, got, c.want)
		}
	}
}

// A fallback is excused for those who use what is down, and only some of them in a
// pane: whoever scans the same port has no fallbacks.
func TestOutageExcusesFallbacks(t *testing.T) {
	c := newCrowd()
	for range downAfter + 2 {
		c.pass(calls(1, 20, 0)...)
	}
	knows := func(k pane.Key) bool { return k == fails(1).Key }
	other := fails(50)
	other.Port = 23
	for _, s := range []struct {
		name  string
		knows func(pane.Key) bool
		d     pane.Destination
		want  []bool
	}{
		{"its user", knows, fails(50), []bool{true, true, true, true, false}},
		{"a stranger", func(pane.Key) bool { return false }, fails(50), []bool{false}},
		{"another port", knows, other, []bool{false}},
		{"it answers", knows, answers(50), []bool{false}},
	} {
		o := c.Outage(s.knows, c.n)
		var got []bool
		for range s.want {
			got = append(got, o.Excuses(&s.d))
		}
		if !slices.Equal(got, s.want) {
			t.Errorf("%s: excused %t, want %t", s.name, got, s.want)
		}
	}
}

// However many destinations single terminals fail to reach, an outage is seen.
func TestNoiseDoesNotHideAnOutage(t *testing.T) {
	c := newCrowd()
	host := 100
	for range downAfter + 3 {
		acts := calls(1, 6, 10)
		for range 3 * watchLimit {
			host++
			acts = append(acts, act{terminal: uint64(host), kind: meter, seen: []pane.Destination{fails(host)}})
		}
		c.pass(acts...)
	}
	if !c.seen(meter, fails(1)).Down {
		t.Errorf("an outage is not seen among %d other failures", host-100)
	}
}

// lose returns terminals that lose their radio link in a cell.
func lose(cell uint32, terminals int) []act {
	acts := make([]act, terminals)
	for i := range acts {
		acts[i] = act{terminal: uint64(i), kind: meter, events: []pane.Event{{Kind: record.KindRadioFailure, Cell: cell, Area: 7, Count: 1}}}
	}
	return acts
}

// Reference 3.6: a cell with more than three times its radio failures.
func TestStorm(t *testing.T) {
	for _, c := range []struct {
		name          string
		usual, failed int
		want          bool
	}{
		{"four terminals", 0, 4, false},
		{"five terminals", 0, 5, true},
		{"as usual", 10, 12, false},
		{"twice as many", 10, 20, false},
		{"four times as many", 10, 40, true},
	} {
		crowd := newCrowd()
		for range 600 { // four days
			crowd.pass(lose(3, c.usual)...)
			crowd.n += turnLength - 1
		}
		acts := lose(3, c.failed)
		crowd.pass(acts...)
		events := []pane.Event{{Kind: record.KindRadioFailure, Cell: 3, Area: 7}}
		if got := crowd.Storm(events); got != c.want {
			t.Errorf("%s: storm %t, want %t", c.name, got, c.want)
		}
		if crowd.Storm([]pane.Event{{Kind: record.KindRadioFailure, Cell: 4, Area: 8}}) {
			t.Errorf("%s: there is a storm in another cell and area", c.name)
		}
		if crowd.Storm([]pane.Event{{Kind: record.KindRegistration, What: uint8(record.InitialRegistration), Cell: 3, Area: 7}}) {
			t.Errorf("%s: a storm of radio failures excuses registrations", c.name)
		}
		crowd.n += stormSpan + turnLength
		crowd.pass()
		if crowd.Storm(events) {
			t.Errorf("%s: the storm does not end", c.name)
		}
	}
}

// A device that registers again and again makes no storm.
func TestLoudTerminalIsNoStorm(t *testing.T) {
	c := newCrowd()
	again := pane.Event{Kind: record.KindRegistration, What: uint8(record.InitialRegistration), Cell: 3, Area: 7, Count: 100}
	for range 100 {
		c.pass(act{terminal: 1, kind: meter, events: []pane.Event{again, again, again, again, again, again}})
	}
	if c.Storm([]pane.Event{again}) {
		t.Error("one terminal that registers six times a pane is a storm")
	}
}

// A storm does not become usual while it lasts.
func TestStormIsNotLearned(t *testing.T) {
	c := newCrowd()
	for range 24 { // four hours of it, among fifty terminals
		c.pass(lose(3, 50)...)
		c.n += turnLength - 1
	}
	c.n++
	c.pass(lose(3, 50)...)
	if !c.Storm([]pane.Event{{Kind: record.KindRadioFailure, Cell: 3}}) {
		t.Error("after four hours a storm counts as usual")
	}
}

// install returns terminals whose devices report a version.
func install(version int32, from, to int) []act {
	var acts []act
	for i := from; i < to; i++ {
		report := pane.Event{Kind: record.KindDeviceStatus, What: uint8(pane.StatusFirmware), Count: version}
		acts = append(acts, act{terminal: uint64(i), kind: meter, events: []pane.Event{report}})
	}
	return acts
}

// Reference 3.6: a change of firmware makes new destinations expected for a day, but
// only together with others: a device that is taken over may say what it likes.
func TestUpdate(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(c *crowd)
		want bool
	}{
		{"ten are updated", func(c *crowd) { c.pass(install(8, 0, 10)...) }, true},
		{"four are", func(c *crowd) { c.pass(install(8, 0, 4)...) }, false},
		{"it alone", func(c *crowd) { c.pass(install(8, 0, 1)...) }, false},
		{"it alone says so again and again", func(c *crowd) {
			for i := range int32(100) {
				c.pass(install(8+i%2, 0, 1)...)
			}
		}, false},
		{"it goes to what others have had for days", func(c *crowd) {
			c.pass(install(8, 1, 10)...)
			c.n += 3 * panesPerDay
			c.pass(install(8, 0, 1)...)
		}, false},
		{"a day after", func(c *crowd) {
			c.pass(install(8, 0, 10)...)
			c.n += panesPerDay
		}, false},
		{"twice in a week", func(c *crowd) {
			c.pass(install(8, 0, 10)...)
			c.n += 3 * panesPerDay
			c.pass(install(9, 0, 10)...)
		}, false},
		{"twice in two weeks", func(c *crowd) {
			c.pass(install(8, 0, 10)...)
			c.n += 8 * panesPerDay
			c.pass(install(9, 0, 10)...)
		}, true},
	} {
		crowd := newCrowd()
		crowd.pass(install(7, 0, 10)...)
		if crowd.Updated(crowd.members[0]) {
			t.Errorf("%s: the first version that is reported counts as an update", c.name)
		}
		c.play(crowd)
		crowd.pass()
		if got := crowd.Updated(crowd.members[0]); got != c.want {
			t.Errorf("%s: updated %t, want %t", c.name, got, c.want)
		}
	}
}
