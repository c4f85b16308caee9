package validate

import (
	"strings"

	"cordon/internal/record"
)

// within reports whether an optional number is absent or in low..high.
func within(value record.Opt[int32], low, high int32) bool {
	return !value.Set || value.Value >= low && value.Value <= high
}

// areCounts reports whether all values are in 0..maxCount.
func areCounts(values ...int64) bool {
	for _, v := range values {
		if v < 0 || v > maxCount {
			return false
		}
	}
	return true
}

// isName reports whether text is 1 to high visible ASCII characters.
func isName(text string, high int) bool {
	return isText(text, high) && strings.IndexByte(text, ' ') < 0
}

// isText reports whether text is 1 to high printable ASCII characters: no
// control character can reach a terminal, a log or a console.
func isText(text string, high int) bool {
	if text == "" || len(text) > high {
		return false
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

func isOptionalText(text string) bool { return text == "" || isText(text, maxToken) }

// isSNSSAI reports whether text is an SST of 0..255, alone or with an SD of
// six hex digits (TS 29.571 Snssai).
func isSNSSAI(text string) bool {
	sst, sd, named := strings.Cut(text, "-")
	if !isDigits(sst) || len(sst) > 3 || len(sst) == 3 && sst > "255" {
		return false
	}
	return !named || len(sd) == 6 && isHex(sd)
}

// isPLMN reports whether text is an MCC of three and an MNC of two or three
// digits.
func isPLMN(text string) bool {
	mcc, mnc, _ := strings.Cut(text, "-")
	return len(mcc) == 3 && isDigits(mcc) && (len(mnc) == 2 || len(mnc) == 3) && isDigits(mnc)
}

// isTrackingArea reports whether text is a TS 29.571 Tac.
func isTrackingArea(text string) bool { return (len(text) == 4 || len(text) == 6) && isHex(text) }

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

func isHex(text string) bool {
	for i := range len(text) {
		c := text[i]
		if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f') {
			return false
		}
	}
	return true
}
