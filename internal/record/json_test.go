package record

import (
	"errors"
	"net/netip"
	"reflect"
	"testing"
)

func TestAppendJSONForms(t *testing.T) {
	for _, test := range []struct {
		name string
		rec  any
		want string
	}{
		{"absent optionals are left out", &CommandAck{State: AckFailed},
			`{"commandId":"00000000000000000000000000000000","terminal":"00000000000000000000000000000000","sequence":0,"state":"FAILED","system":"","at":"1970-01-01T00:00:00.000000Z"}`},
		{"bytes are hex, enums symbols", &SealedDataKey{KeyID: [8]byte{0xab}, Sealed: []byte{1, 0xfe}},
			`{"keyId":"ab00000000000000","keyEpoch":0,"policyKeyId":"0000000000000000","sealed":"01fe"}`},
		{"text is escaped, no more than JSON needs", &SettingChange{Name: "<a>\"\n\u00e9"},
			`{"name":"<a>\"\né","version":"","content":"","effectiveFrom":"1970-01-01T00:00:00.000000Z"}`},
		{"a time no calendar has is its number", &SettingChange{EffectiveFrom: -1 << 62},
			`{"name":"","version":"","content":"","effectiveFrom":-4611686018427387904}`},
	} {
		got, err := AppendJSON(nil, test.rec)
		if err != nil || string(got) != test.want {
			t.Errorf("%s:\ngot  %s, err %v\nwant %s", test.name, got, err, test.want)
		}
	}
}

func TestAppendJSONAddressesAreText(t *testing.T) {
	rec := PseudonymisedTelemetry{Kind: KindExternalException}
	for addr, want := range map[string]string{"10.45.0.7": "10.45.0.7", "2001:DB8::1": "2001:db8::1"} {
		rec.ExternalException.RemoteAddress = netip.MustParseAddr(addr)
		line, _ := AppendJSON(nil, &rec)
		var got PseudonymisedTelemetry
		if err := ParseJSON(line, &got); err != nil || got.ExternalException.RemoteAddress.String() != want {
			t.Errorf("%s in %s: got %v, err %v", addr, line, got.ExternalException.RemoteAddress, err)
		}
	}
}

func TestParseJSONIsLiberal(t *testing.T) {
	at := Micros(1_777_888_805_250_000)
	for _, test := range []struct {
		name, line string
		want       CommandAck
	}{
		{"nothing", `{}`, CommandAck{}},
		{"null", `{"system":null,"reason":null,"at":null}`, CommandAck{}},
		{"time as text", `{"at":"2026-05-04T10:00:05.25Z"}`, CommandAck{At: at}},
		{"time of another zone", `{"at":"2026-05-04T12:00:05.250000+02:00"}`, CommandAck{At: at}},
		{"time as microseconds", `{"at":1777888805250000}`, CommandAck{At: at}},
		{"symbol of a newer writer", `{"state":"PENDING"}`, CommandAck{State: AckUnknown}},
		{"any order, any space", "\t{ \"system\" : \"pcf\" , \"sequence\" : 7 }\n", CommandAck{System: "pcf", Sequence: 7}},
	} {
		got := CommandAck{Sequence: 99, Reason: "left over"}
		if err := ParseJSON([]byte(test.line), &got); err != nil || got != test.want {
			t.Errorf("%s: %s:\ngot  %+v, err %v\nwant %+v", test.name, test.line, got, err, test.want)
		}
	}
}

func TestParseJSONDefaultsOfTheSchema(t *testing.T) {
	var got PseudonymisedTelemetry
	if err := ParseJSON([]byte(`{"sessionUsage":{"ulVolume":5}}`), &got); err != nil {
		t.Fatal(err)
	}
	if want := (SessionUsage{ULVolume: 5, ULPackets: -1, DLPackets: -1}); got.SessionUsage != want {
		t.Errorf("packets a source does not count: got %+v, want %+v", got.SessionUsage, want)
	}
	if err := ParseJSON([]byte(`{"registration":{}}`), &got); err != nil || got.Registration.Count != 1 {
		t.Errorf("count of one event: got %+v, err %v, want 1", got.Registration, err)
	}
}

func TestParseJSONErrors(t *testing.T) {
	for _, test := range []struct {
		line string
		rec  any
		key  string
		want error
	}{
		{`{"sistem":"pcf","Sequence":1}`, &CommandAck{}, "Sequence", ErrUnknownKey},
		{`{"coverage":{"lost":1}}`, &Progress{}, "coverage.lost", ErrUnknownKey},
		{`{"sources":[{},{"time":true}]}`, &Progress{}, "sources[1].time", ErrWrongValue},
		{`{"sequence":1.5}`, &CommandAck{}, "sequence", ErrWrongValue},
		{`{"sequence":"1"}`, &CommandAck{}, "sequence", ErrWrongValue},
		{`{"keyEpoch":2147483648}`, &Verdict{}, "keyEpoch", ErrWrongValue},
		{`{"at":"yesterday"}`, &CommandAck{}, "at", ErrWrongValue},
		{`{"terminal":"ab"}`, &CommandAck{}, "terminal", ErrWrongValue},
		{`{"emergencySession":1}`, &Verdict{}, "emergencySession", ErrWrongValue},
		{`{"scope":{"address":"fe80::1%eth0"}}`, &NetworkVerdict{}, "scope.address", ErrWrongValue},
		{`{"state":1}`, &CommandAck{}, "state", ErrWrongValue},
		{`{"members":{}}`, &NetworkVerdict{}, "members", ErrWrongValue},
		{`{"scope":[]}`, &NetworkVerdict{}, "scope", ErrNotObject},
		{`{}`, &PseudonymisedTelemetry{}, "", ErrNoPayload},
		{`{"flow":{},"session":{}}`, &PseudonymisedTelemetry{}, "session", ErrPayloads},
		{`{"clock":{}}`, &PseudonymisedTelemetry{}, "clock", ErrUnknownKey},
		{`{"flow":{"localPort":1}}`, &PseudonymisedTelemetry{}, "flow.localPort", ErrUnknownKey},
		{`null`, &CommandAck{}, "", ErrNotObject},
		{`[]`, &CommandAck{}, "", ErrNotObject},
		{`{} {}`, &CommandAck{}, "", ErrNotObject},
		{`{"sequence":`, &CommandAck{}, "", ErrNotObject},
		{``, &CommandAck{}, "", ErrNotObject},
	} {
		err := ParseJSON([]byte(test.line), test.rec)
		var key *KeyError
		if !errors.As(err, &key) || key.Key != test.key || !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want key %q: %v", test.line, err, test.key, test.want)
		}
	}
}

func FuzzParseJSON(f *testing.F) {
	rec := sample()
	line, err := AppendJSON(nil, &rec)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add([]byte(`{"occurredAt":1777888805250000,"session":{"event":"ESTABLISHED"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var rec, again PseudonymisedTelemetry
		if err := ParseJSON(text, &rec); err != nil {
			return
		}
		line, err := AppendJSON(nil, &rec)
		if err != nil {
			t.Fatal(err)
		}
		if err := ParseJSON(line, &again); err != nil || !reflect.DeepEqual(again, rec) {
			t.Fatalf("%q printed as %s:\ngot  %+v, err %v\nwant %+v", text, line, again, err, rec)
		}
	})
}
