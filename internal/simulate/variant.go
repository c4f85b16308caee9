package simulate

import (
	"fmt"
	"slices"
	"strconv"

	"cordon/internal/record"
)

// BuiltIn describes the built-in classes with every parameter that can be changed:
// as Settings.Classes they make the fleet that none make.
func BuiltIn() []Class {
	all := make([]Class, len(classes))
	for i, c := range classes {
		all[i] = c.described()
	}
	return all
}

// described returns the parameters of a class.
func (c *class) described() Class {
	d := Class{
		Name: c.name, Like: c.kin().name, Share: c.share, TypeCode: c.typeAllocationCode, DNN: c.dnn, Slice: c.snssai, Hours: c.hours,
		Server:   Server{Domain: c.main.domain, Protocol: transports[c.main.protocol], Port: c.main.port, Hosts: c.main.hosts},
		Mobility: stationary, Sleep: pauseOf(c.connects), Management: pauseOf(c.manages),
		Session:   Length{record.Micros(c.sessions.from), record.Micros(c.sessions.to)},
		Reports:   c.talk(reports),
		KeepAlive: c.talk(keepsAlive),
		Browsing:  c.talk(browses),
	}
	if c.moves {
		d.Mobility = moving
	}
	return d
}

// transports are the values of Server.Protocol.
var transports = map[int32]string{tcp: "tcp", udp: "udp"}

// Values of Class.Mobility.
const (
	stationary = "stationary"
	moving     = "moving"
)

// pauseOf returns a pause of which 0 is never.
func pauseOf(m record.Micros) Pause {
	if m == 0 {
		return Never
	}
	return Pause(m)
}

// micros returns the pause as a class has it: 0 is never.
func (p Pause) micros() record.Micros { return max(record.Micros(p), 0) }

// habit returns what a class has for a role; nil: nothing.
func (c *class) habit(r role) *habit {
	for _, h := range c.habits {
		if h.role == r {
			return h
		}
	}
	return nil
}

// talk returns the parameters of a habit.
func (c *class) talk(r role) Talk {
	h := c.habit(r)
	if h == nil {
		return Talk{}
	}
	t := Talk{Every: Pause(h.every), Lasts: Length{record.Micros(h.lasts.from), record.Micros(h.lasts.to)}, Up: Bytes{h.up.from, h.up.to}, Down: Bytes{h.down.from, h.down.to}}
	if r == keepsAlive {
		t.Every = Pause(h.meant())
	}
	return t
}

// made returns the class of a checked description, which is the i-th of its mix.
func (c *Class) made(i int) *class {
	base := c.base()
	out := *base
	out.name, out.like = c.Name, base
	out.habits = make([]*habit, len(base.habits))
	for j, h := range base.habits {
		own := *h
		out.habits[j] = &own
	}
	c.identify(&out, i)
	c.live(&out)
	c.connect(&out, i)
	c.speak(&out)
	return &out
}

// live changes when and where a class is there.
func (c *Class) live(out *class) {
	if c.Share > 0 {
		out.share = c.Share
	}
	if c.Hours != "" {
		out.hours, out.day = c.Hours, c.Hours.day()
	}
	if c.Mobility != "" {
		out.moves = c.Mobility == moving
	}
	if c.Sleep != 0 {
		out.connects = c.Sleep.micros()
	}
	if c.Management != 0 {
		out.manages = c.Management.micros()
	}
	if c.Session != (Length{}) {
		out.sessions = c.Session.span()
	}
}

func (l Length) span() span { return span{int64(l.From), int64(l.To)} }

// identify gives a class its equipment and its network.
func (c *Class) identify(out *class, i int) {
	switch {
	case c.TypeCode != "":
		out.typeAllocationCode = c.TypeCode
	case out.name != out.like.name:
		out.typeAllocationCode = fmt.Sprintf("001002%02d", i+1)
	}
	if c.DNN != "" && c.DNN != out.dnn {
		out.dnn, out.next = c.DNN, nil
	}
	if c.Slice != "" && c.Slice != out.snssai {
		out.snssai, out.next = c.Slice, nil
	}
}

// connect gives a class its own server, if one is described that is not its
// base's.
func (c *Class) connect(out *class, i int) {
	old := out.main
	own := *old
	if c.Server.Domain != "" {
		own.domain = c.Server.Domain
	}
	for protocol, name := range transports {
		if name == c.Server.Protocol {
			own.protocol = protocol
		}
	}
	if c.Server.Port > 0 {
		own.port = c.Server.Port
	}
	if c.Server.Hosts > 0 {
		own.hosts = c.Server.Hosts
	}
	if own == *old {
		return
	}
	own.first = after(ownHosts, int64(i)<<8)
	out.main = &own
	for _, h := range out.habits {
		if h.with == old {
			h.with = &own
		}
	}
}

// speak changes the habits of a class as it is described.
func (c *Class) speak(out *class) {
	for _, talk := range c.talks() {
		h := out.habit(talk.role)
		if h == nil {
			continue
		}
		switch {
		case talk.Every != 0 && talk.role == keepsAlive:
			h.reports = talk.Every.micros()
		case talk.Every != 0:
			h.every = talk.Every.micros()
		}
		if talk.Lasts != (Length{}) {
			h.lasts = talk.Lasts.span()
		}
		if talk.Up != (Bytes{}) {
			h.up = span{talk.Up.From, talk.Up.To}
		}
		if talk.Down != (Bytes{}) {
			h.down = span{talk.Down.From, talk.Down.To}
		}
	}
}

// Parameter is a key of a class, and what is written behind it.
type Parameter struct{ Key, Value string }

// Parameters returns what a class is described by, in the order of its fields,
// without what is left out.
func (c *Class) Parameters() []Parameter {
	all := []Parameter{
		{"name", c.Name}, {"like", c.Like}, {"share", numberText(c.Share)}, {"type_code", c.TypeCode}, {"dnn", c.DNN}, {"slice", c.Slice},
		{"hours", string(c.Hours)}, {"mobility", c.Mobility}, {"sleep", c.Sleep.String()}, {"session", c.Session.String()}, {"management", c.Management.String()},
		{"server.domain", c.Server.Domain}, {"server.protocol", c.Server.Protocol}, {"server.port", numberText(int64(c.Server.Port))}, {"server.hosts", numberText(c.Server.Hosts)},
	}
	for _, t := range c.talks() {
		all = append(all, Parameter{t.key + ".every", t.Every.String()}, Parameter{t.key + ".lasts", t.Lasts.String()},
			Parameter{t.key + ".up", t.Up.String()}, Parameter{t.key + ".down", t.Down.String()})
	}
	return slices.DeleteFunc(all, func(p Parameter) bool { return p.Value == "" })
}

func numberText(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// namedTalk is a Talk with what it is.
type namedTalk struct {
	*Talk
	role role
	key  string
}

func (c *Class) talks() []namedTalk {
	return []namedTalk{{&c.Reports, reports, "reports"}, {&c.KeepAlive, keepsAlive, "keep_alive"}, {&c.Browsing, browses, "browsing"}}
}
