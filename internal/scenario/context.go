package scenario

import (
	"strconv"
	"strings"

	"cordon/internal/raw"
	"cordon/internal/record"
)

// context reads a word about where the terminal is.
func (tr *traffic) context(l *line, word string) bool {
	switch word {
	case "address":
		tr.address = l.address("address")
	case "sampled":
		ratio := l.number("sampled", 1, 100)
		tr.fill(func(_ uint64, t *raw.Telemetry) { t.SamplingRatio = record.Some(ratio) })
	case "cell", "cells":
		tr.inTurn(l.list("cell"), func(t *raw.Telemetry, text string) { t.CellID = text })
	case "area", "areas":
		tr.inTurn(l.list("area"), func(t *raw.Telemetry, text string) { t.TrackingAreaCode = text })
	case "slice", "slices":
		tr.inTurn(l.list("slice"), func(t *raw.Telemetry, text string) { t.SNSSAI = text })
	case "dnn":
		tr.inTurn(l.list("dnn"), func(t *raw.Telemetry, text string) { t.DNN = text })
	case "id":
		tr.inTurnNumbers(l.numbers("id", 0, 255), func(t *raw.Telemetry, n int32) { t.PDUSessionID = record.Some(n) })
	default:
		return false
	}
	return true
}

func (tr *traffic) fill(f fill) { tr.fills = append(tr.fills, f) }

// inTurn sets one of several words in each record, one after the other.
func (tr *traffic) inTurn(list []string, set func(*raw.Telemetry, string)) {
	if len(list) > 0 {
		tr.fill(func(i uint64, t *raw.Telemetry) { set(t, list[i%uint64(len(list))]) })
	}
}

// inTurnNumbers is inTurn for numbers.
func (tr *traffic) inTurnNumbers(list []int32, set func(*raw.Telemetry, int32)) {
	if len(list) > 0 {
		tr.fill(func(i uint64, t *raw.Telemetry) { set(t, list[i%uint64(len(list))]) })
	}
}

// list takes words separated by commas.
func (l *line) list(what string) []string {
	list := strings.Split(l.next(what), ",")
	for _, word := range list {
		if word == "" {
			l.failf("%s: want one, or several separated by commas without a space", what)
		}
	}
	return list
}

// numbers takes numbers separated by commas, each from low to high.
func (l *line) numbers(what string, low, high int32) []int32 {
	var list []int32
	for _, text := range l.list(what) {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || int32(n) < low || int32(n) > high {
			l.failf("%s: want a number from %d to %d, or several separated by commas", what, low, high)
			return nil
		}
		list = append(list, int32(n))
	}
	return list
}

// number takes one number from low to high.
func (l *line) number(what string, low, high int32) int32 {
	n, err := strconv.ParseInt(l.next(what), 10, 32)
	if err != nil || int32(n) < low || int32(n) > high {
		l.failf("%s: want a number from %d to %d", what, low, high)
	}
	return int32(n)
}

// percent takes "20%".
func (l *line) percent(what string) int64 {
	n, err := strconv.ParseInt(strings.TrimSuffix(l.next(what), "%"), 10, 32)
	if err != nil || n < 0 || n > 100 {
		l.failf("%s: want a share such as 20%%", what)
	}
	return n
}

// volume takes bytes, or bytes per second for streams ("64k/s").
func (l *line) volume(what string) int64 {
	if text, perSecond := strings.CutSuffix(l.peek(), "/s"); perSecond {
		l.words[0] = text
	}
	return l.amount(what)
}
