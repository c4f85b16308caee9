// Package identity holds subscriber and equipment identities as types that
// cannot be printed by mistake: String, GoString and every marshaller give
// "[redacted]".
//
// What it promises: a value exists only in canonical form, so equal subscribers
// compare equal and hash equal; no error of this package contains input.
//
// What it does not: it keeps no key and makes no pseudonym (collector/pseudonym
// does).
package identity
