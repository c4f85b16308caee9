// Package domain generalises the domain names that terminals speak with.
//
// What it promises: what may be kept of a name is the part somebody registered
// at a registry of the public suffix list's ICANN section: "telemetry.acme.co.uk"
// becomes "acme.co.uk". A name under a private suffix (dynamic DNS, device
// clouds, hosting) or of no listed top-level domain often is the name of one
// customer or one device, and a number in place of a name may be another
// terminal's address: of those nothing is kept but a keyed token.
//
// What it does not: it makes no token (collector/pseudonym does), and the list
// is as old as the module golang.org/x/net, which only this package imports.
package domain

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Treatment says what may leave the collector of a domain name.
type Treatment uint8

// Treatments of a name.
const (
	Absent   Treatment = iota // there is no name
	Keep                      // the text may be kept
	Tokenise                  // the text has to be replaced by a keyed token
)

// Generalise returns what to keep, or what to make a token of: the shortest
// part of the name that somebody holds. The text aliases name where that is
// lower-case.
func Generalise(name string) (string, Treatment) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "" {
		return "", Absent
	}
	if !isHostname(name) {
		return name, Tokenise
	}
	suffix, icann := publicsuffix.PublicSuffix(name)
	held := name
	if len(name) > len(suffix) {
		held = lastLabels(name, len(suffix))
	}
	if icann {
		return held, Keep
	}
	// A private suffix has a dot; without one the top-level domain is unknown.
	if name == suffix && strings.Contains(suffix, ".") {
		return registered(suffix)
	}
	return held, Tokenise
}

// registered returns the registrable domain of a private suffix itself: it is
// the name of the service, not of its customer.
func registered(suffix string) (string, Treatment) {
	for rest := suffix; ; {
		_, parent, found := strings.Cut(rest, ".")
		if !found {
			return suffix, Tokenise
		}
		if top, icann := publicsuffix.PublicSuffix(parent); icann && top == parent {
			return rest, Keep
		}
		rest = parent
	}
}

// lastLabels returns the suffix of the given length with one label before it.
func lastLabels(name string, suffix int) string {
	before := name[:len(name)-suffix-1]
	return name[strings.LastIndexByte(before, '.')+1:]
}

// isHostname reports whether name is made of labels of letters, digits, hyphens
// and underscores, at least two, and does not end in a number: an address is
// not a name.
func isHostname(name string) bool {
	label, labels, numeric := 0, 1, true
	for i := range len(name) {
		switch c := name[i]; {
		case c == '.':
			if label == 0 || label > 63 {
				return false
			}
			label, numeric = 0, true
			labels++
		case c >= '0' && c <= '9':
			label++
		case c == '-' || c == '_' || c >= 'a' && c <= 'z':
			label++
			numeric = false
		default:
			return false
		}
	}
	return label > 0 && label <= 63 && labels > 1 && !numeric && len(name) <= 253
}
