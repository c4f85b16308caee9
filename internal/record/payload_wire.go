package record

import "cordon/internal/record/wire"

// AppendWire and ReadWire of the payloads are the halves of the straight-line
// codecs that internal/raw and this package share: the fields in the order of
// the schema, without header or union index. A test holds them to the schema.

// Counts of the symbols of the enums of the hot path, UNKNOWN included.
var (
	directionCount         = int32(len(directionNames))
	domainSourceCount      = int32(len(domainSourceNames))
	sessionEventCount      = int32(len(sessionEventNames))
	causeClassCount        = int32(len(causeClassNames))
	registrationEventCount = int32(len(registrationEventNames))
	outcomeCount           = int32(len(outcomeNames))
)

// AppendWire appends the fields from direction on: those before it differ
// between the raw and the pseudonymised flow.
func (f *Flow) AppendWire(dst []byte) []byte {
	dst = wire.AppendEnum(dst, uint8(f.Direction), directionCount)
	dst = AppendOptMicros(dst, f.StartTime)
	dst = wire.AppendBool(dst, f.Ended)
	dst = wire.AppendLong(dst, f.ULVolume)
	dst = wire.AppendLong(dst, f.DLVolume)
	dst = wire.AppendLong(dst, f.ULPackets)
	dst = wire.AppendLong(dst, f.DLPackets)
	dst = AppendOptInt(dst, f.ULTCPFlags)
	dst = AppendOptInt(dst, f.DLTCPFlags)
	dst = wire.AppendOptString(dst, f.Domain)
	dst = wire.AppendEnum(dst, uint8(f.DomainSource), domainSourceCount)
	dst = AppendOptInt(dst, f.DNSResponse)
	return wire.AppendOptString(dst, f.ApplicationID)
}

// ReadWire reads the fields from direction on.
func (f *Flow) ReadWire(r *wire.Reader) {
	f.Direction = Direction(r.Enum(directionCount))
	f.StartTime = ReadOptMicros(r)
	f.Ended = r.Bool()
	f.ULVolume = r.Long()
	f.DLVolume = r.Long()
	f.ULPackets = r.Long()
	f.DLPackets = r.Long()
	f.ULTCPFlags = ReadOptInt(r)
	f.DLTCPFlags = ReadOptInt(r)
	f.Domain = r.OptString()
	f.DomainSource = DomainSource(r.Enum(domainSourceCount))
	f.DNSResponse = ReadOptInt(r)
	f.ApplicationID = r.OptString()
}

// AppendWire appends all fields.
func (u *SessionUsage) AppendWire(dst []byte) []byte {
	dst = wire.AppendLong(dst, u.ULVolume)
	dst = wire.AppendLong(dst, u.DLVolume)
	dst = wire.AppendLong(dst, u.ULPackets)
	return wire.AppendLong(dst, u.DLPackets)
}

// ReadWire reads all fields.
func (u *SessionUsage) ReadWire(r *wire.Reader) {
	u.ULVolume = r.Long()
	u.DLVolume = r.Long()
	u.ULPackets = r.Long()
	u.DLPackets = r.Long()
}

// AppendWire appends all fields; the raw session has one more, its last.
func (s *Session) AppendWire(dst []byte) []byte {
	dst = wire.AppendEnum(dst, uint8(s.Event), sessionEventCount)
	dst = wire.AppendOptString(dst, s.PDUSessionType)
	dst = wire.AppendOptString(dst, s.Cause)
	dst = wire.AppendEnum(dst, uint8(s.CauseClass), causeClassCount)
	dst = AppendOptInt(dst, s.BackoffSeconds)
	return wire.AppendBool(dst, s.Emergency)
}

// ReadWire reads all fields.
func (s *Session) ReadWire(r *wire.Reader) {
	s.Event = SessionEvent(r.Enum(sessionEventCount))
	s.PDUSessionType = r.OptString()
	s.Cause = r.OptString()
	s.CauseClass = CauseClass(r.Enum(causeClassCount))
	s.BackoffSeconds = ReadOptInt(r)
	s.Emergency = r.Bool()
}

// AppendWire appends all fields.
func (g *Registration) AppendWire(dst []byte) []byte {
	dst = wire.AppendEnum(dst, uint8(g.Event), registrationEventCount)
	dst = wire.AppendEnum(dst, uint8(g.Outcome), outcomeCount)
	dst = wire.AppendOptString(dst, g.ReasonOfFailure)
	dst = wire.AppendEnum(dst, uint8(g.CauseClass), causeClassCount)
	dst = wire.AppendInt(dst, g.Count)
	return wire.AppendBool(dst, g.NetworkInitiated)
}

// ReadWire reads all fields.
func (g *Registration) ReadWire(r *wire.Reader) {
	g.Event = RegistrationEvent(r.Enum(registrationEventCount))
	g.Outcome = Outcome(r.Enum(outcomeCount))
	g.ReasonOfFailure = r.OptString()
	g.CauseClass = CauseClass(r.Enum(causeClassCount))
	g.Count = r.Int()
	g.NetworkInitiated = r.Bool()
}

// AppendWire appends all fields.
func (f *RadioFailure) AppendWire(dst []byte) []byte {
	dst = wire.AppendInt(dst, f.NgApCauseGroup)
	dst = wire.AppendInt(dst, f.NgApCauseValue)
	return wire.AppendInt(dst, f.Count)
}

// ReadWire reads all fields.
func (f *RadioFailure) ReadWire(r *wire.Reader) {
	f.NgApCauseGroup = r.Int()
	f.NgApCauseValue = r.Int()
	f.Count = r.Int()
}

// AppendWire appends all fields.
func (d *DeviceStatus) AppendWire(dst []byte) []byte {
	dst = AppendOptInt(dst, d.CPULoad)
	dst = AppendOptInt(dst, d.MemoryUsed)
	dst = AppendOptInt(dst, d.BatteryLevel)
	dst = AppendOptInt(dst, d.Temperature)
	dst = AppendOptInt(dst, d.RebootCount)
	dst = wire.AppendOptString(dst, d.FirmwareVersion)
	dst = appendOptBool(dst, d.Tamper)
	dst = appendOptBool(dst, d.Roaming)
	return wire.AppendOptString(dst, d.LossOfConnectivityReason)
}

// ReadWire reads all fields.
func (d *DeviceStatus) ReadWire(r *wire.Reader) {
	d.CPULoad = ReadOptInt(r)
	d.MemoryUsed = ReadOptInt(r)
	d.BatteryLevel = ReadOptInt(r)
	d.Temperature = ReadOptInt(r)
	d.RebootCount = ReadOptInt(r)
	d.FirmwareVersion = r.OptString()
	d.Tamper = readOptBool(r)
	d.Roaming = readOptBool(r)
	d.LossOfConnectivityReason = r.OptString()
}

// AppendWire appends all fields.
func (e *ExternalException) AppendWire(dst []byte) []byte {
	dst = wire.AppendString(dst, e.ExceptionID)
	dst = wire.AppendInt(dst, e.Level)
	dst = wire.AppendString(dst, e.Trend)
	dst = wire.AppendOptAddr(dst, e.RemoteAddress)
	dst = AppendOptInt(dst, e.RemotePort)
	return AppendOptInt(dst, e.Protocol)
}

// ReadWire reads all fields.
func (e *ExternalException) ReadWire(r *wire.Reader) {
	e.ExceptionID = r.String()
	e.Level = r.Int()
	e.Trend = r.String()
	e.RemoteAddress = r.OptAddr()
	e.RemotePort = ReadOptInt(r)
	e.Protocol = ReadOptInt(r)
}
