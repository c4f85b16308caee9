package validate_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"cordon/collector/validate"
	"cordon/internal/raw"
	"cordon/internal/record"
	"pgregory.net/rapid"
)

const appended = record.Micros(1_700_000_000_000_000)

var bounds = validate.Bounds{Future: 10 * record.Second}

// valid returns a record of a kind that passes.
func valid(kind record.Kind) raw.Telemetry {
	return raw.Telemetry{
		OccurredAt: appended, IntervalStart: record.Some(appended - 10*record.Second), SourceID: "upf-1", SourceSequence: record.Some(int64(7)),
		SUPI: "imsi-001010000000001", PEI: "imei-490154203237518", UEAddress: netip.MustParseAddr("10.45.0.7"),
		DNN: "iot", SNSSAI: "1-0000a1", PLMN: "001-01", RATType: "LTE-M", InternalGroupID: "meters",
		PDUSessionID: record.Some(int32(5)), TrackingAreaCode: "00A1", CellID: "00000a1b2", SamplingRatio: record.Some(int32(100)),
		Kind: kind,
		Flow: raw.Flow{Flow: record.Flow{Protocol: 6, RemoteAddress: netip.MustParseAddr("192.0.2.1"), RemotePort: 443,
			StartTime: record.Some(appended - record.Second), ULVolume: 40, ULPackets: 1, ULTCPFlags: record.Some(int32(2)),
			Domain: "example.org", DNSResponse: record.Some(int32(3)), ApplicationID: "app 1"}},
		SessionUsage:      record.SessionUsage{ULPackets: -1, DLPackets: -1},
		Session:           raw.Session{Session: record.Session{Event: record.SessionEstablished, Cause: "#26"}},
		Registration:      record.Registration{Count: 1},
		RadioFailure:      record.RadioFailure{Count: 1},
		DeviceStatus:      record.DeviceStatus{BatteryLevel: record.Some(int32(100)), Temperature: record.Some(int32(-40))},
		ExternalException: record.ExternalException{ExceptionID: "SUSPICION_OF_DDOS_ATTACK", Level: 100, Trend: "UP"},
	}
}

func TestEveryKindPasses(t *testing.T) {
	for kind := record.KindFlow; kind <= record.KindClock; kind++ {
		r := valid(kind)
		if s, p := bounds.Check(&r, appended); p.Found() || (kind != record.KindClock && s.SUPI.Reveal() != r.SUPI) {
			t.Errorf("%v: got %v", kind, p)
		}
	}
	clock := raw.Telemetry{OccurredAt: appended, SourceID: "upf-1", Kind: record.KindClock}
	if _, p := bounds.Check(&clock, appended); p.Found() {
		t.Errorf("a clock without subject: got %v", p)
	}
}

type change struct {
	name   string
	kind   record.Kind
	reason record.DeadLetterReason // DeadUnknown: passes
	change func(*raw.Telemetry)
}

func number(n int32) record.Opt[int32] { return record.Some(n) }

var changes = []change{
	{"no payload", record.KindUnknown, record.DeadUnknownPayload, func(*raw.Telemetry) {}},
	{"newer payload", 200, record.DeadUnknownPayload, func(*raw.Telemetry) {}},
	{"before 1970", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.OccurredAt = -1 }},
	{"10 s ahead", record.KindFlow, record.DeadUnknown, func(r *raw.Telemetry) { r.OccurredAt += 10 * record.Second }},
	{"over 10 s ahead", record.KindFlow, record.DeadFutureTime, func(r *raw.Telemetry) { r.OccurredAt += 10*record.Second + 1 }},
	{"clock over 10 s ahead", record.KindClock, record.DeadFutureTime, func(r *raw.Telemetry) { r.OccurredAt += 11 * record.Second }},
	{"far ahead", record.KindFlow, record.DeadFutureTime, func(r *raw.Telemetry) { r.OccurredAt = 1<<63 - 1 }},
	{"interval reversed", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.IntervalStart.Value = r.OccurredAt + 1 }},
	{"interval before 1970", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.IntervalStart.Value = -1 }},
	{"no source", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.SourceID = "" }},
	{"clock without source", record.KindClock, record.DeadOutOfRange, func(r *raw.Telemetry) { r.SourceID = "" }},
	{"source with space", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.SourceID = "upf 1" }},
	{"long source", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.SourceID = strings.Repeat("u", 129) }},
	{"negative sequence", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.SourceSequence.Value = -1 }},
	{"no subject", record.KindFlow, record.DeadNoSubject, func(r *raw.Telemetry) { r.SUPI, r.UEAddress = "", netip.Addr{} }},
	{"address only", record.KindFlow, record.DeadUnknown, func(r *raw.Telemetry) { r.SUPI = "" }},
	{"SUPI only", record.KindFlow, record.DeadUnknown, func(r *raw.Telemetry) { r.UEAddress = netip.Addr{} }},
	{"free-form SUPI", record.KindFlow, record.DeadInvalidIdentity, func(r *raw.Telemetry) { r.SUPI = "001010000000001" }},
	{"concealed SUCI", record.KindFlow, record.DeadInvalidIdentity, func(r *raw.Telemetry) { r.SUPI = "suci-0-001-01-0-1-1-aabb" }},
	{"free-form PEI", record.KindFlow, record.DeadInvalidIdentity, func(r *raw.Telemetry) { r.PEI = "490154203237518" }},
	{"unspecified address", record.KindFlow, record.DeadInvalidIdentity, func(r *raw.Telemetry) { r.UEAddress = netip.IPv4Unspecified() }},
	{"multicast address", record.KindFlow, record.DeadInvalidIdentity, func(r *raw.Telemetry) { r.UEAddress = netip.MustParseAddr("ff02::1") }},
	{"any GPSI is dropped", record.KindFlow, record.DeadUnknown, func(r *raw.Telemetry) { r.GPSI = "whatever" }},
	{"long DNN", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.DNN = strings.Repeat("d", 101) }},
	{"SST alone", record.KindFlow, record.DeadUnknown, func(r *raw.Telemetry) { r.SNSSAI = "255" }},
	{"SST too large", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.SNSSAI = "256" }},
	{"short SD", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.SNSSAI = "1-00a1" }},
	{"PLMN joined", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.PLMN = "00101" }},
	{"RAT type with control", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.RATType = "N\nR" }},
	{"long group", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.InternalGroupID = strings.Repeat("g", 65) }},
	{"PDU session 256", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.PDUSessionID = number(256) }},
	{"tracking area of 5", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.TrackingAreaCode = "00a11" }},
	{"tracking area not hex", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.TrackingAreaCode = "00g1" }},
	{"cell not ASCII", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.CellID = "zellé" }},
	{"sampling 0", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.SamplingRatio = number(0) }},
	{"sampling 101", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.SamplingRatio = number(101) }},
	{"protocol 256", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.Flow.Protocol = 256 }},
	{"no remote", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.Flow.RemoteAddress = netip.Addr{} }},
	{"port 65536", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.Flow.RemotePort = 65536 }},
	{"local port -1", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.Flow.LocalPort = number(-1) }},
	{"start after report", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.Flow.StartTime.Value = r.OccurredAt + 1 }},
	{"negative volume", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.Flow.DLVolume = -1 }},
	{"absurd packets", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.Flow.ULPackets = 1<<50 + 1 }},
	{"flags of 13 bits", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.Flow.DLTCPFlags = number(4096) }},
	{"long domain", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.Flow.Domain = strings.Repeat("a", 254) }},
	{"DNS code 4096", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.Flow.DNSResponse = number(4096) }},
	{"long application", record.KindFlow, record.DeadOutOfRange, func(r *raw.Telemetry) { r.Flow.ApplicationID = strings.Repeat("a", 129) }},
	{"flow bounds of another kind", record.KindRegistration, record.DeadUnknown, func(r *raw.Telemetry) { r.Flow.Protocol = 256 }},
	{"usage volume -1", record.KindSessionUsage, record.DeadOutOfRange, func(r *raw.Telemetry) { r.SessionUsage.ULVolume = -1 }},
	{"usage packets -2", record.KindSessionUsage, record.DeadOutOfRange, func(r *raw.Telemetry) { r.SessionUsage.DLPackets = -2 }},
	{"session type long", record.KindSession, record.DeadOutOfRange, func(r *raw.Telemetry) { r.Session.PDUSessionType = strings.Repeat("t", 65) }},
	{"negative back-off", record.KindSession, record.DeadOutOfRange, func(r *raw.Telemetry) { r.Session.BackoffSeconds = number(-1) }},
	{"other address multicast", record.KindSession, record.DeadInvalidIdentity, func(r *raw.Telemetry) { r.Session.OtherUEAddress = netip.MustParseAddr("224.0.0.1") }},
	{"registration count 0", record.KindRegistration, record.DeadOutOfRange, func(r *raw.Telemetry) { r.Registration.Count = 0 }},
	{"registration reason long", record.KindRegistration, record.DeadOutOfRange, func(r *raw.Telemetry) { r.Registration.ReasonOfFailure = strings.Repeat("r", 65) }},
	{"radio cause -1", record.KindRadioFailure, record.DeadOutOfRange, func(r *raw.Telemetry) { r.RadioFailure.NgApCauseValue = -1 }},
	{"radio count 0", record.KindRadioFailure, record.DeadOutOfRange, func(r *raw.Telemetry) { r.RadioFailure.Count = 0 }},
	{"battery 101", record.KindDeviceStatus, record.DeadOutOfRange, func(r *raw.Telemetry) { r.DeviceStatus.BatteryLevel = number(101) }},
	{"below absolute zero", record.KindDeviceStatus, record.DeadOutOfRange, func(r *raw.Telemetry) { r.DeviceStatus.Temperature = number(-274) }},
	{"reboots -1", record.KindDeviceStatus, record.DeadOutOfRange, func(r *raw.Telemetry) { r.DeviceStatus.RebootCount = number(-1) }},
	{"firmware with control", record.KindDeviceStatus, record.DeadOutOfRange, func(r *raw.Telemetry) { r.DeviceStatus.FirmwareVersion = "1\x1b" }},
	{"no exception", record.KindExternalException, record.DeadOutOfRange, func(r *raw.Telemetry) { r.ExternalException.ExceptionID = "" }},
	{"level 101", record.KindExternalException, record.DeadOutOfRange, func(r *raw.Telemetry) { r.ExternalException.Level = 101 }},
	{"trend long", record.KindExternalException, record.DeadOutOfRange, func(r *raw.Telemetry) { r.ExternalException.Trend = strings.Repeat("t", 65) }},
	{"exception port", record.KindExternalException, record.DeadOutOfRange, func(r *raw.Telemetry) { r.ExternalException.RemotePort = number(65536) }},
	{"exception protocol", record.KindExternalException, record.DeadOutOfRange, func(r *raw.Telemetry) { r.ExternalException.Protocol = number(256) }},
}

func TestBounds(t *testing.T) {
	for _, c := range changes {
		r := valid(c.kind)
		c.change(&r)
		_, p := bounds.Check(&r, appended)
		if p.Reason != c.reason {
			t.Errorf("%s (%v): got %v (%s), want %v", c.name, c.kind, p.Reason, p.Detail, c.reason)
		}
		if p.Found() != (p.Detail != "") {
			t.Errorf("%s: problem %v has detail %q", c.name, p.Reason, p.Detail)
		}
	}
}

// A detail is one of a few fixed texts: no content can be in it.
func TestDetailsHoldNoContent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := valid(record.Kind(rapid.IntRange(1, 8).Draw(t, "kind")))
		const marker = "MARKER7"
		for _, field := range []*string{&r.SourceID, &r.SUPI, &r.PEI, &r.DNN, &r.SNSSAI, &r.PLMN, &r.TrackingAreaCode, &r.CellID, &r.Flow.Domain, &r.Session.Cause} {
			if rapid.Bool().Draw(t, "marked") {
				*field = marker + strings.Repeat("\n", rapid.IntRange(0, 300).Draw(t, "length"))
			}
		}
		if _, p := bounds.Check(&r, appended); strings.Contains(fmt.Sprint(p), marker) {
			t.Fatalf("problem shows content: %v", p)
		}
	})
}

func TestCheckAllocatesNothing(t *testing.T) {
	for kind := record.KindFlow; kind <= record.KindClock; kind++ {
		r := valid(kind)
		if n := testing.AllocsPerRun(100, func() { bounds.Check(&r, appended) }); n != 0 {
			t.Errorf("%v: %v allocations, want 0", kind, n)
		}
	}
}

func ExampleBounds_Check() {
	r := raw.Telemetry{OccurredAt: appended, SourceID: "upf-1", SUPI: "001010000000001", Kind: record.KindFlow}
	_, problem := validate.Bounds{Future: 10 * record.Second}.Check(&r, appended)
	fmt.Println(problem.Reason, "-", problem.Detail)
	// Output: INVALID_IDENTITY - supi: imsi-, nai-, gci-, gli- or a null-scheme SUCI
}
