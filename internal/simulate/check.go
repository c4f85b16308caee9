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
	base := class.base()
	switch {
	case i == maxClasses:
		c.refuse("", "is one too many", fmt.Sprintf("take some out, there may be %d", maxClasses))
	case class.Name == "":
		c.refuse("name", "is missing", "give the class a name, such as water-meter")
	case !className.MatchString(class.Name):
		c.refuse("name", fmt.Sprintf("%q is not a name", class.Name), "write lower-case letters, digits and hyphens, a letter first, at most 40")
	case c.names[class.Name]:
		c.refuse("name", class.Name+" is there twice", "give one of them another name, and say what it is like")
	case base == nil:
		c.refuse("like", "is missing, for "+class.Name+" is not built in", "write like: and one of "+nameList(classes))
	case class.Share == 0 && class.Name != base.name:
		c.refuse("share", "is missing", "write its part of the fleet, such as share: 100")
	}
	c.names[class.Name] = true
	c.texts()
	c.times()
	for _, talk := range class.talks() {
		if base != nil && *talk.Talk != (Talk{}) {
			c.talk(talk, base)
		}
	}
}

// texts checks what has a form.
func (c *checker) texts() {
	if t := c.class.TypeCode; t != "" && !typeCode.MatchString(t) {
		c.refuse("type_code", fmt.Sprintf("%q is not of test equipment", t), `write eight digits, 001 first, in quotes: "00100201"`)
	}
	if t := c.class.DNN; t != "" && !dnnName.MatchString(t) {
		c.refuse("dnn", fmt.Sprintf("%q is not the name of a data network", t), "write letters, digits, hyphens and dots, at most 63")
	}
	if t := c.class.Slice; t != "" && !sliceName.MatchString(t) {
		c.refuse("slice", fmt.Sprintf("%q is not a slice", t), "write SST or SST-SD, such as 1 or 3-0000a1")
	}
	if t := c.class.Server.Domain; t != "" && !domainName.MatchString(t) {
		c.refuse("server.domain", fmt.Sprintf("%q is not the name of a host", t), "write one such as water.example.com")
	}
	if n := c.class.Share; n < 0 || n > maxShare {
		c.refuse("share", fmt.Sprintf("have %d", n), fmt.Sprintf("write 1 to %d", maxShare))
	}
	if n := c.class.Server.Hosts; n < 0 || n > maxHosts {
		c.refuse("server.hosts", fmt.Sprintf("have %d", n), fmt.Sprintf("write 1 to %d", maxHosts))
	}
	if n := c.class.Server.Port; n < 0 || n > 65535 {
		c.refuse("server.port", fmt.Sprintf("have %d", n), "write 1 to 65535")
	}
	if h := c.class.Hours; h != "" && h.day() == nil {
		c.refuse("hours", fmt.Sprintf("%q is not known", h), "write machines, shops, people, or hours such as 06-22")
	}
	if m := c.class.Mobility; m != "" && m != stationary && m != moving {
		c.refuse("mobility", fmt.Sprintf("%q is not known", m), "write stationary or moving")
	}
	if p := c.class.Server.Protocol; p != "" && p != "tcp" && p != "udp" {
		c.refuse("server.protocol", fmt.Sprintf("%q is not known", p), "write tcp or udp")
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

// times checks how long the class's own parameters are.
func (c *checker) times() {
	c.pause("sleep", c.class.Sleep, sleepBound)
	c.pause("management", c.class.Management, managementBound)
	c.length("session", c.class.Session, sessionBound)
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
		c.refuse(t.key, "a "+base.name+" has none", "take it out, or be like one of "+nameList(slices.DeleteFunc(slices.Clone(classes), func(other *class) bool { return other.habit(t.role) == nil })))
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
	for _, amount := range []struct {
		key string
		of  Bytes
	}{{".up", t.Up}, {".down", t.Down}} {
		if b := amount.of; b != (Bytes{}) && (b.From < 1 || b.To > maxBytes || b.From > b.To) {
			c.refuse(t.key+amount.key, "have "+b.String(), fmt.Sprintf("write 1 to %d, the lower end first", maxBytes))
		}
	}
}
