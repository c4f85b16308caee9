package task

import (
	"fmt"
	"strings"

	"cordon/collector/validate"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// lead is how long before it takes effect a change is written: the partitions of
// telemetry must all have it before their clock gets there (contracts section 2).
const lead = 60 * record.Second

// maxChange bounds a profile, a decision or a setting, which may be a list of some
// ten thousand destinations. It goes to every partition of telemetry.
const maxChange = 512 << 10

// settingKey begins the key of a setting in profiles.raw.
const settingKey = "setting:"

// isChange reports whether a topic holds what people say of terminals.
func isChange(topic stream.Topic) bool {
	return topic == stream.ProfilesRaw || topic == stream.OperatorDecisions
}

// takeChanges forwards profiles, settings and decisions to the scorer, each with the
// event time from which it holds. They have no part in the partition's clock.
func (t *Task) takeChanges(batch stream.Batch, now stream.Now, out *stream.Effects) (taken int) {
	from, known := t.effectiveFrom(now)
	if !known {
		return 0
	}
	for i := range batch.Records {
		r := &batch.Records[i]
		problem := validate.Problem{}
		switch {
		case len(r.Value) > maxChange:
			problem = validate.Problem{Reason: record.DeadOversize, Detail: "record: at most 512 KiB"}
		case batch.Partition.Topic == stream.OperatorDecisions:
			t.forwardDecision(r.Value, from, out)
		case r.Value == nil:
			problem = t.forwardRemoval(string(r.Key), from, out)
		default:
			problem = t.forwardProvisioned(r.Value, from, out)
		}
		if problem.Found() {
			t.buryChange(&batch, r.Offset, problem, out)
		}
	}
	return len(batch.Records)
}

// effectiveFrom returns a time that no partition's clock has reached: a minute after
// the newest there may be, and then the next full one, so that it is most often the
// same however many partitions there are. None is further than the alignment ahead
// of the slowest, which the frontier tells. It is not known before all have spoken.
func (t *Task) effectiveFrom(now stream.Now) (record.Micros, bool) {
	reached := t.time()
	if now.Frontier < stream.Far {
		reached = max(reached, now.Frontier-stream.AlignBound)
	}
	if reached <= 0 {
		return 0, now.Frontier >= 0 // there is no time yet: from the beginning
	}
	return (reached + stream.AlignBound + lead + record.Minute - 1).Floor(record.Minute), true
}

// forwardProvisioned forwards a profile or a setting.
func (t *Task) forwardProvisioned(value []byte, from record.Micros, out *stream.Effects) validate.Problem {
	decoded, err := raw.Decode(value)
	if err != nil {
		return problemOf(err)
	}
	switch r := decoded.(type) {
	case *raw.ExpectedBehaviour:
		who, problem := validate.CheckProfile(r)
		if problem.Found() {
			return problem
		}
		t.sendProfile(who, &record.ProfileChange{Profile: t.policy.Profile(&r.Profile), EffectiveFrom: from}, out)
	case *raw.Setting:
		if problem := validate.CheckSetting(r); problem.Found() {
			return problem
		}
		t.broadcast(&record.SettingChange{Name: r.Name, Version: r.Version, Content: r.Content, EffectiveFrom: from}, out)
		t.counters.Changes[changeSetting]++
	default:
		return problemOf(record.ErrUnknownSchema)
	}
	return validate.Problem{}
}

// forwardRemoval forwards that a profile or a setting ended; only its key tells which.
func (t *Task) forwardRemoval(key string, from record.Micros, out *stream.Effects) validate.Problem {
	if name, found := strings.CutPrefix(key, settingKey); found {
		t.broadcast(&record.SettingChange{Name: name, EffectiveFrom: from}, out)
		t.counters.Changes[changeSetting]++
		return validate.Problem{}
	}
	who, problem := validate.SubjectOf(key)
	if !problem.Found() {
		t.sendProfile(who, &record.ProfileChange{Removed: true, EffectiveFrom: from}, out)
	}
	return problem
}

// sendProfile sends a profile to the partition of its terminal, that of a group or
// type to all.
func (t *Task) sendProfile(who validate.Provisioned, change *record.ProfileChange, out *stream.Effects) {
	t.counters.Changes[changeProfile]++
	change.InternalGroupID, change.TypeAllocationCode = who.InternalGroupID, who.TypeAllocationCode
	if who.SUPI.IsZero() {
		t.broadcast(change, out)
		return
	}
	change.Terminal = t.derive.Terminal(who.SUPI)
	t.encode(change)
	out.Send(stream.Send{Topic: stream.Telemetry, Partition: t.derive.Bucket(who.SUPI, t.counts.telemetry), Key: change.Terminal[:], Value: t.value})
}

// forwardDecision forwards those decisions that the scorer acts on. The others are
// the enforcer's, which reads the same topic and buries what cannot be read.
func (t *Task) forwardDecision(value []byte, from record.Micros, out *stream.Effects) {
	var d record.OperatorDecision
	if record.DecodeInto(value, &d) != nil {
		return
	}
	switch d.Kind {
	case record.DecisionBenign, record.DecisionAllow, record.DecisionExempt,
		record.DecisionEndBenign, record.DecisionEndAllow, record.DecisionEndExempt:
		t.broadcast(&record.DecisionChange{
			DecisionID: d.DecisionID, Kind: d.Kind, Terminal: d.Terminal, InternalGroupID: d.InternalGroupID,
			TypeAllocationCode: d.TypeAllocationCode, Destination: d.Destination, Until: d.Until, EffectiveFrom: from,
		}, out)
		t.counters.Changes[changeDecision]++
	}
}

// broadcast sends a change to every partition of telemetry.
func (t *Task) broadcast(change any, out *stream.Effects) {
	t.encode(change)
	for p := range t.counts.telemetry {
		out.Send(stream.Send{Topic: stream.Telemetry, Partition: p, Value: t.value})
	}
}

// buryChange writes a dead letter: where the record lies and why, nothing of it.
func (t *Task) buryChange(batch *stream.Batch, offset int64, p validate.Problem, out *stream.Effects) {
	at := batch.Partition
	t.encode(&record.DeadLetter{
		Reason: p.Reason, Stage: stageName, SourceTopic: string(at.Topic), SourcePartition: at.ID,
		SourceOffset: offset, Detail: p.Detail, At: batch.AppendTime,
	})
	key := fmt.Appendf(nil, "%s/%d/%d", at.Topic, at.ID, offset)
	out.Send(stream.Send{Topic: stream.DeadLetters, Partition: at.ID % t.counts.dead, Key: key, Value: t.value})
	t.counters.DeadLetters[p.Reason]++
}

// Kinds of changes, for counting.
const (
	changeProfile = iota
	changeDecision
	changeSetting
	changeKinds
)

// changeNames are their labels.
var changeNames = [changeKinds]string{"profile", "decision", "setting"}
