package raw

import (
	"net/netip"

	"cordon/internal/record"
)

// sample is a flow report with most fields set: about 190 bytes.
func sample() Telemetry {
	t := Telemetry{
		OccurredAt:       1_777_888_805_000_000,
		IntervalStart:    record.Some[record.Micros](1_777_888_795_000_000),
		SourceID:         "upf-1",
		SourceSequence:   record.Some[int64](123_456),
		SUPI:             "imsi-001010000000001",
		PEI:              "imeisv-3569380356438091",
		UEAddress:        netip.MustParseAddr("10.45.0.7"),
		DNN:              "iot",
		SNSSAI:           "1-0000a1",
		PLMN:             "001-01",
		RATType:          "NR_REDCAP",
		PDUSessionID:     record.Some[int32](5),
		TrackingAreaCode: "00000a",
		CellID:           "000000010",
		SamplingRatio:    record.Some[int32](100),
		Kind:             record.KindFlow,
	}
	t.Flow.LocalPort = record.Some[int32](40_000)
	t.Flow.Flow = sampleFlow()
	return t
}

func sampleFlow() record.Flow {
	return record.Flow{
		Protocol:      6,
		RemoteAddress: netip.MustParseAddr("198.51.100.7"),
		RemotePort:    443,
		Direction:     record.DirectionUplink,
		StartTime:     record.Some[record.Micros](1_777_888_796_000_000),
		ULVolume:      12_345,
		DLVolume:      98_765,
		ULPackets:     30,
		DLPackets:     90,
		ULTCPFlags:    record.Some[int32](0x1b),
		DLTCPFlags:    record.Some[int32](0x1b),
		Domain:        "broker.example.net",
		DomainSource:  record.DomainTLSSNI,
	}
}
