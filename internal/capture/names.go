package capture

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strings"

	"cordon/internal/record"
)

const (
	dnsPort   = 53
	maxDomain = 253 // characters of a name, RFC 1035 2.3.4 without the root
)

// sighting is a domain name, or the outcome of asking for one, seen in clear.
type sighting struct {
	domain string
	source record.DomainSource
	rcode  record.Opt[int32] // of a DNS response
}

// readDNS reads the first question, and of a response its code (RFC 1035 4.1),
// from one message.
func readDNS(b []byte) (sighting, bool) {
	const header = 12
	if len(b) < header || binary.BigEndian.Uint16(b[4:]) == 0 {
		return sighting{}, false
	}
	s := sighting{domain: readLabels(b[header:]), source: record.DomainDNSQName}
	if b[2]&0x80 != 0 {
		s.rcode = record.Some(int32(b[3] & 0x0f))
	}
	return s, s.domain != "" || s.rcode.Set
}

// readLabels reads an uncompressed name; the question of a message has nothing
// before it that it could point to. Empty: cut, or no host name.
func readLabels(b []byte) string {
	var name []byte
	for len(b) > 0 {
		size := int(b[0])
		if size == 0 {
			return cleanDomain(name)
		}
		if size > 63 || size >= len(b) || len(name)+size > maxDomain {
			return ""
		}
		if len(name) > 0 {
			name = append(name, '.')
		}
		name = append(name, b[1:1+size]...)
		b = b[1+size:]
	}
	return ""
}

// cleanDomain returns the name in lower case. Anything but letters, digits,
// "-", "_" and "." makes it no name: what a stranger sent must not reach a
// terminal's or a browser's screen.
func cleanDomain(name []byte) string {
	if len(name) == 0 || len(name) > maxDomain {
		return ""
	}
	for _, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return ""
		}
	}
	domain := strings.TrimSuffix(strings.ToLower(string(name)), ".")
	if _, err := netip.ParseAddr(domain); err == nil {
		return "" // a request to a bare address names no domain
	}
	return domain
}

// readStreamName looks for a server name at the start of a client's data: the
// TLS ClientHello (RFC 8446 4.1.2), or the Host of an HTTP/1 request.
func readStreamName(b []byte) (sighting, bool) {
	if len(b) > 5 && b[0] == 22 && b[1] == 3 {
		name := readServerName(b[5:])
		return sighting{domain: name, source: record.DomainTLSSNI}, name != ""
	}
	if !isRequest(b) {
		return sighting{}, false
	}
	name := readHost(b)
	return sighting{domain: name, source: record.DomainHTTPHost}, name != ""
}

// cutter takes fields off the front of a message; after the first one that is
// not all there it is empty.
type cutter []byte

func (c *cutter) take(n int) []byte {
	if n > len(*c) {
		*c = nil
		return nil
	}
	field := (*c)[:n]
	*c = (*c)[n:]
	return field
}

// vector takes a field that is preceded by its length in width bytes.
func (c *cutter) vector(width int) cutter {
	n := 0
	for _, b := range c.take(width) {
		n = n<<8 | int(b)
	}
	return c.take(n)
}

// readServerName reads server_name (RFC 6066 3) of a ClientHello that begins
// in b, as far as it is there.
func readServerName(b []byte) string {
	c := cutter(b)
	if kind := c.take(1); kind == nil || kind[0] != 1 { // client_hello
		return ""
	}
	c.take(3 + 2 + 32) // length, version, random
	c.vector(1)        // session id
	c.vector(2)        // cipher suites
	c.vector(1)        // compression methods
	c.take(2)          // length of the extensions: they may go on in the next segment
	for len(c) >= 4 {
		kind := binary.BigEndian.Uint16(c.take(2))
		extension := c.vector(2)
		if kind != 0 {
			continue
		}
		names := extension.vector(2)
		if kind := names.take(1); kind == nil || kind[0] != 0 { // host_name
			return ""
		}
		return cleanDomain(names.vector(2))
	}
	return ""
}

var requestMethods = [][]byte{
	[]byte("GET "), []byte("POST "), []byte("HEAD "), []byte("PUT "), []byte("OPTIONS "), []byte("DELETE "), []byte("PATCH "),
}

func isRequest(b []byte) bool {
	for _, m := range requestMethods {
		if bytes.HasPrefix(b, m) {
			return true
		}
	}
	return false
}

// readHost reads the Host field of a request (RFC 9112 3.2) without its port.
func readHost(b []byte) string {
	for {
		_, rest, found := bytes.Cut(b, []byte("\r\n"))
		if !found {
			return ""
		}
		b = rest
		if len(b) < 5 || !bytes.EqualFold(b[:5], []byte("host:")) {
			continue
		}
		line, _, whole := bytes.Cut(b[5:], []byte("\r\n"))
		if !whole {
			return ""
		}
		host, _, _ := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		return cleanDomain(host)
	}
}
