package identity

import "strings"

// foldPrefix reports whether text begins with prefix, which is lower-case, in
// any case, and returns the rest.
func foldPrefix(text, prefix string) (rest string, ok bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return "", false
	}
	return text[len(prefix):], true
}

// canonical returns prefix+rest, without a copy where text already is that.
func canonical(text, prefix, rest string) string {
	if len(text) == len(prefix)+len(rest) && strings.HasPrefix(text, prefix) && text[len(prefix):] == rest {
		return text
	}
	return prefix + rest
}

// isDigits reports whether text is low to high decimal digits.
func isDigits(text string, low, high int) bool {
	if len(text) < low || len(text) > high {
		return false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// isVisible reports whether text is 1 to high visible ASCII characters.
func isVisible(text string, high int) bool {
	if text == "" || len(text) > high {
		return false
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// isRealm reports whether text is a domain name: labels of letters, digits and
// hyphens (RFC 7542 clause 2.2, without its non-ASCII forms).
func isRealm(text string) bool {
	if text == "" || len(text) > 253 {
		return false
	}
	label := 0
	for i := range len(text) {
		switch c := text[i]; {
		case c == '.':
			if label == 0 {
				return false
			}
			label = 0
			continue
		case c == '-' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z':
			label++
		default:
			return false
		}
		if label > 63 {
			return false
		}
	}
	return label > 0
}

// isHexPairs reports whether text is n groups of "-" and two hex digits.
func isHexPairs(text string, n int) bool {
	if len(text) != 3*n {
		return false
	}
	for i := range len(text) {
		c := text[i]
		digit := c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
		if i%3 == 0 && c != '-' || i%3 != 0 && !digit {
			return false
		}
	}
	return true
}
