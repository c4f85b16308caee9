package identity

import "strings"

// ParseSUPI reads a SUPI or a SUCI of the null scheme, which carries its SUPI
// in clear (TS 23.003 clause 2.2B). The result aliases text where text is
// canonical already.
//
// The published pattern of TS 29.571 ends in "|.+" and so accepts anything; the
// forms here are the ones before that branch.
func ParseSUPI(text string) (SUPI, error) {
	if len(text) > maxLength {
		return SUPI{}, ErrSUPI
	}
	if digits, ok := foldPrefix(text, "imsi-"); ok {
		if !isDigits(digits, 5, 15) {
			return SUPI{}, ErrSUPI
		}
		return SUPI{canonical(text, "imsi-", digits)}, nil
	}
	for _, prefix := range [...]string{"nai-", "gci-", "gli-"} {
		if rest, ok := foldPrefix(text, prefix); ok {
			return parseNAI(text, prefix, rest)
		}
	}
	if rest, ok := foldPrefix(text, "suci-"); ok {
		return parseSUCI(rest)
	}
	return SUPI{}, ErrSUPI
}

// parseNAI reads user, or user@realm. RFC 7542 clause 2.4: realms compare
// without regard to case, user names with it.
func parseNAI(text, prefix, rest string) (SUPI, error) {
	user, realm, named := strings.Cut(rest, "@")
	if !isVisible(user, 253) || named && !isRealm(realm) {
		return SUPI{}, ErrSUPI
	}
	if named {
		if lower := strings.ToLower(realm); lower != realm {
			rest = user + "@" + lower
		}
	}
	return SUPI{canonical(text, prefix, rest)}, nil
}

// suciPrefixes are the SUPI types of TS 23.003 clause 2.2B, by digit.
var suciPrefixes = [...]string{"imsi-", "nai-", "gli-", "gci-"}

// parseSUCI reads what follows "suci-" (TS 29.509): supiType, home network,
// routing indicator, scheme, key id and output, joined by hyphens. Only scheme
// 0 names a SUPI; a concealed one cannot be told apart from any other subscriber
// and is refused.
func parseSUCI(rest string) (SUPI, error) {
	if len(rest) < 2 || rest[0] < '0' || rest[0] > '3' || rest[1] != '-' {
		return SUPI{}, ErrSUPI
	}
	kind, rest := rest[0]-'0', rest[2:]
	if kind == 0 {
		return parseSUCIOfIMSI(rest)
	}
	home, user, ok := cutNullScheme(rest)
	if !ok || !isRealm(home) || strings.Contains(user, "@") {
		return SUPI{}, ErrSUPI
	}
	prefix := suciPrefixes[kind]
	return parseNAI("", prefix, user+"@"+home)
}

// parseSUCIOfIMSI reads mcc-mnc-routing-0-0-msin.
func parseSUCIOfIMSI(rest string) (SUPI, error) {
	mcc, rest, _ := strings.Cut(rest, "-")
	mnc, rest, _ := strings.Cut(rest, "-")
	routing, rest, _ := strings.Cut(rest, "-")
	msin, null := strings.CutPrefix(rest, "0-0-")
	digits := mcc + mnc + msin
	if !null || !isDigits(mcc, 3, 3) || !isDigits(mnc, 2, 3) || !isDigits(routing, 1, 4) ||
		!isDigits(msin, 1, 10) || !isDigits(digits, 5, 15) {
		return SUPI{}, ErrSUPI
	}
	return SUPI{"imsi-" + digits}, nil
}

// cutNullScheme splits home-routing-0-0-user at the first place where a routing
// indicator and the null scheme follow: a realm may hold hyphens.
func cutNullScheme(rest string) (home, user string, ok bool) {
	for from := 0; ; {
		at := strings.Index(rest[from:], "-0-0-")
		if at < 0 {
			return "", "", false
		}
		at += from
		if hyphen := strings.LastIndexByte(rest[:at], '-'); hyphen > 0 && isDigits(rest[hyphen+1:at], 1, 4) {
			return rest[:hyphen], rest[at+len("-0-0-"):], true
		}
		from = at + 1
	}
}
