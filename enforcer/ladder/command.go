package ladder

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"cordon/internal/record"
)

// issue orders the wanted measure.
func (r *Rules) issue(c *Case, at record.Micros, cause Cause) record.IsolationCommand {
	lasts := r.duration(c, at, cause)
	former := c.Force.CommandID
	c.Force = Order{Measure: c.Belief.Want, Mode: r.Mode, IssuedAt: at, ExpiresAt: at + lasts}
	c.AppliedAt = 0
	cmd := r.command(c, c.Belief.Want.Action, c.Belief.Text)
	if cause != CauseIsolate {
		cmd.Supersedes = former
	}
	cmd.ValidForSeconds = int64(lasts / record.Second)
	cmd.Lever = Lever(cmd.Action)
	return cmd
}

// release orders the undo of the measure in force, in the mode it was ordered
// in. The command names that measure's target: a policy system that lost its
// memory still knows what to undo. The case keeps when the measure ends by
// itself.
func (r *Rules) release(c *Case, at record.Micros, cause Cause) record.IsolationCommand {
	former := c.Force
	c.Force.IssuedAt = at
	cmd := r.command(c, record.ActionRelease, r.releaseText(cause))
	cmd.ExpiresAt = at
	cmd.Supersedes = former.CommandID
	cmd.Lever = "undo of " + Lever(former.Measure.Action)
	if cause == CauseMode {
		// What was rehearsed is no offence, and what was ordered starts over.
		c.Offences = 0
	}
	return cmd
}

// command fills what all commands share and gives it its name. The name leaves
// out the fence, so that two runs over the same verdicts agree on it.
func (r *Rules) command(c *Case, action record.Action, text string) record.IsolationCommand {
	c.Sequence++
	b, f := &c.Belief, &c.Force
	exception := f.Measure.Exception
	cmd := record.IsolationCommand{
		Terminal: c.Terminal, KeyEpoch: b.KeyEpoch, PreviousTerminal: b.Previous, Sequence: c.Sequence,
		Action: action, Target: f.Measure.Target,
		Reason: record.CommandReason{
			VerdictID: b.VerdictID, Class: b.Class, ExceptionID: exception.ExceptionID,
			Level: exception.Level, Trend: exception.Trend, Text: text,
		},
		IssuedAt: f.IssuedAt, ExpiresAt: f.ExpiresAt, Mode: f.Mode,
	}
	cmd.CommandID = commandID(&cmd)
	f.CommandID = cmd.CommandID
	return cmd
}

// commandID hashes what makes a command the one it is.
func commandID(cmd *record.IsolationCommand) record.ID {
	b := []byte("cordon command 1")
	b = append(b, cmd.Terminal[:]...)
	b = append(b, cmd.Reason.VerdictID[:]...)
	b = append(b, byte(cmd.Action))
	b = binary.BigEndian.AppendUint64(b, uint64(cmd.IssuedAt))
	b = binary.BigEndian.AppendUint64(b, uint64(cmd.Sequence))
	b = appendTarget(b, &cmd.Target)
	sum := sha256.Sum256(b)
	return record.ID(sum[:16])
}

// appendTarget writes every field with its length or presence, so that no two
// targets share an encoding.
func appendTarget(b []byte, t *record.Target) []byte {
	for _, text := range [...]string{t.DNN, t.SNSSAI, t.QuarantineDNN} {
		b = appendBytes(b, []byte(text))
	}
	for _, o := range [...]record.Opt[int64]{
		widen(t.PDUSessionID), t.UplinkBitsPerSecond, t.DownlinkBitsPerSecond, widen(t.BackoffSeconds),
	} {
		if !o.Set {
			b = append(b, 0)
			continue
		}
		b = binary.BigEndian.AppendUint64(append(b, 1), uint64(o.Value))
	}
	for _, d := range t.Destinations {
		b = binary.BigEndian.AppendUint32(b, uint32(d.Protocol))
		b = binary.BigEndian.AppendUint32(b, uint32(d.Port))
		b = appendBytes(b, d.Address.AsSlice())
	}
	return b
}

func appendBytes(b, field []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(field))), field...)
}

func widen(o record.Opt[int32]) record.Opt[int64] {
	return record.Opt[int64]{Value: int64(o.Value), Set: o.Set}
}

// reasonsTold is how many of a verdict's reasons a command repeats: the rest
// adds little evidence and stands in the verdict.
const reasonsTold = 3

// explain says in words and numbers why a verdict came about. It repeats no
// samples: those may hold addresses, which the target names where needed.
func explain(v *record.Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v with %s nats of evidence (score %d of 1000)", v.Class, thousandths(v.Evidence), v.Score)
	for i, e := range v.Exceptions {
		fmt.Fprintf(&b, "%s%v level %d %v", separator(i), e.ExceptionID, e.Level, e.Trend)
	}
	for i, reason := range v.Reasons[:min(len(v.Reasons), reasonsTold)] {
		fmt.Fprintf(&b, "%s%s is %d %s where %v allows %d: %s nats",
			separator(i), reason.Feature, reason.Value, reason.Unit, reason.Reference, reason.Expected,
			thousandths(reason.Contribution))
	}
	return b.String()
}

func separator(i int) string {
	if i == 0 {
		return "; "
	}
	return ", "
}

// thousandths prints milli-units with three decimals.
func thousandths(v int64) string {
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	return fmt.Sprintf("%s%d.%03d", sign, v/1000, v%1000)
}

// releaseText says why a measure is undone.
func (r *Rules) releaseText(cause Cause) string {
	switch cause {
	case CauseProbation:
		return fmt.Sprintf("released: the case was cleared and stayed so for %v", r.Probation.Duration())
	case CauseExpire:
		return "released: the time of the measure is over and the case wants none"
	case CauseOperator:
		return "released: an operator decided so"
	case CauseMode:
		return "released: the enforcer was started in another mode"
	}
	return "released: the terminal is protected or exempt"
}
