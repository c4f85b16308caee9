package raw_test

import (
	"errors"
	"fmt"

	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/schemas"
)

func ExampleDecoder() {
	sent := raw.Telemetry{OccurredAt: 1_777_888_805_000_000, SourceID: "smf-1", SUPI: "imsi-001010000000001", Kind: record.KindSession}
	sent.Session.Event = record.SessionEstablished
	b := raw.AppendTelemetry(nil, &sent)

	var decoder raw.Decoder // keep one per goroutine
	var got raw.Telemetry   // and reuse the record
	err := decoder.Decode(b, &got)
	fmt.Println(err, got.Kind, got.Session.Event, got == sent)
	fmt.Println(decoder.Decode(b[:len(b)-1], &got))
	// Output:
	// <nil> Session ESTABLISHED true
	// record: not decodable
}

func ExampleParseJSON() {
	line := `{"occurredAt":"2026-05-04T10:00:05Z","sourceId":"smf-1","supi":"imsi-001010000000001","dnn":"iot","snssai":"1-0000a1","session":{"event":"ESTABLISHED","causeClass":"NONE"}}`
	var t raw.Telemetry
	if err := raw.ParseJSON([]byte(line), &t); err != nil {
		fmt.Println(err)
	}
	out, _ := raw.AppendJSON(nil, &t)
	fmt.Println(string(out))

	err := raw.ParseJSON([]byte(`{"sourceId":"smf-1","session":{"evnet":"ESTABLISHED"}}`), &t)
	var key *record.KeyError
	fmt.Println(errors.As(err, &key), key.Key, err)
	// Output:
	// {"occurredAt":"2026-05-04T10:00:05.000000Z","sourceId":"smf-1","supi":"imsi-001010000000001","dnn":"iot","snssai":"1-0000a1","session":{"event":"ESTABLISHED","causeClass":"NONE","emergency":false}}
	// true session.evnet json: key "session.evnet": unknown key
}

func Example_privacy() {
	for _, field := range schemas.Privacy("TerminalTelemetry") {
		if field.Treatment != schemas.Keep {
			fmt.Println(field.Path, field.Treatment)
		}
	}
	// Output:
	// supi pseudonymise+seal
	// gpsi drop
	// pei generalise+token
	// ueAddress drop
	// cellId token
	// flow.localPort drop
	// flow.domain generalise
	// session.otherUeAddress drop
}
