package program

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cordon/internal/failure"
)

func TestLocalAddress(t *testing.T) {
	for _, c := range []struct {
		listen, want string
		usage        bool
	}{
		{listen: "127.0.0.1:9101", want: "127.0.0.1:9101"},
		{listen: "0.0.0.0:9100", want: "127.0.0.1:9100"},
		{listen: ":9100", want: "127.0.0.1:9100"},
		{listen: "[::]:9100", want: "[::1]:9100"},
		{listen: "collector:9100", want: "collector:9100"},
		{listen: "off", usage: true},
		{listen: "127.0.0.1:0", usage: true},
		{listen: "9100", usage: true},
	} {
		got, err := localAddress(c.listen)
		if got != c.want || errors.Is(err, failure.ErrUsage) != c.usage {
			t.Errorf("localAddress(%q) = %q, %v; want %q, usage error %v", c.listen, got, err, c.want, c.usage)
		}
	}
}

func TestCheckHealthTellsTheAnswer(t *testing.T) {
	for _, c := range []struct {
		name, body, out, err string
		status               int
	}{
		{name: "ready", status: http.StatusOK, body: "ready\n", out: "ready\n"},
		{name: "not ready", status: http.StatusServiceUnavailable, body: "not ready: no partition assigned yet\n", err: "not ready: no partition assigned yet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/readyz" {
					t.Errorf("asked for %s, want /readyz", r.URL.Path)
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			var out strings.Builder
			err := checkHealth(server.Listener.Addr().String(), &out)
			if out.String() != c.out || textOf(err) != c.err {
				t.Errorf("checkHealth wrote %q, error %q; want %q, error %q", out.String(), textOf(err), c.out, c.err)
			}
		})
	}
}

func TestCheckHealthOfNobody(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err = checkHealth(address, &out)
	if err == nil || !strings.Contains(err.Error(), "http.listen "+address) || out.Len() > 0 {
		t.Errorf("checkHealth(%s) wrote %q, error %v; want nothing written and an error that names http.listen", address, out.String(), err)
	}
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
