package policy

import (
	"net/netip"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/schemas"
)

// field is one field of the raw schema and what the code does with it.
type field struct {
	path      string
	treatment string
	// erase empties the field, for a schema that asks to drop what the code
	// would keep; nil where the output cannot do without it.
	erase func(*raw.Telemetry)
}

// Composite treatments, spelled as in the schema.
const (
	// The sealed copy of the SUPI goes to a topic of its own; telemetry gets
	// the pseudonym alone.
	pseudonymiseAndSeal = schemas.Pseudonymise + "+" + schemas.Seal
	generaliseAndToken  = schemas.Generalise + "+" + schemas.Tokenise
)

func find(path string) *field {
	for i := range fields {
		if fields[i].path == path {
			return &fields[i]
		}
	}
	return nil
}

// fields is what Apply does, in the order of the schema. A test compares it
// with the schema and with what Apply does to a record.
var fields = []field{
	{"occurredAt", schemas.Keep, nil},
	{"intervalStart", schemas.Keep, func(t *raw.Telemetry) { t.IntervalStart = record.Opt[record.Micros]{} }},
	{"sourceId", schemas.Keep, nil},
	{"sourceSequence", schemas.Keep, func(t *raw.Telemetry) { t.SourceSequence = record.Opt[int64]{} }},
	{"supi", pseudonymiseAndSeal, nil},
	{"gpsi", schemas.Drop, nil},
	{"pei", generaliseAndToken, func(t *raw.Telemetry) { t.PEI = "" }},
	{"ueAddress", schemas.Drop, nil},
	{"dnn", schemas.Keep, func(t *raw.Telemetry) { t.DNN = "" }},
	{"snssai", schemas.Keep, func(t *raw.Telemetry) { t.SNSSAI = "" }},
	{"plmn", schemas.Keep, func(t *raw.Telemetry) { t.PLMN = "" }},
	{"ratType", schemas.Keep, func(t *raw.Telemetry) { t.RATType = "" }},
	{"internalGroupId", schemas.Keep, func(t *raw.Telemetry) { t.InternalGroupID = "" }},
	{"pduSessionId", schemas.Keep, func(t *raw.Telemetry) { t.PDUSessionID = record.Opt[int32]{} }},
	{"trackingAreaCode", schemas.Keep, func(t *raw.Telemetry) { t.TrackingAreaCode = "" }},
	{"cellId", schemas.Tokenise, func(t *raw.Telemetry) { t.CellID = "" }},
	{"samplingRatio", schemas.Keep, nil},

	{"flow.protocol", schemas.Keep, nil},
	{"flow.remoteAddress", schemas.Keep, nil},
	{"flow.remotePort", schemas.Keep, nil},
	{"flow.localPort", schemas.Drop, nil},
	{"flow.direction", schemas.Keep, func(t *raw.Telemetry) { t.Flow.Direction = record.DirectionUnknown }},
	{"flow.startTime", schemas.Keep, func(t *raw.Telemetry) { t.Flow.StartTime = record.Opt[record.Micros]{} }},
	{"flow.ended", schemas.Keep, nil},
	{"flow.ulVolume", schemas.Keep, nil},
	{"flow.dlVolume", schemas.Keep, nil},
	{"flow.ulPackets", schemas.Keep, nil},
	{"flow.dlPackets", schemas.Keep, nil},
	{"flow.ulTcpFlags", schemas.Keep, func(t *raw.Telemetry) { t.Flow.ULTCPFlags = record.Opt[int32]{} }},
	{"flow.dlTcpFlags", schemas.Keep, func(t *raw.Telemetry) { t.Flow.DLTCPFlags = record.Opt[int32]{} }},
	{"flow.domain", schemas.Generalise, func(t *raw.Telemetry) { t.Flow.Domain = "" }},
	{"flow.domainSource", schemas.Keep, func(t *raw.Telemetry) { t.Flow.DomainSource = record.DomainUnknown }},
	{"flow.dnsResponseCode", schemas.Keep, func(t *raw.Telemetry) { t.Flow.DNSResponse = record.Opt[int32]{} }},
	{"flow.applicationId", schemas.Keep, func(t *raw.Telemetry) { t.Flow.ApplicationID = "" }},

	{"sessionUsage.ulVolume", schemas.Keep, nil},
	{"sessionUsage.dlVolume", schemas.Keep, nil},
	{"sessionUsage.ulPackets", schemas.Keep, nil},
	{"sessionUsage.dlPackets", schemas.Keep, nil},

	{"session.event", schemas.Keep, nil},
	{"session.pduSessionType", schemas.Keep, func(t *raw.Telemetry) { t.Session.PDUSessionType = "" }},
	{"session.cause", schemas.Keep, func(t *raw.Telemetry) { t.Session.Cause = "" }},
	{"session.causeClass", schemas.Keep, nil},
	{"session.backoffSeconds", schemas.Keep, func(t *raw.Telemetry) { t.Session.BackoffSeconds = record.Opt[int32]{} }},
	{"session.emergency", schemas.Keep, nil},
	{"session.otherUeAddress", schemas.Drop, nil},

	{"registration.event", schemas.Keep, nil},
	{"registration.outcome", schemas.Keep, nil},
	{"registration.reasonOfFailure", schemas.Keep, func(t *raw.Telemetry) { t.Registration.ReasonOfFailure = "" }},
	{"registration.causeClass", schemas.Keep, nil},
	{"registration.count", schemas.Keep, nil},
	{"registration.networkInitiated", schemas.Keep, nil},

	{"radioFailure.ngApCauseGroup", schemas.Keep, nil},
	{"radioFailure.ngApCauseValue", schemas.Keep, nil},
	{"radioFailure.count", schemas.Keep, nil},

	{"deviceStatus.cpuLoad", schemas.Keep, func(t *raw.Telemetry) { t.DeviceStatus.CPULoad = record.Opt[int32]{} }},
	{"deviceStatus.memoryUsed", schemas.Keep, func(t *raw.Telemetry) { t.DeviceStatus.MemoryUsed = record.Opt[int32]{} }},
	{"deviceStatus.batteryLevel", schemas.Keep, func(t *raw.Telemetry) { t.DeviceStatus.BatteryLevel = record.Opt[int32]{} }},
	{"deviceStatus.temperature", schemas.Keep, func(t *raw.Telemetry) { t.DeviceStatus.Temperature = record.Opt[int32]{} }},
	{"deviceStatus.rebootCount", schemas.Keep, func(t *raw.Telemetry) { t.DeviceStatus.RebootCount = record.Opt[int32]{} }},
	{"deviceStatus.firmwareVersion", schemas.Keep, func(t *raw.Telemetry) { t.DeviceStatus.FirmwareVersion = "" }},
	{"deviceStatus.tamper", schemas.Keep, func(t *raw.Telemetry) { t.DeviceStatus.Tamper = record.Opt[bool]{} }},
	{"deviceStatus.roaming", schemas.Keep, func(t *raw.Telemetry) { t.DeviceStatus.Roaming = record.Opt[bool]{} }},
	{"deviceStatus.lossOfConnectivityReason", schemas.Keep, func(t *raw.Telemetry) { t.DeviceStatus.LossOfConnectivityReason = "" }},

	{"externalException.exceptionId", schemas.Keep, nil},
	{"externalException.level", schemas.Keep, nil},
	{"externalException.trend", schemas.Keep, func(t *raw.Telemetry) { t.ExternalException.Trend = "" }},
	{"externalException.remoteAddress", schemas.Keep, func(t *raw.Telemetry) { t.ExternalException.RemoteAddress = netip.Addr{} }},
	{"externalException.remotePort", schemas.Keep, func(t *raw.Telemetry) { t.ExternalException.RemotePort = record.Opt[int32]{} }},
	{"externalException.protocol", schemas.Keep, func(t *raw.Telemetry) { t.ExternalException.Protocol = record.Opt[int32]{} }},
}
