package peer

import (
	"cordon/scorer/feature"
	"cordon/scorer/pane"
)

// Service is a protocol and port.
type Service struct {
	Port     uint16
	Protocol uint8
}

// Outage is what excuses failures of one terminal in one pane.
type Outage struct {
	services [4]Service // of destinations that the terminal uses and that are down
	used     int
	left     int // failing fallbacks that are still excused
}

// fallbacksMost is how many failing fallbacks are excused in a pane: a device has a
// short list, a scanner has not.
const fallbacksMost = 4

// Outage returns what excuses a terminal that knows destinations which are down:
// they themselves, and its fallbacks for them, which are on the same protocol and
// port. Whoever does not use what is down has no fallback for it.
func (p *Peers) Outage(knows func(k pane.Key) bool, n pane.Number) Outage {
	o := Outage{left: fallbacksMost}
	if p.gate.downTo <= n {
		return o
	}
	for i := range p.gate.watched {
		w := &p.gate.watched[i]
		if w.since == 0 || w.until <= n || o.used == len(o.services) || !knows(w.key) {
			continue
		}
		o.services[o.used] = Service{w.key.Port, w.key.Protocol}
		o.used++
	}
	return o
}

// Excuses reports whether a failing destination is a fallback, one of the first few of the pane.
func (o *Outage) Excuses(d *pane.Destination) bool {
	if o.left == 0 || d.Answered > 0 {
		return false
	}
	for _, s := range o.services[:o.used] {
		if s == (Service{d.Port, d.Protocol}) {
			o.left--
			return true
		}
	}
	return false
}

// Down reports whether a destination fails for everybody at pane n.
func (p *Peers) Down(k *pane.Key, n pane.Number) bool { return p.gate.isDown(k, hashOf(k), n) }

// Shared returns what the other terminals of a group say of a destination.
func (p *Peers) Shared(g *Group, s *feature.Seen, n pane.Number) feature.Shared {
	shared := feature.Shared{Down: p.gate.isDown(&s.Key, hashOf(&s.Key), n)}
	hash := networkOf(&s.Key)
	if g.Members < Needed {
		return shared
	}
	users := p.uses.of(p.uses.useOf(g.key, hash))
	if p.uses.tells(n) && g.Known { // without what is usual everything would surprise
		shared.Members, shared.Users = g.Members, int64(users[earlier])
		// What nobody at all uses surprises more than what nobody of the group does.
		everybody := int64(p.uses.of(p.uses.useOf(all, hash))[earlier])
		if g.All*(1+shared.Users) > g.Members*(1+everybody) {
			shared.Members, shared.Users = g.All, everybody
		}
	}
	// Upstream-heavy is not excused: what many send much to may be where it goes.
	fresh := int64(max(users[today], users[yesterday]))
	shared.Common = s.Answered > 0 && s.UL <= 4*s.DL+commonBytes && fresh >= max(commonMost, g.Members/commonPart)
	return shared
}

const (
	// commonMost terminals, or one in commonPart of the group, make a destination
	// that is new to them no news (detection reference 3.6).
	commonMost = 20
	commonPart = 500
	// commonBytes of uplink are never heavy.
	commonBytes = 1 << 16
)

// Use counts a terminal that used a destination for the first time in a day. It counts
// from the next pane on: see End.
func (p *Peers) Use(k Kind, d *pane.Destination) {
	hash := networkOf(&d.Key)
	for _, key := range k.wider() {
		if key != 0 {
			p.uses.note(p.uses.useOf(key, hash))
		}
	}
}
