package scenario

import (
	"strings"
	"testing"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// written returns what a scenario puts into telemetry.raw as plain JSON, without
// the Clocks.
func written(t *testing.T, text string) []string {
	t.Helper()
	s := parse(t, text)
	var list []string
	for _, a := range deliver(s, s.Usual()).arrivals {
		for _, send := range a.sends {
			rec, err := raw.Decode(send.Value)
			if err != nil {
				t.Fatal(err)
			}
			telemetry := rec.(*raw.Telemetry)
			if send.Topic != stream.TelemetryRaw || telemetry.Kind == record.KindClock {
				continue
			}
			line, err := raw.AppendJSON(nil, telemetry)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, string(line))
		}
	}
	return list
}

// TestLinesBecomeRecords: what each line of the language writes, record by record
// (names and units: contracts, section 1).
func TestLinesBecomeRecords(t *testing.T) {
	for _, c := range []struct {
		line string
		want []string // of one record each, parts separated by "…"
	}{
		{"session established slice 1-0000a1,2 id 1,2 every 10s for 20s", []string{
			`00:00.000000Z…"snssai":"1-0000a1","pduSessionId":1…"session":{"event":"ESTABLISHED","causeClass":"NONE","emergency":false}`,
			`00:10.000000Z…"snssai":"2","pduSessionId":2`}},
		{"session rejected cause-class permanent cause UNKNOWN_DNN", []string{`"event":"ESTABLISHMENT_REJECTED","cause":"UNKNOWN_DNN","causeClass":"PERMANENT"`}},
		{"session backoff 90s", []string{`"event":"BACKOFF_APPLIED","causeClass":"NONE","backoffSeconds":90`}},
		{"session backoff id 3", []string{`"pduSessionId":3…"event":"BACKOFF_APPLIED","causeClass":"NONE","emergency":false`}},
		{"registration initial rejected cause-class temporary count 7", []string{
			`"registration":{"event":"INITIAL_REGISTRATION","outcome":"REJECTED","causeClass":"TEMPORARY","count":7,"networkInitiated":false}`}},
		{"registration service-request paged", []string{`"event":"SERVICE_REQUEST","outcome":"SUCCESS","causeClass":"NONE","count":1,"networkInitiated":true`}},
		{"registration handover cells A,B every 5s for 15s", []string{`"cellId":"A"`, `"cellId":"B"`, `"cellId":"A"`}},
		{"registration mobility areas 0001,0002 every 5s for 10s", []string{`"trackingAreaCode":"0001"`, `"trackingAreaCode":"0002"`}},
		{"radio-failure", []string{`"radioFailure":{"ngApCauseGroup":0,"ngApCauseValue":21,"count":1}`}},
		{"radio-failure group 2 value 3 count 4", []string{`{"ngApCauseGroup":2,"ngApCauseValue":3,"count":4}`}},
		{"status cpu 95 temperature 70 battery 40,30 reboots 3 firmware 1.2 roaming yes tamper no every 1m for 2m", []string{
			`{"cpuLoad":95,"batteryLevel":40,"temperature":70,"rebootCount":3,"firmwareVersion":"1.2","tamper":false,"roaming":true}`,
			`"batteryLevel":30`}},
		{"external UNEXPECTED_LARGE_RATE_FLOW level 60 to tcp 203.0.113.9:443", []string{
			`{"exceptionId":"UNEXPECTED_LARGE_RATE_FLOW","level":60,"trend":"UP","remoteAddress":"203.0.113.9","remotePort":443,"protocol":6}`}},
		{"inbound tcp from 198.51.100.7 up 100 down 2k", []string{
			`"remoteAddress":"198.51.100.7","remotePort":49152,"direction":"DOWNLINK"…"ulVolume":100,"dlVolume":2000,"ulPackets":1,"dlPackets":2`}},
		{"inbound tcp from 198.51.100.7:4000 refused", []string{
			`"remotePort":4000,"direction":"DOWNLINK"…"ulVolume":40,"dlVolume":40,"ulPackets":1,"dlPackets":1,"ulTcpFlags":20,"dlTcpFlags":2`}},
		{"flow udp 203.0.113.53:53 up 80 down 80 domain a.example.org,b.example.org rcode 3 packets 2/1 every 1s for 2s", []string{
			`"ulPackets":2,"dlPackets":1,"domain":"a.example.org","domainSource":"DNS_QNAME","dnsResponseCode":3`, `"domain":"b.example.org"`}},
		{"flow tcp 203.0.113.9:443 up 1k down 1k sampled 10", []string{`"samplingRatio":10`}},
		{"flow tcp 203.0.113.9:443 up 1k down 1k reported every 60s", []string{
			`"occurredAt":"2026-05-04T10:01:00.000000Z","intervalStart":"2026-05-04T10:00:00.000000Z"…"startTime":"2026-05-04T10:00:00.000000Z"`}},
		{"becomes tac 86012345 dnn internet area 0009", nil},
	} {
		got := written(t, "terminal cam-1 dnn iot\nat 10:00 cam-1 "+c.line+"\n")
		if len(got) != len(c.want) {
			t.Errorf("%s: got %d records, want %d: %v", c.line, len(got), len(c.want), got)
			continue
		}
		for i, want := range c.want {
			rest := got[i]
			for _, part := range strings.Split(want, "…") {
				_, after, found := strings.Cut(rest, part)
				if !found {
					t.Errorf("%s, record %d: got %s, want it to hold %s", c.line, i+1, got[i], part)
					break
				}
				rest = after
			}
		}
	}
}

// TestTerminalsBecome: what a terminal is said to be holds from its time on, and
// another type is another device with a serial number of its own.
func TestTerminalsBecome(t *testing.T) {
	const text = `terminals cam-1..2 tac 35693803 dnn iot address 10.45.0.0/16
at 10:00 cam-* session established every 1h for 3h
at 11:00 cam-2 becomes tac 86012345 dnn internet cell B
at 12:00 cam-2 becomes area 0009
`
	got := written(t, text)
	for i, want := range []string{
		`"pei":"imei-356938035820001","ueAddress":"10.45.0.1","dnn":"iot"`, `"pei":"imei-356938035820002","ueAddress":"10.45.0.2","dnn":"iot"`,
		`"dnn":"iot"`, `"pei":"imei-860123455830002","ueAddress":"10.45.0.2","dnn":"internet","cellId":"B"`,
		`"dnn":"iot"`, `"pei":"imei-860123455830002","ueAddress":"10.45.0.2","dnn":"internet","trackingAreaCode":"0009","cellId":"B"`,
	} {
		if i >= len(got) || !strings.Contains(got[i], want) {
			t.Errorf("record %d: got %v, want it to hold %s", i+1, got, want)
		}
	}
}

// TestRhythm: jitter stays within its share, spreads terminals, and is the same on
// every run.
func TestRhythm(t *testing.T) {
	r := rhythm{every: record.Minute, lasts: record.Hour, jitter: 200, spread: 10 * record.Minute}
	times := func(seed uint64) (list []record.Micros) {
		r.starts(Midnight, seed, func(_ uint64, start record.Micros) { list = append(list, start) })
		return list
	}
	one, again, other := times(1), times(1), times(2)
	if len(one) < 50 || len(one) > 75 {
		t.Fatalf("got %d starts in an hour, want about 60", len(one))
	}
	for i := range one {
		if one[i] != again[i] {
			t.Fatalf("start %d: got %d and %d with the same seed", i, one[i], again[i])
		}
		if gap := one[i] - one[max(i-1, 0)]; i > 0 && (gap < 48*record.Second || gap > 72*record.Second) {
			t.Errorf("gap %d: got %d s, want 48 to 72", i, gap/record.Second)
		}
	}
	if one[0] == other[0] || one[0]-Midnight >= r.spread {
		t.Errorf("got first starts %s and %s, want different ones within 10 min", clockText(one[0]), clockText(other[0]))
	}
}

// TestProvisioning: profiles, decisions and settings as they are written (contracts,
// sections 2, 4 and 6).
func TestProvisioning(t *testing.T) {
	s := parse(t, short+`at 09:00 profile cam-1 allowed tcp 203.0.113.0/24:443 allowed any ntp.example.org stationary periodic 15m max-uplink 100k/s scheduled 02:00-04:00 on 1,2 areas 0001 protected
at 09:00 profile tac 35693803 mobile
at 09:30 profile cam-1 removed
at 09:00 setting watchlist version 3 content 198.51.100.7 90; 192.0.2.7 50
at 09:00 decide ALLOW destination 198.51.100.7:443 until 12:00
`)
	r := run(t, s, s.Usual())
	var got []string
	for p := range r.run.Log().Partitions(stream.ProfilesRaw) {
		at := stream.Partition{Topic: stream.ProfilesRaw, ID: p}
		for b, next, more := r.run.Log().Fetch(at, 0); more; b, next, more = r.run.Log().Fetch(at, next) {
			for _, rec := range b.Records {
				got = append(got, string(rec.Key)+" "+text(t, rec.Value))
			}
		}
	}
	all := strings.Join(got, "\n")
	for _, want := range []string{
		`imsi-001017310000001 {"supi":"imsi-001017310000001","stationaryIndication":"STATIONARY","periodicTime":900,` +
			`"scheduledCommunicationTime":[{"daysOfWeek":[1,2],"timeOfDayStart":"02:00:00Z","timeOfDayEnd":"04:00:00Z"}],"expectedTrackingAreaCodes":["0001"],` +
			`"allowedDestinations":[{"protocol":6,"addressPrefix":"203.0.113.0/24","portFrom":443,"portTo":443},{"domain":"ntp.example.org"}],` +
			`"maxUplinkBitsPerSecond":800000,"criticality":"PROTECTED"}`,
		`35693803 {"typeAllocationCode":"35693803","stationaryIndication":"MOBILE","scheduledCommunicationTime":[],`,
		"imsi-001017310000001 nothing",
		`setting:watchlist {"name":"watchlist","version":"3","content":"3139382e35312e3130302e372039300a3139322e302e322e37203530"}`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("profiles.raw: got\n%s\nwant it to hold %s", all, want)
		}
	}
	if leaks := r.Leaks(); len(leaks) != 0 {
		t.Errorf("got %v, want none", leaks)
	}
}

// text is a record of profiles.raw as plain JSON.
func text(t *testing.T, value []byte) string {
	t.Helper()
	if value == nil {
		return "nothing"
	}
	rec, err := raw.Decode(value)
	if err != nil {
		t.Fatal(err)
	}
	line, err := raw.AppendJSON(nil, rec)
	if err != nil {
		t.Fatal(err)
	}
	return string(line)
}
