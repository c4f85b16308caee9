package simulate

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Class describes a kind of device by what it differs in from a built-in one.
// What is left out, the zero value, is as there. Fields with a number have the
// bounds that their types name, or their tags; ClassError tells what is outside.
type Class struct {
	Name       string `mapstructure:"name" doc:"What it is called in truth.csv and after --attack KIND/: lower-case letters, digits and hyphens, at most 40."`
	Like       string `mapstructure:"like" oneof:"meter tracker camera payment-terminal gateway controller wearable p2p-camera" doc:"The built-in class that it is like in all that is not written here. Left out: the one of its name."`
	Share      int64  `mapstructure:"share" range:"1..1000000" unit:"parts" doc:"Its part of the fleet among the parts of the others, whatever their sum. Left out: that of the built-in class of its name."`
	TypeCode   string `mapstructure:"type_code" doc:"Type allocation code of its equipment: eight digits in quotes, of test equipment, so 001 first. Left out: one of its own. Terminals of one code are taken for peers."`
	DNN        string `mapstructure:"dnn" doc:"Data network of its sessions. With another dnn or slice than the built-in class it stays there for good; a wearable is moved to another network, else."`
	Slice      string `mapstructure:"slice" doc:"Slice of its sessions: SST, or SST-SD such as 3-0000a1."`
	Hours      Hours  `mapstructure:"hours" doc:"When it is busy, UTC: machines (always alike), shops, people, or hours such as 06-22. It changes how often, not how much on average."`
	Mobility   string `mapstructure:"mobility" oneof:"stationary moving" doc:"Whether it goes from cell to cell."`
	Sleep      Pause  `mapstructure:"sleep" doc:"How long it sleeps on average between two connections, 30s or more; never: it is connected all the time."`
	Session    Length `mapstructure:"session" doc:"How long a session lasts until it is renewed, 1m or more, such as 24h..96h."`
	Management Pause  `mapstructure:"management" doc:"How often it reports its health to device management, every 10s or more; never: it has none."`
	Server     Server `mapstructure:"server"`
	Reports    Talk   `mapstructure:"reports"`
	KeepAlive  Talk   `mapstructure:"keep_alive"`
	Browsing   Talk   `mapstructure:"browsing"`
}

// Server describes the far end that a class is there to speak with. With any of
// it other than the built-in class's, the class has hosts of its own, which no
// other class knows.
type Server struct {
	Domain   string `mapstructure:"domain" doc:"Name of the server, as lookups give it."`
	Protocol string `mapstructure:"protocol" oneof:"tcp udp" doc:"Transport."`
	Port     int32  `mapstructure:"port" range:"1..65535" doc:"Port."`
	Hosts    int64  `mapstructure:"hosts" range:"1..20" unit:"hosts" doc:"Over how many addresses the terminals are spread."`
}

// Talk describes something that a class says again and again.
type Talk struct {
	Every Pause  `mapstructure:"every" doc:"reports, browsing: from the end of one conversation to the next, on average, 1s..30d. keep_alive: between two signs of life on the open connection, 1s..1d."`
	Lasts Length `mapstructure:"lasts" doc:"How long a conversation takes, or a connection is kept open: 1ms..90d, such as 12h..48h."`
	Up    Bytes  `mapstructure:"up" doc:"What goes up in a conversation, or in a sign of life: bytes without headers, such as 900..3200, at most 100000000."`
	Down  Bytes  `mapstructure:"down" doc:"What comes down, likewise: bytes without headers."`
}

// ClassError is what is wrong with one parameter of one class.
type ClassError struct {
	Index int    // of the class in Settings.Classes
	Name  string // of the class, if it has one
	// Key is the parameter as its tags name it, such as reports.every; empty: the
	// class as a whole is meant.
	Key     string
	Problem string
	Remedy  string // what to write instead
}

// Error names the class and the parameter, and says what to write instead.
func (e *ClassError) Error() string {
	where := fmt.Sprintf("class %d", e.Index+1)
	if e.Name != "" {
		where = "class " + e.Name
	}
	if e.Key != "" {
		where += ": " + e.Key
	}
	return where + ": " + e.Problem + "; " + e.Remedy
}

// maxClasses is how many there may be at most: their servers share a range of
// addresses, and their numbers a byte.
const maxClasses = 64

var (
	className  = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	typeCode   = regexp.MustCompile(`^001[0-9]{5}$`)
	dnnName    = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$`)
	sliceName  = regexp.MustCompile(`^([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])(-[0-9a-f]{6})?$`)
	domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$`)
)

// CheckClasses returns all that is wrong with a mix of classes.
func CheckClasses(mix []Class) []*ClassError {
	c := checker{names: map[string]bool{}}
	for i := range mix {
		c.check(i, &mix[i])
	}
	return c.problems
}

// mixed returns the classes that a description is of; the built-in ones for none.
func mixed(mix []Class) ([]*class, error) {
	if len(mix) == 0 {
		return classes, nil
	}
	if problems := CheckClasses(mix); len(problems) > 0 {
		all := make([]error, len(problems))
		for i, p := range problems {
			all[i] = p
		}
		return nil, errors.Join(all...)
	}
	all := make([]*class, len(mix))
	for i := range mix {
		all[i] = mix[i].made(i)
	}
	return all, nil
}

// nameList returns the names of classes for an error.
func nameList(of []*class) string {
	names := make([]string, len(of))
	for i, c := range of {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

// base returns the built-in class that a description is of; nil: none.
func (c *Class) base() *class {
	if c.Like != "" {
		return classNamed(c.Like)
	}
	return classNamed(c.Name)
}
