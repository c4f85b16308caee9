package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// Marker identities: no other value of these tests looks like them.
const (
	markerSUPI = "imsi-001019876543210"
	markerGPSI = "msisdn-49987654321"
	markerPEI  = "imei-357654321098765"
	markerCell = "9abcdef01"
)

var markerAddress = netip.MustParseAddr("10.211.37.199")

// list gives telemetry one by one.
type list struct{ records []raw.Telemetry }

// Next gives the next record.
func (l *list) Next(t *raw.Telemetry) error {
	if len(l.records) == 0 {
		return io.EOF
	}
	*t, l.records = l.records[0], l.records[1:]
	return nil
}

// marked is a session that binds the address, then a scan under it, with every
// identity in every field that takes one; and a record that no one can resolve.
func marked() *list {
	at := (record.MicrosOf(time.Now()) - 10*record.Day).Floor(record.Minute)
	base := func(after record.Micros, source string) raw.Telemetry {
		return raw.Telemetry{OccurredAt: at + after, SourceID: source, DNN: "iot", SNSSAI: "1-0000a1", UEAddress: markerAddress}
	}
	session := base(0, "smf-1")
	session.SUPI, session.GPSI, session.PEI, session.CellID = markerSUPI, markerGPSI, markerPEI, markerCell
	session.Kind, session.Session.Event, session.Session.CauseClass = record.KindSession, record.SessionEstablished, record.CauseNone
	all := []raw.Telemetry{session}
	for i := range 400 {
		flow := base(record.Second+record.Micros(i)*200*record.Millisecond, "upf-1")
		flow.GPSI, flow.PEI, flow.CellID = markerGPSI, markerPEI, markerCell
		flow.Kind = record.KindFlow
		flow.Flow.Protocol, flow.Flow.RemotePort = 6, 23
		flow.Flow.RemoteAddress = netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)})
		flow.Flow.Direction, flow.Flow.ULPackets, flow.Flow.ULVolume = record.DirectionUplink, 1, 44
		flow.Flow.StartTime = record.Some(flow.OccurredAt)
		all = append(all, flow)
	}
	lost := all[1]
	lost.UEAddress = markerAddress.Next()
	lost.OccurredAt = all[len(all)-1].OccurredAt
	bad := all[len(all)-1]
	bad.SUPI = markerSUPI + "x" // no SUPI of any form
	return &list{append(all, lost, bad)}
}

// markers are all the ways in which an identity could show.
func markers() map[string][]byte {
	out := map[string][]byte{}
	for name, text := range map[string]string{
		"SUPI": markerSUPI, "MSIN": markerSUPI[len("imsi-"):], "GPSI": markerGPSI[len("msisdn-"):], "PEI": markerPEI[len("imei-"):],
		"PEI serial": markerPEI[len("imei-")+8:], "cell": markerCell, "address": markerAddress.String(),
	} {
		out[name] = []byte(text)
		out[name+" in hex"] = []byte(hex.EncodeToString([]byte(text)))
		out[name+" in base64"] = []byte(strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(text)), "=")[:len(text)])
	}
	address := markerAddress.As4()
	out["address as bytes"] = address[:]
	out["address bytes in hex"] = []byte(hex.EncodeToString(address[:]))
	return out
}

// Privacy (architecture, promise 1): after the collector no topic, key, log or
// metric holds a SUPI, GPSI, PEI, terminal address or cell.
func TestIdentitiesStayBeforeTheCollector(t *testing.T) {
	d := deploy(t, 2)
	d.startAll()
	got := d.replayed(marked(), 0, nil)
	if len(got.verdicts) != 1 {
		t.Errorf("%d terminals with a verdict, want the one that scans: nothing was carried through", len(got.verdicts))
	}
	find := markers()
	leaks := func(where string, text []byte) {
		for name, marker := range find {
			if bytes.Contains(bytes.ToLower(text), bytes.ToLower(marker)) {
				t.Errorf("%s holds the %s", where, name)
			}
		}
	}
	searched := 0
	for _, topic := range stream.Topics(d.partitions) {
		for _, rec := range d.records(topic.Topic) {
			if topic.Topic == stream.TelemetryRaw {
				continue
			}
			searched++
			leaks(fmt.Sprintf("a key of %s", topic.Topic), rec.Key)
			leaks(fmt.Sprintf("a record of %s", topic.Topic), rec.Value)
		}
	}
	if len(d.records(stream.DeadLetters)) < 2 || searched < 500 {
		t.Errorf("searched %d records, %d dead letters: too few to prove anything", searched, len(d.records(stream.DeadLetters)))
	}
	for name, p := range d.programs {
		text, err := os.ReadFile(p.log)
		if err != nil {
			t.Fatal(err)
		}
		leaks("the log of "+name, text)
		leaks("the metrics of "+name, get(t, p.ready+"/metrics"))
		leaks("the heap profile of "+name+" (symbols)", get(t, p.ready+"/debug/pprof/heap?debug=1"))
	}
}

func get(t *testing.T, address string) []byte {
	t.Helper()
	res, err := http.Get("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
