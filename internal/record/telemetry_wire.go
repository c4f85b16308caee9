package record

import (
	"cordon/internal/record/wire"
	"cordon/schemas"
)

// Name of the record of PseudonymisedTelemetry's schema.
const telemetryName = "PseudonymisedTelemetry"

var (
	telemetrySchema = schemas.Newest(telemetryName)
	telemetryHeader = telemetrySchema.Header()
)

// noPayload is the union index written for a record without a payload. No
// schema has it: every reader refuses the record.
const noPayload = -1

// AppendTelemetry appends the single-object encoding of t. It allocates nothing
// where dst has room.
func AppendTelemetry(dst []byte, t *PseudonymisedTelemetry) []byte {
	dst = append(dst, telemetryHeader[:]...)
	dst = append(dst, t.Terminal[:]...)
	dst = wire.AppendInt(dst, t.KeyEpoch)
	dst = appendOptFixed(dst, t.PreviousTerminal[:], t.PreviousTerminal.IsZero())
	dst = wire.AppendInt(dst, t.RawPartition)
	dst = wire.AppendLong(dst, t.RawOffset)
	dst = wire.AppendLong(dst, int64(t.OccurredAt))
	dst = AppendOptMicros(dst, t.IntervalStart)
	dst = wire.AppendString(dst, t.SourceID)
	dst = AppendOptLong(dst, t.SourceSequence)
	dst = wire.AppendOptString(dst, t.DNN)
	dst = wire.AppendOptString(dst, t.SNSSAI)
	dst = wire.AppendOptString(dst, t.PLMN)
	dst = wire.AppendOptString(dst, t.RATType)
	dst = wire.AppendOptString(dst, t.InternalGroupID)
	dst = AppendOptInt(dst, t.PDUSessionID)
	dst = wire.AppendOptString(dst, t.TrackingAreaCode)
	dst = AppendOptInt(dst, t.SamplingRatio)
	dst = wire.AppendOptString(dst, t.TypeAllocationCode)
	dst = appendOptFixed(dst, t.EquipmentToken[:], t.EquipmentToken.IsZero())
	dst = appendOptFixed(dst, t.CellToken[:], t.CellToken.IsZero())
	return appendPayload(dst, t)
}

func appendOptFixed(dst, value []byte, absent bool) []byte {
	if absent {
		return wire.AppendNull(dst)
	}
	return append(wire.AppendSome(dst), value...)
}

func appendPayload(dst []byte, t *PseudonymisedTelemetry) []byte {
	if t.Kind == KindUnknown || t.Kind > KindExternalException {
		return wire.AppendInt(dst, noPayload)
	}
	dst = wire.AppendInt(dst, int32(t.Kind)-1)
	switch t.Kind {
	case KindFlow:
		return appendFlow(dst, &t.Flow)
	case KindSessionUsage:
		return t.SessionUsage.AppendWire(dst)
	case KindSession:
		return t.Session.AppendWire(dst)
	case KindRegistration:
		return t.Registration.AppendWire(dst)
	case KindRadioFailure:
		return t.RadioFailure.AppendWire(dst)
	case KindDeviceStatus:
		return t.DeviceStatus.AppendWire(dst)
	default:
		return t.ExternalException.AppendWire(dst)
	}
}

func appendFlow(dst []byte, f *Flow) []byte {
	dst = wire.AppendInt(dst, f.Protocol)
	dst = wire.AppendOptAddr(dst, f.RemoteAddress)
	dst = appendOptFixed(dst, f.RemoteToken[:], f.RemoteToken.IsZero())
	dst = wire.AppendInt(dst, f.RemotePort)
	return f.AppendWire(dst)
}

func readTelemetry(body []byte, t *PseudonymisedTelemetry) error {
	*t = PseudonymisedTelemetry{}
	reader := wire.NewReader(body)
	r := &reader
	r.Fixed(t.Terminal[:])
	t.KeyEpoch = r.Int()
	readOptFixed(r, t.PreviousTerminal[:])
	t.RawPartition = r.Int()
	t.RawOffset = r.Long()
	t.OccurredAt = Micros(r.Long())
	t.IntervalStart = ReadOptMicros(r)
	t.SourceID = r.String()
	t.SourceSequence = ReadOptLong(r)
	t.DNN = r.OptString()
	t.SNSSAI = r.OptString()
	t.PLMN = r.OptString()
	t.RATType = r.OptString()
	t.InternalGroupID = r.OptString()
	t.PDUSessionID = ReadOptInt(r)
	t.TrackingAreaCode = r.OptString()
	t.SamplingRatio = ReadOptInt(r)
	t.TypeAllocationCode = r.OptString()
	readOptFixed(r, t.EquipmentToken[:])
	readOptFixed(r, t.CellToken[:])
	return readPayload(r, t)
}

func readOptFixed(r *wire.Reader, dst []byte) {
	if r.Some() {
		r.Fixed(dst)
	}
}

func readPayload(r *wire.Reader, t *PseudonymisedTelemetry) error {
	index := r.Int()
	if r.Failed() {
		return ErrUndecodable
	}
	if uint32(index) >= uint32(KindExternalException) {
		return ErrUnknownPayload
	}
	t.Kind = Kind(index + 1)
	switch t.Kind {
	case KindFlow:
		readFlow(r, &t.Flow)
	case KindSessionUsage:
		t.SessionUsage.ReadWire(r)
	case KindSession:
		t.Session.ReadWire(r)
	case KindRegistration:
		t.Registration.ReadWire(r)
	case KindRadioFailure:
		t.RadioFailure.ReadWire(r)
	case KindDeviceStatus:
		t.DeviceStatus.ReadWire(r)
	default:
		t.ExternalException.ReadWire(r)
	}
	if !r.Done() {
		return ErrUndecodable
	}
	return nil
}

func readFlow(r *wire.Reader, f *Flow) {
	f.Protocol = r.Int()
	f.RemoteAddress = r.OptAddr()
	readOptFixed(r, f.RemoteToken[:])
	f.RemotePort = r.Int()
	f.ReadWire(r)
}
