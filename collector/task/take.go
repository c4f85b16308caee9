package task

import (
	"fmt"
	"net/netip"

	"cordon/collector/clock"
	"cordon/collector/resolve"
	"cordon/collector/validate"
	"cordon/internal/identity"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// input is one raw record with what its batch says about it.
type input struct {
	*stream.Record
	appended record.Micros
	now      stream.Now
}

// maxRecord bounds a raw record: with every field at its bound one has about
// 2 KiB, so what is larger is no telemetry and must not fill the held room.
const maxRecord = 64 << 10

// take gives one record its outcome, and reports false, having changed nothing,
// when the frontier holds it back.
func (t *Task) take(in input, out *stream.Effects) bool {
	if len(in.Value) > maxRecord {
		t.clock.Count(t.clock.Known(""), t.clock.Sane(in.appended), clock.Rejected, 1)
		t.bury(in, validate.Problem{Reason: record.DeadOversize, Detail: "record: at most 64 KiB"}, out)
		return true
	}
	if err := t.decoder.Decode(in.Value, &t.raw); err != nil {
		t.clock.Count(t.clock.Known(""), t.clock.Sane(in.appended), clock.Rejected, 1)
		t.bury(in, problemOf(err), out)
		return true
	}
	subject, problem := t.bounds.Check(&t.raw, in.appended)
	if problem.Found() {
		t.reject(in, problem, out)
		return true
	}
	at := t.raw.OccurredAt
	if at > in.now.Frontier {
		t.refused = at
		return false
	}
	source := t.clock.Source(t.raw.SourceID)
	if t.isRepeat(source, at) {
		return true
	}
	isClock := t.raw.Kind == record.KindClock
	if source.ID() == "" {
		t.counters.Shared++
	}
	t.clock.Take(source, at, in.appended, isClock)
	if isClock {
		t.clock.Touch(in.now.Wall, true)
		t.counters.Accepted[record.KindClock]++
		t.decide(out)
		return true
	}
	second := t.note(in, subject, out)
	t.decide(out)
	if !second {
		t.admit(in, source, subject, out)
	}
	return true
}

// isRepeat reports whether the source sent this number before; a gap before it
// is counted at an event time.
func (t *Task) isRepeat(source *clock.Source, at record.Micros) bool {
	repeated, missing := source.Repeated(t.raw.SourceSequence)
	if repeated {
		t.counters.Duplicates++
		return true
	}
	t.clock.Count(source, at, clock.Missing, missing)
	t.counters.Missing += missing
	return false
}

// reject makes a dead letter of a record that decodes. Its number still counts
// as come; but no source becomes known by it.
func (t *Task) reject(in input, p validate.Problem, out *stream.Effects) {
	source := t.clock.Known(t.raw.SourceID)
	at := t.clock.Sane(t.raw.OccurredAt)
	if t.raw.SourceSequence.Value >= 0 && t.isRepeat(source, at) {
		return
	}
	t.clock.Count(source, at, clock.Rejected, 1)
	t.bury(in, p, out)
}

// admit forwards a record that names its subscriber, and lets one that names an
// address wait.
func (t *Task) admit(in input, source *clock.Source, subject validate.Subject, out *stream.Effects) {
	at := t.raw.OccurredAt
	if !subject.SUPI.IsZero() {
		t.forward(&t.raw, subject, in.Offset, out)
		t.clock.Count(source, at, clock.Received, 1)
		return
	}
	if begins(&t.raw) {
		t.clock.Count(source, at, clock.Rejected, 1)
		t.bury(in, validate.Problem{Reason: record.DeadNoSubject, Detail: "supi: a session that begins names its subscriber"}, out)
		return
	}
	h := resolve.Held{At: at, Appended: in.appended, Offset: in.Offset, Value: in.Value,
		Key: resolve.KeyOf(t.raw.UEAddress, t.raw.DNN, t.raw.SNSSAI)}
	if !t.table.Hold(h) {
		t.clock.Count(source, at, clock.Rejected, 1)
		t.bury(in, validate.Problem{Reason: record.DeadHeldTooMany, Detail: "held_bytes: the room for records that wait is full"}, out)
		return
	}
	t.counters.Waited++
	if at < t.clock.Passed() {
		t.decide(out)
	}
}

// begins reports a session event that says who takes an address over. Without a
// subscriber it must not be laid at the door of the former holder.
func begins(r *raw.Telemetry) bool {
	return r.Kind == record.KindSession && (r.Session.Event == record.SessionEstablished || r.Session.Event == record.SessionAddressChanged)
}

// note learns from a session event who holds an address, and decides what
// waited for that. It reports whether this is the copy under the second
// address, which says nothing else (contracts section 1, "Raw key").
func (t *Task) note(in input, subject validate.Subject, out *stream.Effects) (second bool) {
	r := &t.raw
	if r.Kind != record.KindSession || !r.UEAddress.IsValid() && !r.Session.OtherUEAddress.IsValid() {
		return false
	}
	address := r.UEAddress
	if second = t.isSecond(in.Key); second {
		address = r.Session.OtherUEAddress
		t.counters.SecondCopies++
	}
	if !address.IsValid() {
		return second
	}
	k := resolve.KeyOf(address, r.DNN, r.SNSSAI)
	switch e := r.Session.Event; {
	case e == record.SessionEstablished, e == record.SessionAddressChanged && !second:
		t.table.Bind(k, r.OccurredAt, subject.SUPI)
	case e != record.SessionReleased && e != record.SessionAddressChanged:
		return second
	case subject.SUPI.IsZero():
		// Released by whoever holds it.
		t.table.Bind(k, r.OccurredAt, identity.SUPI{})
	default:
		t.table.Release(k, r.OccurredAt, subject.SUPI)
	}
	t.table.Covered(k, func(h *resolve.Held, holder identity.SUPI) { t.settle(h, holder, out) })
	return second
}

// isSecond reports whether the record lies under its second address and not
// under its first.
func (t *Task) isSecond(key []byte) bool {
	r := &t.raw
	return liesUnder(key, r, r.Session.OtherUEAddress) && !liesUnder(key, r, r.UEAddress)
}

// liesUnder reports whether the key of a record is the address, as bytes or as
// text. A text of 4 or 16 characters could be bytes as well: both are tried.
func liesUnder(key []byte, r *raw.Telemetry, address netip.Addr) bool {
	if !address.IsValid() {
		return false
	}
	want := resolve.KeyOf(address, r.DNN, r.SNSSAI)
	if as, ok := netip.AddrFromSlice(key); ok && resolve.KeyOf(as, r.DNN, r.SNSSAI) == want {
		return true
	}
	as, err := netip.ParseAddr(string(key))
	return err == nil && resolve.KeyOf(as, r.DNN, r.SNSSAI) == want
}

// decide gives every record its outcome that R allows one.
func (t *Task) decide(out *stream.Effects) {
	passed := t.clock.Passed()
	t.table.Expire(passed)
	for h, holder := t.table.Next(passed); h != nil; h, holder = t.table.Next(passed) {
		t.settle(h, holder, out)
	}
}

// settle forwards a record that waited, or buries it when nobody is known to
// have held its address.
func (t *Task) settle(h *resolve.Held, holder identity.SUPI, out *stream.Effects) {
	defer t.table.Done(h)
	in := input{Record: &stream.Record{Offset: h.Offset, Value: h.Value}, appended: h.Appended}
	if err := t.decoder.Decode(h.Value, &t.again); err != nil {
		// It decoded when it came: the schemas known were changed since.
		t.clock.Count(t.clock.Known(""), h.At, clock.Rejected, 1)
		t.bury(in, problemOf(err), out)
		return
	}
	source := t.clock.Known(t.again.SourceID)
	if holder.IsZero() {
		t.clock.Count(source, h.At, clock.Rejected, 1)
		t.bury(in, validate.Problem{Reason: record.DeadUnresolvedAddress, Detail: "ueAddress: a session event that covers occurredAt"}, out)
		return
	}
	subject, problem := t.bounds.Check(&t.again, h.Appended)
	if problem.Found() {
		t.clock.Count(source, h.At, clock.Rejected, 1)
		t.bury(in, problem, out)
		return
	}
	subject.SUPI = holder
	t.forward(&t.again, subject, h.Offset, out)
	t.clock.Count(source, h.At, clock.Received, 1)
	t.counters.Resolved++
}

// forward writes what may leave of a record into the terminal's partition.
func (t *Task) forward(r *raw.Telemetry, subject validate.Subject, offset int64, out *stream.Effects) {
	t.policy.Apply(r, subject, &t.out)
	t.out.RawPartition, t.out.RawOffset = t.partition, offset
	t.value = record.AppendTelemetry(t.value[:0], &t.out)
	out.Send(stream.Send{Topic: stream.Telemetry, Partition: t.derive.Bucket(subject.SUPI, t.counts.telemetry),
		Key: t.out.Terminal[:], Value: t.value})
	t.counters.Accepted[r.Kind]++
}

// bury writes a dead letter: where the record lies and why, nothing of it.
func (t *Task) bury(in input, p validate.Problem, out *stream.Effects) {
	t.encode(&record.DeadLetter{
		Reason: p.Reason, Stage: stageName, SourceTopic: string(stream.TelemetryRaw), SourcePartition: t.partition,
		SourceOffset: in.Offset, Detail: p.Detail, At: in.appended,
	})
	key := fmt.Appendf(nil, "%s/%d/%d", stream.TelemetryRaw, t.partition, in.Offset)
	out.Send(stream.Send{Topic: stream.DeadLetters, Partition: t.partition % t.counts.dead, Key: key, Value: t.value})
	t.counters.DeadLetters[p.Reason]++
}

// problemOf names the reason of a record that does not decode.
func problemOf(err error) validate.Problem {
	p := validate.Problem{Reason: record.ReasonOf(err), Detail: "record: the encoding of its schema"}
	switch p.Reason {
	case record.DeadUnknownSchema:
		p.Detail = "schema: one this program knows"
	case record.DeadUnknownPayload:
		p.Detail = "payload: a record this program knows"
	}
	return p
}
