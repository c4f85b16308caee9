package task_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/internal/stream"
)

// Marker identities: digits that appear nowhere else.
var (
	markSUPI    = "imsi-001019876543210"
	markGPSI    = "msisdn-491798765432"
	markPEI     = "imei-354321098765432"
	markAddress = netip.MustParseAddr("10.45.187.213")
	markOther   = netip.MustParseAddr("2001:db8:beef:cafe::")
	markCell    = "0c0ffee42"
	markHost    = "cam-98765.alice-home.duckdns.org"
)

// spellings returns how a value might be hidden in bytes: raw, decimal, hex,
// BCD with both orders of nibbles, base64 at each alignment, reversed.
func spellings(text string) [][]byte {
	list := [][]byte{[]byte(text), []byte(strings.ToUpper(text))}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
	if len(digits) >= 8 {
		list = append(list, []byte(digits[5:]))
		even := digits[len(digits)%2:]
		if bcd, err := hex.DecodeString(even); err == nil {
			swapped := bytes.Clone(bcd)
			for i, b := range swapped {
				swapped[i] = b<<4 | b>>4
			}
			list = append(list, bcd, swapped)
		}
	}
	for _, plain := range [][]byte{[]byte(text)} {
		reversed := bytes.Clone(plain)
		for i, j := 0, len(reversed)-1; i < j; i, j = i+1, j-1 {
			reversed[i], reversed[j] = reversed[j], reversed[i]
		}
		list = append(list, reversed)
	}
	return list
}

// encodings adds hex and base64 of each.
func encodings(values [][]byte) [][]byte {
	var all [][]byte
	for _, v := range values {
		all = append(all, v, []byte(hex.EncodeToString(v)), []byte(strings.ToUpper(hex.EncodeToString(v))))
		for shift := range 3 {
			text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), v...))
			if len(text) > 12 {
				all = append(all, []byte(text[4:len(text)-4]))
			}
		}
	}
	return all
}

func marks() [][]byte {
	var values [][]byte
	for _, text := range []string{markSUPI, markSUPI[len("imsi-"):], markGPSI, markPEI, markPEI[len("imei-35432109"):], markCell, markAddress.String(), "cam-98765", "alice-home"} {
		values = append(values, spellings(text)...)
	}
	values = append(values, markAddress.AsSlice(), markOther.AsSlice()[:8])
	return encodings(values)
}

// Whatever is done with marked records, no mark is in any key, value or
// counter that leaves the task; the state, which has to hold them, is sealed.
func TestMarkedIdentitiesDoNotLeave(t *testing.T) {
	r := newRig(t, 1, 4)
	marked := func(in *raw.Telemetry) *raw.Telemetry {
		in.GPSI, in.PEI, in.CellID = markGPSI, markPEI, markCell
		return in
	}
	other := session(0, markSUPI, markAddress, record.SessionEstablished)
	other.Session.OtherUEAddress = markOther
	toPeer := marked(flow(1, markSUPI, markAddress))
	toPeer.Flow.RemoteAddress = markAddress
	toPeer.Flow.Domain = markHost
	exception := marked(flow(1, markSUPI, markAddress))
	exception.Kind = record.KindExternalException
	exception.ExternalException = record.ExternalException{ExceptionID: "SUSPICION_OF_DDOS_ATTACK", RemoteAddress: markAddress}
	badSUPI := marked(flow(1, strings.TrimPrefix(markSUPI, "imsi-"), markAddress))
	badPEI := marked(flow(1, markSUPI, markAddress))
	badPEI.PEI += "0"
	badCell := marked(flow(1, markSUPI, markAddress))
	badCell.CellID += "\n"
	for _, in := range []*raw.Telemetry{marked(other), toPeer, exception, badSUPI, badPEI, badCell,
		marked(flow(1, "", markAddress)), marked(flow(40, "", markAddress)), marked(flow(40, "", netip.MustParseAddr("10.45.187.214")))} {
		r.put(0, in.UEAddress.AsSlice(), in)
	}
	r.put(0, markOther.AsSlice(), marked(other))
	r.putBytes(0, []byte(markSUPI), []byte(markSUPI))
	whole := raw.AppendTelemetry(nil, marked(flow(1, markSUPI, markAddress)))
	r.putBytes(0, markAddress.AsSlice(), whole[:len(whole)-2])
	r.run()
	waiting := r.counters(0)
	if waiting.Waited != 3 || waiting.HeldBytes == 0 || waiting.Bindings != 2 {
		t.Fatalf("the test should leave bindings and waiting records in the state: %+v", waiting)
	}
	r.put(0, nil, word(90, "upf-1"))
	r.put(0, nil, word(90, "smf-1"))
	r.run()
	if len(r.dead()) == 0 || r.counters(0).Resolved != 2 {
		t.Fatalf("the test should give dead letters and resolved records: %q, %+v", r.dead(), r.counters(0))
	}
	seen := marks()
	records := 0
	for topic, n := range map[stream.Topic]int32{stream.Telemetry: 4, stream.DeadLetters: 1, stream.Progress: 1, stream.CollectorState: 1} {
		for p := range n {
			for offset := int64(0); ; {
				b, next, more := r.log.Fetch(stream.Partition{Topic: topic, ID: p}, offset)
				if !more {
					break
				}
				for _, rec := range b.Records {
					records++
					refuse(t, fmt.Sprintf("%s[%d]@%d", topic, p, rec.Offset), append(bytes.Clone(rec.Key), rec.Value...), seen)
				}
				offset = next
			}
		}
	}
	if records < 30 {
		t.Errorf("only %d records searched", records)
	}
	refuse(t, "counters", fmt.Appendf(nil, "%+v", r.counters(0)), seen)
}

func refuse(t *testing.T, where string, text []byte, marks [][]byte) {
	t.Helper()
	for _, m := range marks {
		if len(m) >= 4 && bytes.Contains(text, m) {
			t.Errorf("%s holds the mark %q", where, m)
		}
	}
}

// The search finds what it looks for.
func TestTheSearchFindsMarks(t *testing.T) {
	all := marks()
	for _, hidden := range []string{markSUPI, "x" + hex.EncodeToString([]byte(markSUPI)), base64.StdEncoding.EncodeToString([]byte("ab" + markPEI)), string(markAddress.AsSlice())} {
		found := false
		for _, m := range all {
			found = found || bytes.Contains([]byte(hidden), m)
		}
		if !found {
			t.Errorf("%q is not found", hidden)
		}
	}
}
