package capture

import (
	"bytes"
	"crypto/tls"
	"net"
	"strconv"
	"testing"

	"github.com/gopacket/gopacket/layers"
)

func dns(t testing.TB, at int, from, to, name string, code int) sent {
	m := &layers.DNS{ID: 1, QR: code >= 0, QDCount: 1, ResponseCode: layers.DNSResponseCode(max(code, 0)),
		Questions: []layers.DNSQuestion{{Name: []byte(name), Type: layers.DNSTypeA, Class: layers.DNSClassIN}}}
	return udp(at, from, to, serialize(t, m)...)
}

// clientHello returns what a real client sends first.
func clientHello(t testing.TB, name string) []byte {
	t.Helper()
	client, far := net.Pipe()
	go func() {
		_ = tls.Client(client, &tls.Config{ServerName: name}).Handshake()
		_ = client.Close()
	}()
	b := make([]byte, 4096)
	n, err := far.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	_ = far.Close()
	return b[:n]
}

func TestNames(t *testing.T) {
	hello := clientHello(t, "Update.Example.COM")
	request := []byte("GET /fw HTTP/1.1\r\nUser-Agent: x\r\nhost:  fw.example.com:8080 \r\n\r\n")
	handshake := []sent{tcp(0, a1, s2, "S"), tcp(10, s2, a1, "SA")}
	for _, test := range []struct {
		name    string
		packets []sent
		want    string
	}{
		{"a question and its answer", []sent{dns(t, 0, a1, ns, "Time.Example.com", -1), dns(t, 10, ns, a1, "time.example.com", 0)}, `
10.000 …01 → 198.51.100.9:53 udp UPLINK new open up 1/62 - down 1/62 - DNS_QNAME time.example.com rcode 0
30.010 …01 → 198.51.100.9:53 udp UPLINK old ended up 0/0 - down 0/0 -
`},
		{"no answer", []sent{dns(t, 0, a1, ns, "time.example.com", -1)}, `
5.000 …01 → 198.51.100.9:53 udp UPLINK new open up 1/62 - down 0/0 - DNS_QNAME time.example.com
30.000 …01 → 198.51.100.9:53 udp UPLINK old ended up 0/0 - down 0/0 -
`},
		{"of several questions the one that failed", []sent{
			dns(t, 0, a1, ns, "a.example", -1), dns(t, 1, ns, a1, "a.example", 0), dns(t, 2, a1, ns, "b.example", -1),
			dns(t, 3, ns, a1, "b.example", 3), dns(t, 4, a1, ns, "c.example", -1), dns(t, 5, ns, a1, "c.example", 2)}, `
10.000 …01 → 198.51.100.9:53 udp UPLINK new open up 3/165 - down 3/165 - DNS_QNAME b.example rcode 3
30.005 …01 → 198.51.100.9:53 udp UPLINK old ended up 0/0 - down 0/0 -
`},
		{"TLS server name, kept for the flow's life", append(handshake[:2:2],
			tcp(20, a1, s2, "A", hello...), tcp(15_000, a1, s2, "R")), `
10.000 …01 → 198.51.100.9:443 tcp UPLINK new open up 2/` + strconv.Itoa(80+len(hello)) + ` SA down 1/40 SA TLS_SNI update.example.com
15.000 …01 → 198.51.100.9:443 tcp UPLINK old ended up 1/40 R down 0/0 - TLS_SNI update.example.com
`},
		{"HTTP host without its port", append(handshake[:2:2], tcp(20, a1, s2, "A", request...), tcp(30, a1, s2, "R")), `
0.030 …01 → 198.51.100.9:443 tcp UPLINK new ended up 3/` + strconv.Itoa(120+len(request)) + ` SRA down 1/40 SA HTTP_HOST fw.example.com
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			compare(t, readAll(t, Settings{}, rawPcap(t, test.packets...)).golden(), test.want)
		})
	}
}

func TestNamesFromStrangers(t *testing.T) {
	hello := clientHello(t, "update.example.com")
	for cut := range hello {
		if s, ok := readStreamName(hello[:cut:cut]); ok && s.domain != "update.example.com" {
			t.Errorf("hello cut to %d bytes: got %q", cut, s.domain)
		}
	}
	evil := bytes.Replace(hello, []byte("update.example.com"), []byte("update\x1b[31mmple.com"), 1)
	for _, test := range []struct {
		name string
		b    []byte
	}{
		{"escape sequence in a server name", evil},
		{"address as host", []byte("GET / HTTP/1.1\r\nHost: 185.244.25.235\r\n\r\n")},
		{"host of markup", []byte("GET / HTTP/1.1\r\nHost: <script>\r\n\r\n")},
		{"no host", []byte("GET / HTTP/1.1\r\nX: y\r\n\r\n")},
		{"response", []byte("HTTP/1.1 200 OK\r\nHost: a.example\r\n\r\n")},
	} {
		if s, ok := readStreamName(test.b); ok {
			t.Errorf("%s: got %q", test.name, s.domain)
		}
	}
	header := []byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	for _, name := range [][]byte{
		{0xc0, 12}, {63, 'a'}, {1}, bytes.Repeat([]byte{1, 'a'}, 200), {3, 'a', ' ', 'b', 0}, {1, 0xff, 0},
	} {
		if s, ok := readDNS(append(bytes.Clone(header), name...)); ok {
			t.Errorf("labels %x: got %q", name, s.domain)
		}
	}
}
