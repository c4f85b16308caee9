package policy

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"cordon/collector/pseudonym"
	"cordon/collector/validate"
	"cordon/internal/identity"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/schemas"
)

// common and payloads hold a value for every field of the schema; values of
// fields that may not leave are unlike any other.
const common = `"occurredAt":"2026-05-04T10:00:05.000000Z","intervalStart":"2026-05-04T09:59:55.000000Z","sourceId":"upf-1","sourceSequence":7001,
"supi":"imsi-001010000000001","gpsi":"msisdn-491701234567","pei":"imei-490154203237518","ueAddress":"10.45.0.7",
"dnn":"iot","snssai":"1-0000a1","plmn":"001-01","ratType":"LTE-M","internalGroupId":"meters","pduSessionId":5,
"trackingAreaCode":"00a1","cellId":"00000a1b2","samplingRatio":50`

var payloads = []string{
	`"flow":{"protocol":6,"remoteAddress":"192.0.2.1","remotePort":443,"localPort":50123,"direction":"UPLINK","startTime":"2026-05-04T10:00:00.000000Z",
"ended":true,"ulVolume":101,"dlVolume":102,"ulPackets":103,"dlPackets":104,"ulTcpFlags":18,"dlTcpFlags":20,"domain":"meter7.example.org",
"domainSource":"TLS_SNI","dnsResponseCode":3,"applicationId":"app"}`,
	`"sessionUsage":{"ulVolume":101,"dlVolume":102,"ulPackets":103,"dlPackets":-1}`,
	`"session":{"event":"ESTABLISHED","pduSessionType":"IPV4V6","cause":"c26","causeClass":"TEMPORARY","backoffSeconds":60,"emergency":true,"otherUeAddress":"2001:db8:7::"}`,
	`"registration":{"event":"SERVICE_REQUEST","outcome":"REJECTED","reasonOfFailure":"r","causeClass":"PERMANENT","count":3,"networkInitiated":true}`,
	`"radioFailure":{"ngApCauseGroup":1,"ngApCauseValue":21,"count":3}`,
	`"deviceStatus":{"cpuLoad":1,"memoryUsed":2,"batteryLevel":3,"temperature":-4,"rebootCount":5,"firmwareVersion":"1.2","tamper":true,"roaming":true,"lossOfConnectivityReason":"l"}`,
	`"externalException":{"exceptionId":"SUSPICION_OF_DDOS_ATTACK","level":7,"trend":"UP","remoteAddress":"192.0.2.9","remotePort":53,"protocol":17}`,
}

// mayNotLeave are the texts of common and payloads that name somebody.
var mayNotLeave = []string{"001010000000001", "491701234567", "490154203237518", "10.45.0.7", "00000a1b2", "50123", "meter7", "2001:db8:7"}

func newPolicy(t testing.TB, attributes []schemas.FieldPrivacy, pools ...netip.Prefix) *Policy {
	t.Helper()
	derive, err := pseudonym.NewDeriver(pseudonym.TestKey(), 0, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p, err := build(attributes, derive, pools)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// apply treats a record given as plain JSON; the result is plain JSON too.
func apply(t testing.TB, p *Policy, text string) (string, map[string]any) {
	t.Helper()
	var in raw.Telemetry
	text = strings.ReplaceAll(text, "\n", "")
	if err := raw.ParseJSON([]byte(text), &in); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	subject, problem := validate.Bounds{}.Check(&in, in.OccurredAt)
	if problem.Found() {
		t.Fatalf("%s: %v", text, problem)
	}
	var out record.PseudonymisedTelemetry
	p.Apply(&in, subject, &out)
	line, err := record.AppendJSON(nil, &out)
	if err != nil {
		t.Fatal(err)
	}
	return string(line), flatten(t, string(line))
}

// flatten returns the fields of a JSON object by path, as in schemas.Privacy.
func flatten(t testing.TB, line string) map[string]any {
	t.Helper()
	var tree map[string]any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(line, "\n", "")), &tree); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	flat := map[string]any{}
	for key, value := range tree {
		if inner, ok := value.(map[string]any); ok {
			for name, value := range inner {
				flat[key+"."+name] = value
			}
			continue
		}
		flat[key] = value
	}
	return flat
}

// Every field of the schema, in a record of its kind: what is to be kept comes
// out as it went in, everything else does not come out at all.
func TestTreatmentIsTheSchemas(t *testing.T) {
	attributes := schemas.Privacy("TerminalTelemetry")
	p := newPolicy(t, attributes)
	seen := map[string]bool{}
	for _, payload := range payloads {
		in := "{" + common + "," + payload + "}"
		want := flatten(t, in)
		line, got := apply(t, p, in)
		for _, a := range attributes {
			value, present := want[a.Path]
			if !present {
				continue
			}
			seen[a.Path] = true
			if a.Treatment == schemas.Keep && fmt.Sprint(got[a.Path]) != fmt.Sprint(value) {
				t.Errorf("%s is to be kept: got %v, want %v", a.Path, got[a.Path], value)
			}
			if a.Treatment != schemas.Keep && fmt.Sprint(got[a.Path]) == fmt.Sprint(value) {
				t.Errorf("%s is to be treated as %s: got its value %v", a.Path, a.Treatment, value)
			}
		}
		for _, secret := range mayNotLeave {
			if strings.Contains(line, secret) {
				t.Errorf("output holds %q: %s", secret, line)
			}
		}
	}
	for _, a := range attributes {
		if !seen[a.Path] {
			t.Errorf("no test record has field %s", a.Path)
		}
	}
}

func TestStandInsOfOneRecord(t *testing.T) {
	p := newPolicy(t, schemas.Privacy("TerminalTelemetry"), netip.MustParsePrefix("10.45.0.0/16"))
	_, got := apply(t, p, "{"+common+","+strings.Replace(payloads[0], "192.0.2.1", "10.45.0.7", 1)+"}")
	for path, want := range map[string]string{
		"terminal": "0adda3967dbf63cf28b04a9d8739c931", "equipmentToken": "a71913dc5d9eb2ef", "typeAllocationCode": "49015420",
		"cellToken": "0ec425f5ee1bef60", "flow.remoteToken": "53eb103a702791098dc0146bf4b0d9e6", "flow.domain": "example.org",
	} {
		if fmt.Sprint(got[path]) != want {
			t.Errorf("%s: got %v, want %s", path, got[path], want)
		}
	}
	if address, ok := got["flow.remoteAddress"]; ok {
		t.Errorf("address of a terminal: got %v, want none", address)
	}
	_, got = apply(t, p, "{"+common+","+strings.Replace(payloads[6], "192.0.2.9", "::ffff:10.45.0.7", 1)+"}")
	if address, ok := got["externalException.remoteAddress"]; ok {
		t.Errorf("address of a terminal in an exception: got %v, want none", address)
	}
	_, got = apply(t, p, "{"+common+","+strings.Replace(payloads[0], "meter7.example.org", "cam.alice.duckdns.org", 1)+"}")
	if fmt.Sprint(got["flow.domain"]) != "821c0c77797f0308" {
		t.Errorf("domain under a private suffix: got %v, want the token of alice.duckdns.org", got["flow.domain"])
	}
}

// One thing has one name, however a source spells it: else a terminal that sends
// to one address seems to send to two.
func TestSpellingsAreOne(t *testing.T) {
	p := newPolicy(t, schemas.Privacy("TerminalTelemetry"), netip.MustParsePrefix("10.45.0.0/16"))
	for _, c := range []struct{ path, payload, spelled, otherwise string }{
		{"flow.remoteAddress", payloads[0], "192.0.2.1", "::ffff:192.0.2.1"},
		{"externalException.remoteAddress", payloads[6], "192.0.2.9", "::ffff:192.0.2.9"},
		{"flow.remoteToken", strings.Replace(payloads[0], "192.0.2.1", "10.45.0.7", 1), "10.45.0.7\",\"remotePort", "::ffff:10.45.0.7\",\"remotePort"},
		{"flow.remoteToken", strings.Replace(payloads[0], "192.0.2.1", "10.45.0.7", 1), "1-0000a1", "1-0000A1"},
		{"flow.remoteToken", strings.Replace(payloads[0], "192.0.2.1", "10.45.0.7", 1), "\"iot\"", "\"IoT\""},
		{"flow.domain", payloads[0], "meter7.example.org", "METER7.Example.Org."},
		{"cellToken", payloads[0], "00000a1b2", "00000A1B2"},
		{"equipmentToken", payloads[0], "imei-490154203237518", "IMEI-490154203237518"},
	} {
		in := "{" + common + "," + c.payload + "}"
		_, one := apply(t, p, in)
		_, other := apply(t, p, strings.Replace(in, c.spelled, c.otherwise, 1))
		if one[c.path] == nil || fmt.Sprint(one[c.path]) != fmt.Sprint(other[c.path]) {
			t.Errorf("%s: %q gives %v, %q gives %v", c.path, c.spelled, one[c.path], c.otherwise, other[c.path])
		}
	}
}

// with returns the schema's attributes with one changed.
func with(path, treatment string) []schemas.FieldPrivacy {
	attributes := append([]schemas.FieldPrivacy(nil), schemas.Privacy("TerminalTelemetry")...)
	for i := range attributes {
		if attributes[i].Path == path {
			attributes[i].Treatment = treatment
		}
	}
	return attributes
}

// A schema that asks to drop what was kept is obeyed, for every field the
// output can do without.
func TestStricterSchema(t *testing.T) {
	for _, f := range fields {
		if f.erase == nil {
			continue
		}
		p := newPolicy(t, with(f.path, schemas.Drop))
		for _, payload := range payloads {
			in := "{" + common + "," + payload + "}"
			value, present := flatten(t, in)[f.path]
			if !present {
				continue
			}
			if _, got := apply(t, p, in); fmt.Sprint(got[f.path]) == fmt.Sprint(value) || f.path == "cellId" && got["cellToken"] != nil ||
				f.path == "pei" && (got["equipmentToken"] != nil || got["typeAllocationCode"] != nil) {
				t.Errorf("%s is to be dropped: got %v", f.path, got)
			}
		}
	}
	in := "{" + common + "," + payloads[0] + "}"
	_, got := apply(t, newPolicy(t, with("flow.remoteAddress", schemas.Tokenise)), in)
	if got["flow.remoteAddress"] != nil || got["flow.remoteToken"] == nil {
		t.Errorf("remote address as token: got %v", got)
	}
	_, got = apply(t, newPolicy(t, with("flow.domain", schemas.Tokenise)), in)
	if domain := fmt.Sprint(got["flow.domain"]); len(domain) != 16 || strings.Contains(domain, ".") {
		t.Errorf("domain as token: got %v", domain)
	}
}

func TestSchemaThatCannotBeCarriedOut(t *testing.T) {
	attributes := schemas.Privacy("TerminalTelemetry")
	cases := []struct {
		name       string
		attributes []schemas.FieldPrivacy
		says       string
	}{
		{"no attribute", with("dnn", ""), "dnn has no privacy attribute"},
		{"SUPI kept", with("supi", schemas.Keep), "supi"},
		{"address kept", with("ueAddress", schemas.Keep), "ueAddress"},
		{"GPSI as token", with("gpsi", schemas.Tokenise), "gpsi"},
		{"cell kept", with("cellId", schemas.Keep), "cellId"},
		{"time dropped", with("occurredAt", schemas.Drop), "occurredAt"},
		{"domain kept", with("flow.domain", schemas.Keep), "flow.domain"},
		{"unknown word", with("dnn", "hide"), "hide"},
		{"new field", append(attributes[:len(attributes):len(attributes)], schemas.FieldPrivacy{Path: "flow.url", Treatment: schemas.Drop}), "flow.url"},
		{"field gone", attributes[1:], "fields"},
		{"no schema", nil, "no fields"},
	}
	derive, err := pseudonym.NewDeriver(pseudonym.TestKey(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if _, err := build(c.attributes, derive, nil); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want an error that says %q", c.name, err, c.says)
		}
	}
	if _, err := New(derive, nil); err != nil {
		t.Errorf("the schema of this release: %v", err)
	}
}

func TestApplyAllocatesNothing(t *testing.T) {
	p := newPolicy(t, schemas.Privacy("TerminalTelemetry"), netip.MustParsePrefix("10.45.0.0/16"))
	for _, payload := range payloads {
		var in raw.Telemetry
		text := strings.ReplaceAll("{"+common+","+payload+"}", "\n", "")
		if err := raw.ParseJSON([]byte(text), &in); err != nil {
			t.Fatal(err)
		}
		in.Flow.Domain = ""
		subject, _ := validate.Bounds{}.Check(&in, in.OccurredAt)
		var out record.PseudonymisedTelemetry
		if n := testing.AllocsPerRun(100, func() { p.Apply(&in, subject, &out) }); n != 0 {
			t.Errorf("%v: %v allocations, want 0", in.Kind, n)
		}
	}
}

func ExamplePolicy_Apply() {
	derive, err := pseudonym.NewDeriver(pseudonym.TestKey(), 0, 1024)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := New(derive, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	supi, _ := identity.ParseSUPI("imsi-001010000000001")
	in := raw.Telemetry{SUPI: supi.Reveal(), CellID: "00000a1b2", DNN: "iot", Kind: record.KindRegistration}
	var out record.PseudonymisedTelemetry
	p.Apply(&in, validate.Subject{SUPI: supi}, &out)
	fmt.Println(out.Terminal, out.CellToken, out.DNN)
	// Output: 0adda3967dbf63cf28b04a9d8739c931 0ec425f5ee1bef60 iot
}
