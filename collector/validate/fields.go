package validate

import (
	"cordon/internal/raw"
	"cordon/internal/record"
)

// Bounds on text. A data network name has at most 100 octets (TS 23.003 clause
// 9.1) and a domain name 253; for the others the standard gives none, and the
// bound keeps one probe from filling the records of the stages behind.
const (
	maxSourceID = 128
	maxDNN      = 100
	maxGroup    = 64
	maxToken    = 64 // enums of 3GPP interfaces, versions, identifiers
	maxDomain   = 253
)

// maxCount bounds volumes and packets of one report: 2^50 bytes, a petabyte, is
// a day at 100 Gbit/s, and more is a broken counter. Sums over many reports are
// not bounded by it; the scorer bounds what it adds up.
const maxCount = 1 << 50

// checkContext examines the kept fields around the payload.
func checkContext(t *raw.Telemetry) Problem {
	switch {
	case t.DNN != "" && !isName(t.DNN, maxDNN):
		return outOfRange("dnn: at most 100 visible ASCII characters")
	case t.SNSSAI != "" && !isSNSSAI(t.SNSSAI):
		return outOfRange("snssai: 0..255, or that with six hex digits")
	case t.PLMN != "" && !isPLMN(t.PLMN):
		return outOfRange("plmn: mcc-mnc")
	case t.RATType != "" && !isName(t.RATType, maxToken):
		return outOfRange("ratType: at most 64 visible ASCII characters")
	case t.InternalGroupID != "" && !isName(t.InternalGroupID, maxGroup):
		return outOfRange("internalGroupId: at most 64 visible ASCII characters")
	case !within(t.PDUSessionID, 0, 255):
		return outOfRange("pduSessionId: 0..255")
	case t.TrackingAreaCode != "" && !isTrackingArea(t.TrackingAreaCode):
		return outOfRange("trackingAreaCode: 4 or 6 hex digits")
	case t.CellID != "" && !isName(t.CellID, maxToken):
		return outOfRange("cellId: at most 64 visible ASCII characters")
	case !within(t.SamplingRatio, 1, 100):
		return outOfRange("samplingRatio: 1..100")
	}
	return Problem{}
}

func checkPayload(t *raw.Telemetry) Problem {
	switch t.Kind {
	case record.KindFlow:
		return checkFlow(t)
	case record.KindSessionUsage:
		return checkUsage(&t.SessionUsage)
	case record.KindSession:
		return checkSession(&t.Session)
	case record.KindRegistration:
		return checkRegistration(&t.Registration)
	case record.KindRadioFailure:
		return checkRadio(&t.RadioFailure)
	case record.KindDeviceStatus:
		return checkDevice(&t.DeviceStatus)
	default:
		return checkException(&t.ExternalException)
	}
}

func checkFlow(t *raw.Telemetry) Problem {
	f := &t.Flow
	switch {
	case f.Protocol < 0 || f.Protocol > 255:
		return outOfRange("flow.protocol: 0..255")
	case !f.RemoteAddress.IsValid():
		return outOfRange("flow.remoteAddress: 4 or 16 bytes")
	case f.RemotePort < 0 || f.RemotePort > 65535:
		return outOfRange("flow.remotePort: 0..65535")
	case !within(f.LocalPort, 0, 65535):
		return outOfRange("flow.localPort: 0..65535")
	case f.StartTime.Set && (f.StartTime.Value < 0 || f.StartTime.Value > t.OccurredAt):
		return outOfRange("flow.startTime: 1970 or later, not after occurredAt")
	case !areCounts(f.ULVolume, f.DLVolume, f.ULPackets, f.DLPackets):
		return outOfRange("flow volumes and packets: 0..2^50")
	case !within(f.ULTCPFlags, 0, 4095) || !within(f.DLTCPFlags, 0, 4095):
		return outOfRange("flow TCP flags: twelve bits")
	case len(f.Domain) > maxDomain:
		return outOfRange("flow.domain: at most 253 characters")
	case !within(f.DNSResponse, 0, 4095):
		return outOfRange("flow.dnsResponseCode: 0..4095")
	case f.ApplicationID != "" && !isText(f.ApplicationID, maxSourceID):
		return outOfRange("flow.applicationId: at most 128 printable ASCII characters")
	}
	return Problem{}
}

func checkUsage(u *record.SessionUsage) Problem {
	if !areCounts(u.ULVolume, u.DLVolume) {
		return outOfRange("sessionUsage volumes: 0..2^50")
	}
	if u.ULPackets < -1 || u.DLPackets < -1 || u.ULPackets > maxCount || u.DLPackets > maxCount {
		return outOfRange("sessionUsage packets: 0..2^50, or -1")
	}
	return Problem{}
}

func checkSession(s *raw.Session) Problem {
	switch {
	case !isOptionalText(s.PDUSessionType) || !isOptionalText(s.Cause):
		return outOfRange("session text: at most 64 printable ASCII characters")
	case s.BackoffSeconds.Set && s.BackoffSeconds.Value < 0:
		return outOfRange("session.backoffSeconds: 0 or more")
	case !isHost(s.OtherUEAddress):
		return invalidIdentity("session.otherUeAddress: the address of one host")
	}
	return Problem{}
}

func checkRegistration(r *record.Registration) Problem {
	if !isOptionalText(r.ReasonOfFailure) {
		return outOfRange("registration.reasonOfFailure: at most 64 printable ASCII characters")
	}
	if r.Count < 1 {
		return outOfRange("registration.count: 1 or more")
	}
	return Problem{}
}

func checkRadio(r *record.RadioFailure) Problem {
	if r.NgApCauseGroup < 0 || r.NgApCauseValue < 0 {
		return outOfRange("radioFailure cause: 0 or more")
	}
	if r.Count < 1 {
		return outOfRange("radioFailure.count: 1 or more")
	}
	return Problem{}
}

func checkDevice(d *record.DeviceStatus) Problem {
	switch {
	case !within(d.CPULoad, 0, 100) || !within(d.MemoryUsed, 0, 100) || !within(d.BatteryLevel, 0, 100):
		return outOfRange("deviceStatus shares: 0..100")
	case !within(d.Temperature, -273, 1000):
		return outOfRange("deviceStatus.temperature: -273..1000")
	case d.RebootCount.Set && d.RebootCount.Value < 0:
		return outOfRange("deviceStatus.rebootCount: 0 or more")
	case !isOptionalText(d.FirmwareVersion) || !isOptionalText(d.LossOfConnectivityReason):
		return outOfRange("deviceStatus text: at most 64 printable ASCII characters")
	}
	return Problem{}
}

func checkException(e *record.ExternalException) Problem {
	switch {
	case !isName(e.ExceptionID, maxToken):
		return outOfRange("externalException.exceptionId: 1 to 64 visible ASCII characters")
	case e.Level < 0 || e.Level > 100:
		return outOfRange("externalException.level: 0..100")
	case !isOptionalText(e.Trend):
		return outOfRange("externalException.trend: at most 64 printable ASCII characters")
	case !within(e.RemotePort, 0, 65535):
		return outOfRange("externalException.remotePort: 0..65535")
	case !within(e.Protocol, 0, 255):
		return outOfRange("externalException.protocol: 0..255")
	}
	return Problem{}
}
