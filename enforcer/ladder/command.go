package ladder

import (
	"crypto/sha256"
	"encoding/binary"

	"cordon/internal/record"
)

// issue orders the wanted measure.
func (r *Rules) issue(c *Case, at record.Micros, cause Cause) record.IsolationCommand {
	lasts := r.duration(c, at, cause)
	former := c.Force.CommandID
	c.Force = Order{Measure: c.Belief.Want, Mode: r.Mode, IssuedAt: at, ExpiresAt: at + lasts}
	c.AppliedAt = 0
	text := c.Belief.Text
	if cause == CauseRenew {
		text = "renewed: the case is not cleared yet. " + text
	}
	cmd := r.command(c, c.Belief.Want.Action, text)
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
