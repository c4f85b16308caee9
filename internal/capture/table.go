package capture

import (
	"container/heap"
	"net/netip"

	"cordon/internal/record"
)

// report is one flow report of one terminal, on its way to a telemetry record.
type report struct {
	terminal netip.Addr
	at       record.Micros
	since    record.Micros
	port     record.Opt[int32]
	flow     record.Flow
}

// table puts packets together to flows. Its clock is the time of the packets:
// before a packet of time t is added, fire must have been called until nothing
// is due at t or before.
type table struct {
	settings *Settings
	local    *locality
	counts   *Counts
	flows    map[flowKey]*flow
	agenda   agenda
	silent   queue
	created  uint64
	parts    fragments
	reports  []report // not yet taken by the caller
}

func newTable(s *Settings, c *Counts) *table {
	return &table{settings: s, local: newLocality(s), counts: c, flows: map[flowKey]*flow{}, parts: newFragments()}
}

// due returns when the next flow is to be looked at.
func (t *table) due() (record.Micros, bool) {
	if len(t.agenda) == 0 {
		return 0, false
	}
	return t.agenda[0].due, true
}

// add counts the packet of time now to its flow.
func (t *table) add(p *packet, now record.Micros) {
	if p.tunnel != (fragment{}) {
		t.parts.put(p.tunnel, nil, now)
	}
	if p.part == laterFragment {
		t.addFragment(p, now)
		return
	}
	key, from := keyOf(p)
	f := t.flows[key]
	if f != nil && f.restarts(p) {
		t.close(f, now)
		t.remove(f)
		f = nil
	}
	if f == nil {
		if f = t.create(p, key, from, now); f == nil {
			t.counts.Remote++
			return
		}
	}
	t.receive(f, p, from, now)
}

// receive counts the packet to the flow and ends the flow where it says so.
func (t *table) receive(f *flow, p *packet, from int, now record.Micros) {
	if f.stage == remembered {
		f.resume(now)
	}
	f.count(p, from, now)
	t.counts.FlowPackets++
	t.counts.FlowBytes += p.length
	t.silent.touch(f)
	f.look(p, from)
	if p.part == firstFragment {
		t.parts.put(p.id, f, now)
	}
	if f.stage == open && f.follow(p, from, now) {
		t.close(f, now)
	}
	t.schedule(f, now)
}

// addFragment counts a packet without ports to the flow of the packet it
// belongs to.
func (t *table) addFragment(p *packet, now record.Micros) {
	f, known := t.parts.get(p.id, now)
	switch {
	case !known || f != nil && f.stage == gone:
		t.counts.LostFragments++
	case f == nil:
		t.counts.TunnelFragments++
	default:
		from := 0
		if f.key.end[1].Addr() == p.src {
			from = 1
		}
		p.part = whole // its first part is known: count it as any other packet
		p.flags = 0
		t.receive(f, p, from, now)
	}
}

// create begins a flow; nil: neither end is a terminal.
func (t *table) create(p *packet, key flowKey, from int, now record.Micros) *flow {
	local := [2]bool{t.local.has(key.end[0].Addr()), t.local.has(key.end[1].Addr())}
	if p.toGroup {
		local[1-from] = false
	}
	if !local[0] && !local[1] {
		return nil
	}
	if len(t.flows) >= t.settings.MaxFlows {
		t.evict(now)
	}
	t.created++
	f := &flow{
		key: key, local: local, opener: openerOf(p, &key, from),
		start: now, base: now, since: now, last: now, number: t.created,
	}
	t.flows[key] = f
	t.silent.append(f)
	f.due = now // scheduled for real by receive
	heap.Push(&t.agenda, f)
	return f
}

// evict reports and forgets the flow that was silent longest.
func (t *table) evict(now record.Micros) {
	f := t.silent.oldest
	if f.stage == open {
		t.counts.FlowsDropped++
	}
	t.close(f, now)
	t.remove(f)
}

// fire looks at the flow that is due first.
func (t *table) fire() {
	f := t.agenda[0]
	now := f.due
	idle := now >= f.last+f.patience()
	switch {
	case f.stage == remembered:
		t.remove(f)
		return
	case f.stage == closed && idle:
		t.close(f, now)
		t.remove(f)
		return
	case f.stage == open && idle:
		t.close(f, now)
		if !f.answered() || f.key.proto != protoTCP && f.key.proto != protoUDP {
			t.remove(f)
			return
		}
		f.stage = remembered
	case f.stage == open && f.finned != 0 && now >= f.finned+finWait:
		t.close(f, now)
	case f.stage == open:
		t.tick(f, now)
	}
	t.schedule(f, now)
}

// tick reports an open flow where a report is due: an attempt when it has
// waited long enough, others at the end of each interval in which something
// moved.
func (t *table) tick(f *flow, now record.Micros) {
	waited := now >= f.start+answerWait
	attempt := !f.answered() && !f.overdue && waited
	interval := (now-f.base)%t.settings.ReportInterval == 0
	switch {
	case attempt:
		f.overdue = true
		t.report(f, now, false)
	case interval && (waited || f.answered()):
		if f.moved[0].packets+f.moved[1].packets > 0 {
			t.report(f, now, false)
		}
		f.since = now
	}
}

// close reports the end of a flow, or what came after its end.
func (t *table) close(f *flow, now record.Micros) {
	stragglers := f.moved[0].packets+f.moved[1].packets > 0
	if f.stage == open || stragglers {
		t.report(f, now, true)
	}
	f.stage = closed
}

// schedule sets when the flow is looked at again.
func (t *table) schedule(f *flow, now record.Micros) {
	due := f.last + f.patience()
	switch f.stage {
	case remembered:
		due = f.last + memory
	case open:
		i := t.settings.ReportInterval
		due = min(due, f.base+((now-f.base)/i+1)*i)
		if !f.answered() && now < f.start+answerWait {
			due = min(due, f.start+answerWait)
		}
		if f.finned != 0 {
			due = min(due, f.finned+finWait)
		}
	}
	if due != f.due {
		f.due = due
		heap.Fix(&t.agenda, f.place)
	}
}

// report writes the flow's interval for each of its terminals, that of the
// opener first, and begins the next one.
func (t *table) report(f *flow, now record.Micros, ended bool) {
	first := 0
	if f.opener == 1 {
		first = 1
	}
	for _, terminal := range [2]int{first, 1 - first} {
		if f.local[terminal] {
			t.reports = append(t.reports, f.report(terminal, now, ended))
		}
	}
	f.since, f.moved = now, [2]moved{}
	if f.asking {
		f.named, f.asking = sighting{}, false
	}
}

// report returns the interval as the given end sees it.
func (f *flow) report(terminal int, now record.Micros, ended bool) report {
	remote := f.key.end[1-terminal]
	up, down := f.moved[terminal], f.moved[1-terminal]
	r := report{
		terminal: f.key.end[terminal].Addr(), at: now, since: f.since, port: portOf(f.key.proto, f.key.end[terminal]),
		flow: record.Flow{
			Protocol: int32(f.key.proto), RemoteAddress: remote.Addr(), RemotePort: int32(remote.Port()),
			Direction: direction(f.opener, terminal), StartTime: record.Some(f.start), Ended: ended,
			ULVolume: up.bytes, DLVolume: down.bytes, ULPackets: up.packets, DLPackets: down.packets,
			DNSResponse: f.named.rcode,
		},
	}
	if f.named.domain != "" {
		r.flow.Domain, r.flow.DomainSource = f.named.domain, f.named.source
	}
	if f.key.proto == protoTCP {
		r.flow.ULTCPFlags, r.flow.DLTCPFlags = flagsOf(up), flagsOf(down)
	}
	return r
}

// portOf returns the port of an end; absent where the protocol has none.
func portOf(proto uint8, end netip.AddrPort) record.Opt[int32] {
	switch proto {
	case protoTCP, protoUDP, protoSCTP:
		return record.Some(int32(end.Port()))
	}
	return record.Opt[int32]{}
}

// flagsOf returns the flags an end sent; absent where it sent nothing.
func flagsOf(m moved) record.Opt[int32] {
	if m.packets == 0 {
		return record.Opt[int32]{}
	}
	return record.Some(int32(m.flags))
}

func direction(opener int8, terminal int) record.Direction {
	switch opener {
	case openerUnknown:
		return record.DirectionUnknown
	case int8(terminal):
		return record.DirectionUplink
	}
	return record.DirectionDownlink
}

func (t *table) remove(f *flow) {
	heap.Remove(&t.agenda, f.place)
	t.silent.unlink(f)
	delete(t.flows, f.key)
	f.stage = gone
}
