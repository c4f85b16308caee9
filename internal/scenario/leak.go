package scenario

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"cordon/internal/stream"
)

// Leaks searches every topic but telemetry.raw and profiles.raw for the identities the scenario
// names: as they are, as hex and as base64, in keys and values. It returns where
// it found one.
func (r *Result) Leaks() []string {
	marks := r.scenario.marks()
	var found []string
	log := r.run.Log()
	for _, topic := range stream.Topics(1) {
		if topic.Topic == stream.TelemetryRaw || topic.Topic == stream.ProfilesRaw {
			continue
		}
		for p := int32(0); p < log.Partitions(topic.Topic); p++ {
			at := stream.Partition{Topic: topic.Topic, ID: p}
			for b, next, more := log.Fetch(at, 0); more; b, next, more = log.Fetch(at, next) {
				found = append(found, leaked(b, marks)...)
			}
		}
	}
	return found
}

// leaked tells which records of a batch hold a mark.
func leaked(b stream.Batch, marks []mark) []string {
	var found []string
	for _, rec := range b.Records {
		for _, m := range marks {
			if bytes.Contains(rec.Key, m.form) || bytes.Contains(rec.Value, m.form) {
				found = append(found, fmt.Sprintf("%s[%d] at %d holds the %s of %s", b.Partition.Topic, b.Partition.ID, rec.Offset, m.what, m.who))
			}
		}
	}
	return found
}

// markedTerminals are how many terminals of a fleet are searched for: the
// others differ in a digit.
const markedTerminals = 8

// markLength is what an identity has to have at least not to be found by chance.
const markLength = 8

// mark is one form of one identity.
type mark struct {
	who, what string
	form      []byte
}

// marks lists every form in which an identity might leave the collector.
func (s *Scenario) marks() []mark {
	var list []mark
	for _, t := range s.terminals[:min(len(s.terminals), markedTerminals)] {
		add := func(what string, value []byte) {
			if len(value) < markLength && what != "address" {
				return // an identity made too short on purpose
			}
			for _, form := range forms(value) {
				list = append(list, mark{t.name, what, form})
			}
		}
		add("SUPI", []byte(bare(t.supi)))
		add("GPSI", []byte(bare(t.gpsi)))
		add("PEI", []byte(bare(t.pei)))
		add("cell", []byte(bare(t.cell)))
		for _, v := range t.later {
			add("PEI", []byte(bare(v.is.pei)))
		}
		if t.address.IsValid() {
			add("address", t.address.AsSlice())
			add("address", []byte(t.address.String()))
		}
	}
	return list
}

// bare is an identity without its kind: imsi-00101… is told by its digits.
func bare(identity string) string {
	_, rest, found := strings.Cut(identity, "-")
	if !found {
		return identity
	}
	return rest
}

// forms returns a value as it is, as hex, and as base64 at each of the three
// places it can have in a longer text.
func forms(value []byte) [][]byte {
	list := [][]byte{value, []byte(hex.EncodeToString(value)), []byte(strings.ToUpper(hex.EncodeToString(value)))}
	for shift := range 3 {
		padded := append(make([]byte, shift), value...)
		text := base64.RawStdEncoding.EncodeToString(padded)
		// The first and last characters also hold bits of what is beside it.
		from, to := []int{0, 2, 3}[shift], len(padded)/3*4
		if to-from >= 5 {
			list = append(list, []byte(text[from:to]))
		}
	}
	return list
}
