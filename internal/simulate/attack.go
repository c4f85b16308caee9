package simulate

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cordon/internal/record"
)

// Attack is something that happens to terminals of the fleet: an infection, or
// a malfunction.
type Attack struct {
	Kind string // one of Kinds
	// Class is the one class of device it happens to, one of the fleet's; empty:
	// the classes that the kind is meant for, and those like them.
	Class string
	Count int // how many terminals, at least 1
	// Offset is when it begins after Settings.Start; each terminal follows
	// within attackSpread. A terminal without a session yet begins once it has
	// one.
	Offset record.Micros
}

// String returns the form that ParseAttack reads.
func (a Attack) String() string {
	kind := a.Kind
	if a.Class != "" {
		kind += "/" + a.Class
	}
	return fmt.Sprintf("%s:%d@%s", kind, a.Count, a.Offset.Duration())
}

// ParseAttack reads KIND:COUNT@OFFSET, such as scan:5@10m, or, to name the class
// it happens to, KIND/CLASS:COUNT@OFFSET, such as scan/gateway:5@10m.
func ParseAttack(text string) (Attack, error) {
	kind, rest, colon := strings.Cut(text, ":")
	count, offset, at := strings.Cut(rest, "@")
	if !colon || !at {
		return Attack{}, fmt.Errorf("attack %q: want KIND:COUNT@OFFSET, such as scan:5@10m; kinds: %s", text, kindList())
	}
	n, err := strconv.Atoi(count)
	if err != nil {
		return Attack{}, fmt.Errorf("attack %q: count: want a whole number, such as 5", text)
	}
	after, err := time.ParseDuration(offset)
	if err != nil {
		return Attack{}, fmt.Errorf("attack %q: offset: want a length of time with its unit, such as 10m", text)
	}
	a := Attack{Count: n, Offset: record.MicrosIn(after)}
	var named bool
	if a.Kind, a.Class, named = strings.Cut(kind, "/"); named && !className.MatchString(a.Class) {
		return Attack{}, fmt.Errorf("attack %q: class: want the name of one, such as %s", text, strings.Join(Classes(), ", "))
	}
	if err := a.validate(maxDuration); err != nil {
		return Attack{}, err
	}
	return a, nil
}

func (a Attack) validate(duration record.Micros) error {
	switch {
	case kindNamed(a.Kind) == nil:
		return fmt.Errorf("attack %q: kind: want one of %s", a.Kind, kindList())
	case a.Count < 1:
		return fmt.Errorf("attack %q: count: have %d, want 1 or more", a.Kind, a.Count)
	case a.Offset < 0 || a.Offset >= duration:
		return fmt.Errorf("attack %q: offset: have %v, want 0 or more and less than %v", a.Kind, a.Offset.Duration(), duration.Duration())
	}
	return nil
}
