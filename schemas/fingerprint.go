package schemas

import (
	"encoding/binary"
	"encoding/json"
	"strconv"
	"strings"
)

// HeaderSize is the length of a single-object header, in bytes.
const HeaderSize = 10

// Marker of single-object encoding, version 1.
const marker0, marker1 = 0xC3, 0x01

func header(fingerprint uint64) [HeaderSize]byte {
	h := [HeaderSize]byte{marker0, marker1}
	binary.LittleEndian.PutUint64(h[2:], fingerprint)
	return h
}

// Fingerprint returns the fingerprint in the header of a single-object encoded
// record, and whether there is a header.
func Fingerprint(record []byte) (uint64, bool) {
	if len(record) < HeaderSize || record[0] != marker0 || record[1] != marker1 {
		return 0, false
	}
	return binary.LittleEndian.Uint64(record[2:]), true
}

// emptyFingerprint is the CRC-64-AVRO of nothing, and its polynomial.
const emptyFingerprint = 0xc15d213aa4d7a795

var fingerprintTable = func() (table [256]uint64) {
	for i := range table {
		sum := uint64(i)
		for range 8 {
			sum = sum>>1 ^ emptyFingerprint&-(sum&1)
		}
		table[i] = sum
	}
	return table
}()

// fingerprint returns CRC-64-AVRO (Avro 1.12 "Schema Fingerprints").
func fingerprint(canonical string) uint64 {
	sum := uint64(emptyFingerprint)
	for i := range len(canonical) {
		sum = sum>>8 ^ fingerprintTable[byte(sum)^canonical[i]]
	}
	return sum
}

// canonicalForm returns the Parsing Canonical Form of a schema: full names, no
// attribute that does not matter to a parser, a fixed order, no white space.
func canonicalForm(root *Type) string {
	c := canonical{seen: map[string]bool{}}
	c.write(root)
	return c.text.String()
}

type canonical struct {
	text strings.Builder
	seen map[string]bool // named types already written out
}

func (c *canonical) write(t *Type) {
	switch t.Kind {
	case Union:
		c.text.WriteByte('[')
		for i, branch := range t.Branches {
			c.comma(i)
			c.write(branch)
		}
		c.text.WriteByte(']')
	case Array, Map:
		key := map[Kind]string{Array: "items", Map: "values"}[t.Kind]
		c.text.WriteString(`{"type":` + quote(string(t.Kind)) + `,"` + key + `":`)
		c.write(t.Item)
		c.text.WriteByte('}')
	case Record, Enum, Fixed:
		c.writeNamed(t)
	default:
		c.text.WriteString(quote(string(t.Kind)))
	}
}

func (c *canonical) writeNamed(t *Type) {
	if c.seen[t.Name] {
		c.text.WriteString(quote(t.Name))
		return
	}
	c.seen[t.Name] = true
	c.text.WriteString(`{"name":` + quote(t.Name) + `,"type":` + quote(string(t.Kind)))
	switch t.Kind {
	case Record:
		c.text.WriteString(`,"fields":[`)
		for i, field := range t.Fields {
			c.comma(i)
			c.text.WriteString(`{"name":` + quote(field.Name) + `,"type":`)
			c.write(field.Type)
			c.text.WriteByte('}')
		}
		c.text.WriteByte(']')
	case Enum:
		c.text.WriteString(`,"symbols":[`)
		for i, symbol := range t.Symbols {
			c.comma(i)
			c.text.WriteString(quote(symbol))
		}
		c.text.WriteByte(']')
	case Fixed:
		c.text.WriteString(`,"size":` + strconv.Itoa(t.Size))
	}
	c.text.WriteByte('}')
}

func (c *canonical) comma(i int) {
	if i > 0 {
		c.text.WriteByte(',')
	}
}

func quote(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b)
}
