package task

import (
	"cordon/internal/record"
	"cordon/scorer/detect"
	"cordon/scorer/pane"
	"cordon/scorer/peer"
)

// detectorRules are the rules of the detectors whose state not every terminal has.
type detectorRules struct {
	destinations detect.DestinationsRules
	control      detect.ControlRules
	device       detect.DeviceRules
}

// detect adds the evidence of the pane that was read. What a terminal has in a pool
// begins with the first pane that asks for it.
func (t *Task) detect(term *terminal, ref *detect.Reference) {
	v, p := &t.vector, &term.parts
	if p.destinations != 0 {
		t.roster.destinations.open(&p.destinations).Excuse(v)
	}
	term.evidence.Step(&t.detectors, v, ref)
	if p.destinations != 0 || t.rules.destinations.Wants(v, ref) {
		t.roster.destinations.open(&p.destinations).Step(v, ref, &t.rules.destinations)
	}
	if p.control != 0 || t.rules.control.Wants(v, ref) {
		t.roster.control.open(&p.control).Step(v, ref, &t.rules.control)
	}
	if p.device != 0 || t.rules.device.Wants(v, ref) {
		t.roster.device.open(&p.device).Step(v, ref, &t.rules.device)
	}
	term.ports.Learn(v, ref)
	term.habit.Use(v, t.roster.destinations.look(p.destinations))
}

// reference gathers what the pane of a terminal is compared with; before is what
// stood against it before that.
func (t *Task) reference(term *terminal, n pane.Number, before *detect.Levels) detect.Reference {
	learning := !t.group.Known && t.census.total() >= peer.Needed
	habit := &term.habit
	if !t.settings.Envelope.Enabled {
		habit = &t.noHabit
	}
	uplink, starts := t.classes(learning, habit.Settled())
	gate := t.gate
	gate.Updated = t.settings.Gate.Enabled && t.peers.Updated(&term.member)
	ref := detect.Reference{
		Age:      t.age(term, n),
		Uplink:   habit.Uplink(n, uplink),
		Starts:   habit.Starts(n, starts),
		Busiest:  habit.Busiest(),
		Rich:     (t.group.Members == 0 || t.group.Mixed()) && 2*habit.Largest() > uplink.Value,
		Learning: learning,
		Busy:     !t.calm(term, before),
		Ports:    &term.ports,
		Storm:    t.settings.Gate.Enabled && t.peers.Storm(t.vector.Events),
		Gate:     gate, Short: t.ages.Short(n), Sessions: &t.ages,
		Area: t.names.label(term.context.TrackingAreaCode), Equipment: term.context.Equipment,
	}
	t.provision(term, &ref)
	return ref
}

// age returns for how many panes up to n the terminal was seen with its device: a
// new one is commissioned like a new terminal.
func (t *Task) age(term *terminal, n pane.Number) pane.Number {
	age := n - term.first
	if d := t.roster.device.look(term.parts.device); d != nil {
		age = min(age, d.Age(n, term.context.Equipment))
	}
	return age
}

// classes returns what is normal for the group of the terminal at hand, or for
// terminals of any kind where the group is too small to tell. While a fleet is
// learning, a camera is a kind of terminal like others. A group of any kind says
// what the busiest kind does, so it speaks for terminals of a few days only.
func (t *Task) classes(learning, settled bool) (uplink, starts detect.Class) {
	uplink, starts = prior(t.rule.Uplink), prior(t.rule.Starts)
	if learning {
		uplink.Value = max(uplink.Value, uint64(t.settings.Volume.UplinkUnknown))
	}
	if t.group.Mixed() && settled {
		uplink.Mixed, starts.Mixed = true, true
		return uplink, starts
	}
	if g := &t.group; g.Uplink != 0 {
		uplink = peers(g.Uplink, g.UplinkMost)
	}
	if g := &t.group; g.Starts != 0 {
		starts = peers(g.Starts, g.StartsMost)
	}
	return uplink, starts
}

// peers returns the levels of a group as what is normal for its terminals.
func peers(level, most uint8) detect.Class {
	return detect.Class{
		Normal: detect.Normal{Value: detect.AmountOf(level), From: record.ReferencePeer}, Most: detect.AmountOf(most), Trust: 3,
	}
}

// prior returns a shipped prior as what is normal for terminals of any kind.
func prior(e detect.Envelope) detect.Class {
	return detect.Class{Normal: detect.Normal{Value: e.Normal, From: record.ReferencePrior}, Trust: 1}
}

// editable returns what stands against a terminal, for the judge: Lower may change
// the evidence and the control part.
func (t *Task) editable(term *terminal) detect.Standing {
	s := t.roster.standing(term)
	s.Control = t.roster.control.edit(term.parts.control)
	return s
}

// forget drops the parts of a terminal that hold nothing of use any more.
func (p *pools) forget(term *terminal, n pane.Number) {
	if d := p.destinations.look(term.parts.destinations); d != nil && d.Empty(n) {
		p.destinations.drop(&term.parts.destinations)
	}
	if c := p.control.look(term.parts.control); c != nil && c.Empty(n) {
		p.control.drop(&term.parts.control)
	}
	if d := p.device.look(term.parts.device); d != nil && d.Empty(n) {
		p.device.drop(&term.parts.device)
	}
}
