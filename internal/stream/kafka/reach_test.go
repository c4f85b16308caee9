package kafka_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"cordon/internal/failure"
	"cordon/internal/stream/kafka"
)

// certificate makes a certificate for the loopback address that signs itself.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// What keeps a client from a broker is told in words, with the keys to look at.
func TestReachTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	own, trusted := certificate(t)
	_, stranger := certificate(t)
	server := &tls.Config{Certificates: []tls.Certificate{own}}
	plain := fake(t, 1).ListenAddrs()
	secure := fake(t, 1, kfake.TLS(server)).ListenAddrs()
	users := []kfake.Opt{kfake.EnableSASL(), kfake.Superuser("PLAIN", "cordon", "right"), kfake.Superuser("SCRAM-SHA-256", "cordon", "right"), kfake.Superuser("SCRAM-SHA-512", "cordon", "right")}
	named := fake(t, 1, users...).ListenAddrs()
	both := fake(t, 1, append(users, kfake.TLS(server))...).ListenAddrs()
	trusting := &tls.Config{RootCAs: trusted}

	for _, c := range []struct {
		name     string
		brokers  []string
		tls      *tls.Config
		sasl     string
		password string
		want     []string // none: reached
	}{
		{"plaintext", plain, nil, "none", "", nil},
		{"nothing listens", []string{"127.0.0.1:1"}, nil, "none", "", []string{"connection refused", "kafka.brokers"}},
		{"second broker listens", append([]string{"127.0.0.1:1"}, plain...), nil, "none", "", nil},
		{"TLS", secure, trusting, "none", "", nil},
		{"broker expects TLS", secure, nil, "none", "", []string{"kafka.tls.enabled"}},
		{"broker speaks no TLS", plain, trusting, "none", "", []string{"TLS handshake", "TLS listener"}},
		{"certificate of a stranger", secure, &tls.Config{RootCAs: stranger}, "none", "", []string{"TLS handshake", "kafka.tls.ca_file", "kafka.tls.server_name"}},
		{"certificate of another host", secure, &tls.Config{RootCAs: trusted, ServerName: "kafka.example"}, "none", "", []string{"TLS handshake", "kafka.tls.server_name"}},
		{"SASL PLAIN", named, nil, "plain", "right", nil},
		{"SCRAM-SHA-256", named, nil, "scram-sha-256", "right", nil},
		{"SCRAM-SHA-512", named, nil, "scram-sha-512", "right", nil},
		{"TLS and SCRAM", both, trusting, "scram-sha-512", "right", nil},
		{"wrong password, PLAIN", named, nil, "plain", "wrong", []string{"SASL", "kafka.sasl.username", "kafka.sasl.password_file"}},
		{"wrong password, SCRAM", both, trusting, "scram-sha-256", "wrong", []string{"SASL", "kafka.sasl.username", "kafka.sasl.password_file"}},
		{"broker expects SASL", named, nil, "none", "", []string{"kafka.sasl.mechanism"}},
		{"broker expects SASL over TLS", both, trusting, "none", "", []string{"kafka.sasl.mechanism"}},
		{"broker knows no SASL", plain, nil, "plain", "right", []string{"SASL", "kafka.sasl.mechanism"}},
	} {
		client := connect(t, kafka.Settings{Brokers: c.brokers, TLS: c.tls, Mechanism: c.sasl, Username: "cordon", Password: c.password})
		err := client.Reach(t.Context())
		if len(c.want) == 0 {
			if err == nil {
				_, err = client.Counts(t.Context()) // by the other kind of connection
			}
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		var down *failure.Unreachable
		if !errors.As(err, &down) {
			t.Errorf("%s: error %v, want a failure.Unreachable", c.name, err)
			continue
		}
		for _, words := range c.want {
			if !strings.Contains(err.Error(), words) {
				t.Errorf("%s: told %q, want %q in it", c.name, err, words)
			}
		}
		if strings.Contains(err.Error(), c.password) && c.password != "" {
			t.Errorf("%s: %q tells the password", c.name, err)
		}
	}
}

func TestSettingsThatCannotWork(t *testing.T) {
	for _, c := range []struct {
		settings kafka.Settings
		want     string
	}{
		{kafka.Settings{}, "kafka.brokers"},
		{kafka.Settings{Brokers: []string{"b:9092"}, Mechanism: "gssapi"}, "kafka.sasl.mechanism"},
	} {
		if _, err := kafka.NewClient(c.settings); !errors.Is(err, failure.ErrUsage) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want one of usage that names %s", c.settings, err, c.want)
		}
	}
}

// A runner gives up after StartTimeout when the brokers cannot be reached, and
// ends without an error when it is stopped before.
func TestRunnerWithoutBrokers(t *testing.T) {
	c := connect(t, kafka.Settings{Brokers: []string{"127.0.0.1:1"}})
	r := start(t, c, stage(true), func(s *kafka.RunnerSettings) { s.StartTimeout = 50 * time.Millisecond })
	var down *failure.Unreachable
	if err := r.fails(); !errors.As(err, &down) || r.told("waiting for Kafka") != 1 {
		t.Errorf("error %v, told %d times; want a failure.Unreachable, told once", err, r.told("waiting for Kafka"))
	}
	r = start(t, c, stage(true))
	await(t, "told of the absent brokers", func() bool { return r.told("waiting for Kafka") > 0 })
	r.stop()
}

// Group, fetches and transactions all go through TLS and SASL.
func TestRunsOverTLSAndSASL(t *testing.T) {
	own, trusted := certificate(t)
	cluster := fake(t, 1, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{own}}), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "cordon", "right"))
	c := connect(t, kafka.Settings{
		Brokers: cluster.ListenAddrs(), Prefix: "x.", TLS: &tls.Config{RootCAs: trusted},
		Mechanism: "scram-sha-512", Username: "cordon", Password: "right",
	})
	create(t, c, 2, numbers, sums, state)
	start(t, c, stage(true))
	write(t, c, 0, 200, 2)
	check(t, c, 200, 2)
}
