package raw

import (
	"cordon/internal/record"
	"cordon/internal/record/wire"
)

// noPayload is the union index written for a record without a payload. No
// schema has it: every reader refuses the record.
const noPayload = -1

// AppendTelemetry appends the single-object encoding of t. It allocates nothing
// where dst has room.
func AppendTelemetry(dst []byte, t *Telemetry) []byte {
	dst = append(dst, telemetryHeader[:]...)
	dst = wire.AppendLong(dst, int64(t.OccurredAt))
	dst = record.AppendOptMicros(dst, t.IntervalStart)
	dst = wire.AppendString(dst, t.SourceID)
	dst = record.AppendOptLong(dst, t.SourceSequence)
	dst = wire.AppendOptString(dst, t.SUPI)
	dst = wire.AppendOptString(dst, t.GPSI)
	dst = wire.AppendOptString(dst, t.PEI)
	dst = wire.AppendOptAddr(dst, t.UEAddress)
	dst = wire.AppendOptString(dst, t.DNN)
	dst = wire.AppendOptString(dst, t.SNSSAI)
	dst = wire.AppendOptString(dst, t.PLMN)
	dst = wire.AppendOptString(dst, t.RATType)
	dst = wire.AppendOptString(dst, t.InternalGroupID)
	dst = record.AppendOptInt(dst, t.PDUSessionID)
	dst = wire.AppendOptString(dst, t.TrackingAreaCode)
	dst = wire.AppendOptString(dst, t.CellID)
	dst = record.AppendOptInt(dst, t.SamplingRatio)
	return appendPayload(dst, t)
}

func appendPayload(dst []byte, t *Telemetry) []byte {
	if t.Kind == record.KindUnknown || t.Kind > record.KindClock {
		return wire.AppendInt(dst, noPayload)
	}
	dst = wire.AppendInt(dst, int32(t.Kind)-1)
	switch t.Kind {
	case record.KindFlow:
		return appendFlow(dst, &t.Flow)
	case record.KindSessionUsage:
		return t.SessionUsage.AppendWire(dst)
	case record.KindSession:
		return wire.AppendOptAddr(t.Session.AppendWire(dst), t.Session.OtherUEAddress)
	case record.KindRegistration:
		return t.Registration.AppendWire(dst)
	case record.KindRadioFailure:
		return t.RadioFailure.AppendWire(dst)
	case record.KindDeviceStatus:
		return t.DeviceStatus.AppendWire(dst)
	case record.KindExternalException:
		return t.ExternalException.AppendWire(dst)
	}
	return dst // Clock has no fields
}

func appendFlow(dst []byte, f *Flow) []byte {
	dst = wire.AppendInt(dst, f.Protocol)
	dst = wire.AppendAddr(dst, f.RemoteAddress)
	dst = wire.AppendInt(dst, f.RemotePort)
	dst = record.AppendOptInt(dst, f.LocalPort)
	return f.AppendWire(dst)
}

func readTelemetry(body []byte, t *Telemetry) error {
	*t = Telemetry{}
	reader := wire.NewReader(body)
	r := &reader
	t.OccurredAt = record.Micros(r.Long())
	t.IntervalStart = record.ReadOptMicros(r)
	t.SourceID = r.String()
	t.SourceSequence = record.ReadOptLong(r)
	t.SUPI = r.OptString()
	t.GPSI = r.OptString()
	t.PEI = r.OptString()
	t.UEAddress = r.OptAddr()
	t.DNN = r.OptString()
	t.SNSSAI = r.OptString()
	t.PLMN = r.OptString()
	t.RATType = r.OptString()
	t.InternalGroupID = r.OptString()
	t.PDUSessionID = record.ReadOptInt(r)
	t.TrackingAreaCode = r.OptString()
	t.CellID = r.OptString()
	t.SamplingRatio = record.ReadOptInt(r)
	return readPayload(r, t)
}

func readPayload(r *wire.Reader, t *Telemetry) error {
	index := r.Int()
	if r.Failed() {
		return record.ErrUndecodable
	}
	if uint32(index) >= uint32(record.KindClock) {
		return record.ErrUnknownPayload
	}
	t.Kind = record.Kind(index + 1)
	switch t.Kind {
	case record.KindFlow:
		readFlow(r, &t.Flow)
	case record.KindSessionUsage:
		t.SessionUsage.ReadWire(r)
	case record.KindSession:
		t.Session.ReadWire(r)
		t.Session.OtherUEAddress = r.OptAddr()
	case record.KindRegistration:
		t.Registration.ReadWire(r)
	case record.KindRadioFailure:
		t.RadioFailure.ReadWire(r)
	case record.KindDeviceStatus:
		t.DeviceStatus.ReadWire(r)
	case record.KindExternalException:
		t.ExternalException.ReadWire(r)
	}
	if !r.Done() {
		return record.ErrUndecodable
	}
	return nil
}

func readFlow(r *wire.Reader, f *Flow) {
	f.Protocol = r.Int()
	f.RemoteAddress = r.Addr()
	f.RemotePort = r.Int()
	f.LocalPort = record.ReadOptInt(r)
	f.ReadWire(r)
}
