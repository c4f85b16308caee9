package simulate

import (
	"fmt"
	"slices"

	"cordon/internal/record"
)

// checker collects what is wrong with a mix.
type checker struct {
	index    int
	class    *Class
	names    map[string]bool
	problems []*ClassError
}

func (c *checker) refuse(key, problem, remedy string) {
	c.problems = append(c.problems, &ClassError{Index: c.index, Name: c.class.Name, Key: key, Problem: problem, Remedy: remedy})
}

func (c *checker) check(i int, class *Class) {
	c.index, c.class = i, class
	c.identity()
	c.texts()
	c.pause("sleep", class.Sleep, sleepBound)
	c.pause("management", class.Management, managementBound)
	c.length("session", class.Session, sessionBound)
	base := class.base()
	for _, talk := range class.talks() {
		if base != nil && *talk.Talk != (Talk{}) {
			c.talk(talk, base)
		}
	}
}

// identity checks what a class is called, and that it is something.
func (c *checker) identity() {
	class, base := c.class, c.class.base()
	switch {
	case c.index == maxClasses:
		c.refuse("", "is one too many", fmt.Sprintf("take some out, there may be %d", maxClasses))
	case class.Name == "":
		c.refuse("name", "is missing", "give the class a name, such as water-meter")
	case !className.MatchString(class.Name):
		c.refuse("name", fmt.Sprintf("%q is not a name", class.Name), "write lower-case letters, digits and hyphens, a letter first, at most 40")
	case c.names[class.Name]:
		c.refuse("name", class.Name+" is there twice", "give one of them another name, and say what it is like")
	case base == nil && class.Like != "":
		c.refuse("like", fmt.Sprintf("%q is not built in", class.Like), "write one of "+nameList(classes))
	case base == nil:
		c.refuse("like", "is missing, for "+class.Name+" is not built in", "write like: and one of "+nameList(classes))
	case class.Share == 0 && class.Name != base.name:
		c.refuse("share", "is missing", "write its part of the fleet, such as share: 100")
	}
	c.names[class.Name] = true
}

// texts checks what has a form, and what is a number of something.
func (c *checker) texts() {
	class := c.class
	for _, text := range []struct {
		key, value string
		is         func(string) bool
		remedy     string
	}{
		{"type_code", class.TypeCode, typeCode.MatchString, `write eight digits of test equipment, 001 first, in quotes: "00100201"`},
		{"dnn", class.DNN, dnnName.MatchString, "write letters, digits, hyphens and dots, at most 63"},
		{"slice", class.Slice, sliceName.MatchString, "write SST or SST-SD, such as 1 or 3-0000a1"},
		{"hours", string(class.Hours), func(h string) bool { return Hours(h).day() != nil }, "write machines, shops, people, or hours such as 06-22"},
		{"mobility", class.Mobility, oneOf(stationary, moving), "write stationary or moving"},
		{"server.domain", class.Server.Domain, domainName.MatchString, "write the name of a host, such as water.example.com"},
		{"server.protocol", class.Server.Protocol, oneOf("tcp", "udp"), "write tcp or udp"},
	} {
		if text.value != "" && !text.is(text.value) {
			c.refuse(text.key, fmt.Sprintf("%q is none", text.value), text.remedy)
		}
	}
	c.number("share", class.Share, maxShare)
	c.number("server.port", int64(class.Server.Port), 65535)
	c.number("server.hosts", class.Server.Hosts, maxHosts)
}

func oneOf(values ...string) func(string) bool {
	return func(text string) bool { return slices.Contains(values, text) }
}

func (c *checker) number(key string, n, most int64) {
	if n < 0 || n > most {
		c.refuse(key, fmt.Sprintf("have %d", n), fmt.Sprintf("write 1 to %d", most))
	}
}

// Bounds of the parameters.
const (
	maxShare = 1_000_000
	// maxHosts keeps the hosts of one class within its range of addresses when
	// they rotate and when another site stands in for them.
	maxHosts = 20
	// maxBytes times the microseconds of a day is within 63 bits.
	maxBytes = 100_000_000
)

// bound is the least and the most of a time.
type bound struct{ from, to record.Micros }

var (
	sleepBound      = bound{30 * record.Second, 30 * record.Day}
	sessionBound    = bound{record.Minute, 90 * record.Day}
	managementBound = bound{10 * record.Second, 30 * record.Day}
	everyBound      = bound{record.Second, 30 * record.Day}
	aliveBound      = bound{record.Second, record.Day}
	lastsBound      = bound{record.Millisecond, 90 * record.Day}
)

func (b bound) has(from, to record.Micros) bool { return from >= b.from && to <= b.to }

func (b bound) remedy() string {
	return "write " + timeText(b.from) + " to " + timeText(b.to)
}

func (c *checker) pause(key string, p Pause, b bound) {
	if p != 0 && p != Never && !b.has(record.Micros(p), record.Micros(p)) {
		c.refuse(key, "have "+p.String(), b.remedy()+", or never")
	}
}

func (c *checker) length(key string, l Length, b bound) {
	if l != (Length{}) && (!b.has(l.From, l.To) || l.From > l.To) {
		c.refuse(key, "have "+l.String(), b.remedy()+", the lower end first")
	}
}

// talk checks what a class says.
func (c *checker) talk(t namedTalk, base *class) {
	if base.habit(t.role) == nil {
		c.refuse(t.key, "a "+base.name+" has none", "take it out, or be like one of "+nameList(thatHave(t.role)))
		return
	}
	b := everyBound
	if t.role == keepsAlive {
		b = aliveBound
	}
	if t.Every != 0 && !b.has(record.Micros(t.Every), record.Micros(t.Every)) {
		c.refuse(t.key+".every", "have "+t.Every.String(), b.remedy())
	}
	c.length(t.key+".lasts", t.Lasts, lastsBound)
	c.amount(t.key+".up", t.Up)
	c.amount(t.key+".down", t.Down)
}

func (c *checker) amount(key string, b Bytes) {
	if b != (Bytes{}) && (b.From < 1 || b.To > maxBytes || b.From > b.To) {
		c.refuse(key, "have "+b.String(), fmt.Sprintf("write 1 to %d, the lower end first", maxBytes))
	}
}

// thatHave returns the built-in classes that have something for a role.
func thatHave(r role) []*class {
	return slices.DeleteFunc(slices.Clone(classes), func(c *class) bool { return c.habit(r) == nil })
}
