package config

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
)

// Validate checks what the bounds of single keys cannot: what belongs together,
// and addresses. Load calls it.
func (p Program[T]) Validate() error {
	var all []*Error
	all = append(all, p.Kafka.validate()...)
	all = append(all, p.Topics.validate()...)
	all = append(all, p.HTTP.validate()...)
	return join(all)
}

func (k Kafka) validate() []*Error {
	var all []*Error
	if len(k.Brokers) == 0 {
		all = append(all, &Error{Key: "kafka.brokers", Problem: "is empty", Remedy: "name at least one host:port"})
	}
	for _, broker := range k.Brokers {
		if problem := hostPort(broker); problem != "" {
			all = append(all, &Error{Key: "kafka.brokers", Problem: problem, Remedy: "write host:port, such as 127.0.0.1:9092"})
		}
	}
	all = append(all, k.TLS.validate()...)
	return append(all, k.SASL.validate()...)
}

func (t TLS) validate() []*Error {
	var all []*Error
	for _, file := range []struct{ key, value string }{
		{"ca_file", t.CAFile}, {"cert_file", t.CertFile}, {"key_file", t.KeyFile}, {"server_name", t.ServerName},
	} {
		if file.value != "" && !t.Enabled {
			all = append(all, &Error{Key: "kafka.tls." + file.key, Problem: "is set, but kafka.tls.enabled is false",
				Remedy: "set kafka.tls.enabled to true, or take it out"})
		}
	}
	if t.CertFile != "" && t.KeyFile == "" {
		all = append(all, &Error{Key: "kafka.tls.key_file", Problem: "is missing, but kafka.tls.cert_file is set", Remedy: "set both or neither"})
	}
	if t.KeyFile != "" && t.CertFile == "" {
		all = append(all, &Error{Key: "kafka.tls.cert_file", Problem: "is missing, but kafka.tls.key_file is set", Remedy: "set both or neither"})
	}
	return all
}

func (s SASL) validate() []*Error {
	var all []*Error
	for _, part := range []struct{ key, value string }{{"username", s.Username}, {"password_file", s.PasswordFile}} {
		switch {
		case s.Mechanism == "none" && part.value != "":
			all = append(all, &Error{Key: "kafka.sasl." + part.key, Problem: "is set, but kafka.sasl.mechanism is none",
				Remedy: "choose a mechanism, or take it out"})
		case s.Mechanism != "none" && part.value == "":
			all = append(all, &Error{Key: "kafka.sasl." + part.key, Problem: "is missing, but kafka.sasl.mechanism is " + s.Mechanism,
				Remedy: "set it, or set the mechanism to none"})
		}
	}
	return all
}

// topicPrefix: the characters Kafka allows in a topic name, and room below its
// 249 for the longest name.
var topicPrefix = regexp.MustCompile(`^[a-zA-Z0-9._-]{0,200}$`)

func (t Topics) validate() []*Error {
	if topicPrefix.MatchString(t.Prefix) {
		return nil
	}
	return []*Error{{Key: "topics.prefix", Problem: fmt.Sprintf("%q cannot begin a topic name", t.Prefix),
		Remedy: "use letters, digits, '.', '_' and '-', at most 200"}}
}

func (h HTTP) validate() []*Error {
	if h.Listen == Off {
		return nil
	}
	if problem := hostPort(h.Listen); problem != "" {
		return []*Error{{Key: "http.listen", Problem: problem, Remedy: "write host:port, such as 127.0.0.1:9101, or off"}}
	}
	return nil
}

// hostPort says what is wrong with an address, or nothing.
func hostPort(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Sprintf("%q is not host:port", address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Sprintf("%q has no port from 0 to 65535", address)
	}
	return ""
}

// Client returns the settings of a TLS client, with its files read; nil when TLS
// is off. Errors name the key.
func (t TLS) Client() (*tls.Config, error) {
	if !t.Enabled {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, unreadable("kafka.tls.ca_file", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, &Error{Key: "kafka.tls.ca_file", Problem: t.CAFile + " holds no PEM certificate", Remedy: "name a file with -----BEGIN CERTIFICATE-----"}
		}
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, &Error{Key: "kafka.tls.cert_file", Problem: fmt.Sprintf("does not load with kafka.tls.key_file: %v", err),
				Remedy: "name a PEM certificate chain and its PEM key", cause: err}
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// Password reads the password; zero without a mechanism.
func (s SASL) Password() (Secret, error) {
	if s.Mechanism == "none" {
		return Secret{}, nil
	}
	return ReadSecret("kafka.sasl.password_file", s.PasswordFile)
}
