// Package pseudonym turns identities into keyed stand-ins.
//
// What it promises: the same identity under the same key and epoch has the same
// stand-in on every instance and in every run; without the key no stand-in can
// be computed or checked from a list of candidates; stand-ins of one epoch tell
// nothing about those of another; a stand-in of one kind never equals that of
// another kind by construction, for each kind has a key of its own. Nothing is
// allocated once a Deriver is made. Keys print "[redacted]".
//
// The derivation, frozen by known-answer vectors:
//
//	K(label, epoch) = HKDF-SHA-256(master, salt "cordon", info label "/" epoch)
//	pseudonym       = first 16 bytes of HMAC-SHA-256(K("pseudonym", e), "supi" 0 SUPI)
//	equipment token = first  8 bytes of HMAC-SHA-256(K("equipment", e), "equipment" 0 SUPI 0 PEI)
//	cell token      = first  8 bytes of HMAC-SHA-256(K("cell", e),      "cell" 0 cell)
//	remote token    = first 16 bytes of HMAC-SHA-256(K("remote", e),    "remote" 0 address(16) DNN 0 S-NSSAI)
//	domain token    = first  8 bytes of HMAC-SHA-256(K("domain", e),    "domain" 0 domain)
//	bucket          = first  8 bytes of HMAC-SHA-256(K("bucket", 0),    "bucket" 0 SUPI), modulo the partitions
//
// Cell, DNN and S-NSSAI are hashed in lower case, as sources spell them in both.
// The bucket alone does not depend on the epoch, so a terminal stays in its
// partition over a rotation. It does not leave the collector as a value.
//
// What it does not: it reads no file (collector/keyfile does) and decides no boundary
// between epochs. A Deriver is used by one goroutine.
package pseudonym
