package task

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"cordon/enforcer/guard"
	"cordon/enforcer/ladder"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// errMisplaced reports a record of a kind that its topic does not carry.
var errMisplaced = errors.New("a record of another kind than its topic carries")

// step applies an event to a terminal and does what follows from it.
func (t *Task) step(x *terminal, e ladder.Event) {
	e.Paused, e.Stale = t.paused(e.At), t.stale(x)
	told := x.DeferralTold
	o := t.rules.Step(&x.Case, e)
	switch {
	case o.After.InForce() && !o.Before.InForce():
		t.guard.Isolate(e.At)
		t.dirty.add(pieceKey{kind: pieceGuard})
	case o.Before.InForce() && !o.After.InForce():
		t.guard.Free()
	}
	if o.After == ladder.Deferred && o.Before != ladder.Deferred {
		t.fresh = append(t.fresh, x)
	}
	if o.Cause != ladder.NoCommand {
		t.command(x, &o)
	} else {
		t.auditMove(x, &o, told)
	}
	t.schedule(x)
	t.dirty.add(pieceKey{kind: pieceTerminal, terminal: x.Terminal})
}

// schedule enters the terminal's next turns.
func (t *Task) schedule(x *terminal) {
	if x.partition == unknownPartition {
		return
	}
	part := &t.parts[x.partition]
	if due, kind := t.rules.Next(&x.Case); kind != ladder.NoEvent {
		part.timers.Set(x.Terminal, due)
	} else {
		part.timers.Remove(x.Terminal)
	}
	if x.State == ladder.Deferred {
		part.waiting.Set(x.Terminal, x.WaitsSince)
	} else {
		part.waiting.Remove(x.Terminal)
	}
}

// admission is what the guards say to one more terminal at a time.
func (t *Task) admission(at record.Micros) guard.Refusal {
	if t.paused(at) {
		return guard.Paused
	}
	return t.guard.Check(at)
}

// command sends and audits what a step ordered.
func (t *Task) command(x *terminal, o *ladder.Outcome) {
	o.Command.Fence = t.fence
	topic := stream.IsolationRehearsal
	if o.Command.Mode == record.ModeEnforce {
		topic = stream.IsolationCommands
	}
	t.send(stream.Send{Topic: topic, Partition: x.partition, Key: x.Terminal[:]}, &o.Command)
	t.counters.Commands[o.Command.Action]++
	t.counters.Causes[o.Cause]++
	kind, reason := o.Cause.String(), o.Command.Action.String()
	if o.Command.Action == record.ActionRelease {
		kind, reason = reason, kind
	}
	t.audit(x, record.AuditEvent{Kind: kind, ReasonCode: reason, At: o.Command.IssuedAt})
}

// auditMove audits a change of state that orders nothing: what a policy system
// refused, where order and telemetry part, what was deferred (told: and audited
// so) and then dropped.
func (t *Task) auditMove(x *terminal, o *ladder.Outcome, told bool) {
	if o.After == o.Before {
		return
	}
	switch o.After {
	case ladder.Rejected, ladder.Failed, ladder.Drifted, ladder.PendingApproval:
		t.audit(x, record.AuditEvent{Kind: o.After.String(), ReasonCode: o.Event.String(), At: o.At})
	case ladder.Idle:
		t.counters.Dropped++
		if told || o.Before == ladder.PendingApproval {
			t.audit(x, record.AuditEvent{Kind: "DROP", ReasonCode: o.Event.String(), At: o.At})
		}
	}
}

// tellDeferral audits that the guards hold a terminal back.
func (t *Task) tellDeferral(x *terminal) {
	if x.State != ladder.Deferred || x.DeferralTold {
		return
	}
	x.DeferralTold = true
	at := t.clockOf(x)
	refusal := t.admission(at)
	t.counters.Deferred[refusal]++
	t.audit(x, record.AuditEvent{Kind: "DEFER", ReasonCode: refusal.String(), At: at})
	t.dirty.add(pieceKey{kind: pieceTerminal, terminal: x.Terminal})
}

// audit links a machine's act to the chain: the verdict that is believed and
// the record at hand led to it.
func (t *Task) audit(x *terminal, e record.AuditEvent) {
	e.Terminal = x.Terminal
	e.Actor = actor(t.fence)
	if !x.Belief.VerdictID.IsZero() {
		e.Inputs = append(e.Inputs, record.InputPosition{
			Topic: string(stream.Verdicts), Partition: x.partition, Offset: x.Belief.Offset,
		})
	}
	if t.input.Topic != "" && (len(e.Inputs) == 0 || e.Inputs[0] != t.input) {
		e.Inputs = append(e.Inputs, t.input)
	}
	t.link(e)
}

func (t *Task) auditDecision(d *record.OperatorDecision, kind string) {
	t.link(record.AuditEvent{
		Kind: kind, Terminal: d.Terminal, Actor: d.Operator, ReasonCode: d.ReasonCode, Ticket: d.Ticket,
		Inputs: []record.InputPosition{t.input}, At: d.At,
	})
}

func (t *Task) link(e record.AuditEvent) {
	e = t.chain.Link(e)
	t.counters.AuditEvents++
	t.dirty.add(pieceKey{kind: pieceChain})
	// One writer's chain is read in order: it stays in one partition.
	t.send(stream.Send{Topic: stream.Audit, Partition: 0, Key: []byte(Writer)}, &e)
}

// actorPrefix marks the acts of a machine, before the fence of the enforcer.
const actorPrefix = "enforcer/"

func actor(fence int64) string { return actorPrefix + strconv.FormatInt(fence, 10) }

// fenceOf returns the fence in the actor of an audit event; 0: a person's.
func fenceOf(actor string) int64 {
	text, ok := strings.CutPrefix(actor, actorPrefix)
	fence, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil || fence < 0 {
		return 0
	}
	return fence
}

// reject sends the record at hand to the dead letters: its position and why,
// nothing of its content.
func (t *Task) reject(err error, appended record.Micros) {
	reason := record.ReasonOf(err)
	if errors.Is(err, errMisplaced) {
		reason = record.DeadUnknownPayload
	}
	in := t.input
	key := fmt.Appendf(nil, "%s/%d/%d", in.Topic, in.Partition, in.Offset)
	partition := int32(0)
	if n := t.counts[stream.DeadLetters]; n > 0 {
		partition = in.Partition % n
	}
	t.counters.DeadLetters++
	t.send(stream.Send{Topic: stream.DeadLetters, Partition: partition, Key: key}, &record.DeadLetter{
		Reason: reason, Stage: "enforcer", SourceTopic: in.Topic, SourcePartition: in.Partition,
		SourceOffset: in.Offset, At: appended,
	})
}

// send encodes and adds one record. Our own records always encode; should one
// not, it is counted and the rest goes on.
func (t *Task) send(s stream.Send, rec any) {
	value, err := record.Append(t.scratch[:0], rec)
	if err != nil {
		t.counters.Unencodable++
		return
	}
	t.scratch = value
	s.Value = value
	t.out.Send(s)
}
