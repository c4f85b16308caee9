package identity

import "strings"

// ParsePEI reads an equipment identifier of a form of TS 29.571 Pei; hex digits
// become lower-case.
func ParsePEI(text string) (PEI, error) {
	if len(text) > maxLength {
		return PEI{}, ErrPEI
	}
	if digits, ok := foldPrefix(text, "imei-"); ok && isDigits(digits, 15, 15) {
		return PEI{canonical(text, "imei-", digits)}, nil
	}
	if digits, ok := foldPrefix(text, "imeisv-"); ok && isDigits(digits, 16, 16) {
		return PEI{canonical(text, "imeisv-", digits)}, nil
	}
	lower := strings.ToLower(text)
	if rest, ok := strings.CutPrefix(lower, "mac"); ok && isHexPairs(strings.TrimSuffix(rest, "-untrusted"), 6) {
		return PEI{lower}, nil
	}
	if rest, ok := strings.CutPrefix(lower, "eui"); ok && isHexPairs(rest, 8) {
		return PEI{lower}, nil
	}
	return PEI{}, ErrPEI
}

// TypeAllocationCode returns the first eight digits of an IMEI or IMEISV, which
// name the model and not the device (TS 23.003 clause 6.2); empty for others.
func (p PEI) TypeAllocationCode() string {
	for _, prefix := range [...]string{"imei-", "imeisv-"} {
		if digits, ok := strings.CutPrefix(p.text, prefix); ok {
			return digits[:8]
		}
	}
	return ""
}

// ParseGPSI reads msisdn-… (5 to 15 digits) or extid-…@….
func ParseGPSI(text string) (GPSI, error) {
	if len(text) > maxLength {
		return GPSI{}, ErrGPSI
	}
	if digits, ok := foldPrefix(text, "msisdn-"); ok && isDigits(digits, 5, 15) {
		return GPSI{canonical(text, "msisdn-", digits)}, nil
	}
	if rest, ok := foldPrefix(text, "extid-"); ok {
		local, realm, _ := strings.Cut(rest, "@")
		if isVisible(local, 253) && isRealm(realm) {
			return GPSI{canonical(text, "extid-", local+"@"+strings.ToLower(realm))}, nil
		}
	}
	return GPSI{}, ErrGPSI
}
