package record

import "net/netip"

// sample is a flow report with most fields set: about 180 bytes.
func sample() PseudonymisedTelemetry {
	return PseudonymisedTelemetry{
		Terminal:           Pseudonym{1, 2, 3},
		KeyEpoch:           3,
		RawPartition:       5,
		RawOffset:          123_456_789,
		OccurredAt:         1_777_888_805_000_000,
		IntervalStart:      Some[Micros](1_777_888_795_000_000),
		SourceID:           "upf-1",
		SourceSequence:     Some[int64](123_456),
		DNN:                "iot",
		SNSSAI:             "1-0000a1",
		PLMN:               "001-01",
		RATType:            "NR_REDCAP",
		PDUSessionID:       Some[int32](5),
		TrackingAreaCode:   "00000a",
		SamplingRatio:      Some[int32](100),
		TypeAllocationCode: "35693803",
		EquipmentToken:     Token{1},
		CellToken:          Token{2},
		Kind:               KindFlow,
		Flow:               sampleFlow(),
	}
}

func sampleFlow() Flow {
	return Flow{
		Protocol:      6,
		RemoteAddress: netip.MustParseAddr("198.51.100.7"),
		RemotePort:    443,
		Direction:     DirectionUplink,
		StartTime:     Some[Micros](1_777_888_796_000_000),
		ULVolume:      12_345,
		DLVolume:      98_765,
		ULPackets:     30,
		DLPackets:     90,
		ULTCPFlags:    Some[int32](0x1b),
		DLTCPFlags:    Some[int32](0x1b),
		Domain:        "example.net",
		DomainSource:  DomainTLSSNI,
	}
}
