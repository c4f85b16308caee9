package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDurationsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(maxDuration)).Draw(t, "any"))
		d = d.Truncate(rapid.SampledFrom([]time.Duration{1, time.Millisecond, time.Second, time.Minute, time.Hour, day}).Draw(t, "grain"))
		text := FormatDuration(d)
		if got, problem := parseDuration(text); problem != nil || got != d {
			t.Fatalf("%d written as %q reads as %d (%v)", d, text, got, problem)
		}
	})
}

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 90 * time.Second: "1m30s", 10 * time.Minute: "10m", time.Hour: "1h", 90 * time.Minute: "1h30m",
		30 * day: "30d", 25 * time.Hour: "25h", time.Hour + time.Second: "1h0m1s", 5 * time.Millisecond: "5ms",
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("FormatDuration(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestSizesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Size(rapid.Int64Range(0, 1<<62).Draw(t, "any")) >> rapid.IntRange(0, 62).Draw(t, "shift")
		if got, err := ParseSize(s.String()); err != nil || got != s {
			t.Fatalf("%d written as %q reads as %d (%v)", int64(s), s, int64(got), err)
		}
	})
}

func TestBadSizes(t *testing.T) {
	for _, text := range []string{"", "8", "MiB", "1.5MiB", "8 mib", "-8", "9007199254740993GiB", "8MiBs"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("ParseSize(%q) = %v, want an error", text, got)
		}
	}
	if got, err := ParseSize("8 MiB"); err != nil || got != 8*MiB {
		t.Errorf(`ParseSize("8 MiB") = %v, %v; want 8MiB`, got, err)
	}
}

// slowDistance is the definition of the edit distance.
func slowDistance(a, b string) int {
	switch {
	case a == "":
		return len(b)
	case b == "":
		return len(a)
	case a[0] == b[0]:
		return slowDistance(a[1:], b[1:])
	}
	return 1 + min(slowDistance(a[1:], b), slowDistance(a, b[1:]), slowDistance(a[1:], b[1:]))
}

func TestEditDistanceIsItsDefinition(t *testing.T) {
	word := rapid.StringMatching(`[abc.]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, limit := word.Draw(t, "a"), word.Draw(t, "b"), rapid.IntRange(1, 4).Draw(t, "limit")
		if got, want := editDistance(a, b, limit), min(slowDistance(a, b), limit); got != want {
			t.Fatalf("editDistance(%q, %q, %d) = %d, want %d", a, b, limit, got, want)
		}
	})
}

// A file of any bytes gives values or errors that name it, never a panic.
func FuzzFile(f *testing.F) {
	for _, pattern := range []string{"testdata/good.yaml", "testdata/bad/*.yaml"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(content)
		}
	}
	path := filepath.Join(f.TempDir(), "fuzz.yaml")
	type own struct {
		Lateness time.Duration `mapstructure:"lateness" doc:"d"`
		Rungs    []struct {
			Action string `mapstructure:"action" doc:"d" oneof:"BAR"`
		} `mapstructure:"rungs" doc:"d"`
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(Options[own]{Path: path, Defaults: Default[own](), Environ: []string{}})
		var ours *Error
		if err != nil && !errors.As(err, &ours) {
			t.Errorf("%q: %v (%T) is no *Error", content, err, err)
		}
	})
}

func TestSecretsAreReadAndNeverPrinted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	for content, want := range map[string]string{"hunter2": "hunter2", "hunter2\n": "hunter2", "hunter2\r\n": "hunter2", " hunter2 \n\n": " hunter2 \n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := SASL{Mechanism: "plain", PasswordFile: path}.Password()
		if err != nil || string(s.Reveal()) != want {
			t.Errorf("file %q: %q, %v; want %q", content, s.Reveal(), err, want)
		}
		inside, err := json.Marshal(struct{ S Secret }{s})
		if err != nil {
			t.Fatal(err)
		}
		for _, printed := range []string{s.String(), fmt.Sprintf("%v %+v %#v %s %x %d", s, s, s, s, s, s), fmt.Sprintf("%+v", struct{ S Secret }{s}), string(inside)} {
			if strings.Contains(printed, "hunter") || strings.Contains(printed, "68756e74") || !strings.Contains(printed, "[redacted]") {
				t.Errorf("printed as %q", printed)
			}
		}
	}
}

func TestBadSecretsNameTheKey(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"empty": "\n", "large": strings.Repeat("x", maxSecret+1)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"":                          "k_file: is not set; name the file that holds the secret",
		filepath.Join(dir, "none"):  "k_file: " + filepath.Join(dir, "none") + ": no such file or directory; name a file this user may read",
		filepath.Join(dir, "empty"): "k_file: " + filepath.Join(dir, "empty") + " is empty; write the secret into it",
		filepath.Join(dir, "large"): "k_file: " + filepath.Join(dir, "large") + " is larger than 64 KiB; name the file that holds the secret alone",
		dir:                         "k_file: " + dir + ": is a directory; name a file this user may read",
	} {
		if s, err := ReadSecret("k_file", path); err == nil || err.Error() != want || !s.IsZero() {
			t.Errorf("%q: got %v, want %s", path, err, want)
		}
	}
}

func TestTLSClient(t *testing.T) {
	if c, err := (TLS{}).Client(); c != nil || err != nil {
		t.Errorf("TLS off: %v, %v; want none", c, err)
	}
	dir := t.TempDir()
	cert, key, junk := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "junk.pem")
	writePair(t, cert, key)
	if err := os.WriteFile(junk, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := TLS{Enabled: true, CAFile: cert, CertFile: cert, KeyFile: key, ServerName: "kafka"}.Client()
	if err != nil || c.RootCAs == nil || len(c.Certificates) != 1 || c.ServerName != "kafka" {
		t.Errorf("complete: %+v, %v", c, err)
	}
	for want, settings := range map[string]TLS{
		"kafka.tls.ca_file: " + dir + "/none: no such file or directory": {Enabled: true, CAFile: dir + "/none"},
		"kafka.tls.ca_file: " + junk + " holds no PEM certificate":       {Enabled: true, CAFile: junk},
		"kafka.tls.cert_file: does not load with kafka.tls.key_file":     {Enabled: true, CertFile: cert, KeyFile: junk},
	} {
		if _, err := settings.Client(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func writePair(t *testing.T, cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kafka"}, NotAfter: time.Now().Add(time.Hour)}
	public, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: public}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
