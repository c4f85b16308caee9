package program

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"cordon/internal/config"
	"cordon/internal/failure"
)

const (
	// healthWait is how long a health check waits for an answer: the answer
	// needs no work, and supervisors count a check of 3 s as failed.
	healthWait = 2 * time.Second
	// maxHealthText bounds what is read of an answer, which is one line.
	maxHealthText = 1 << 10
)

// checkHealth asks the program that listens on this machine whether it is
// ready, and writes its answer to w. It is what a container without a shell
// runs as its health check; an error means not ready, with the reason.
func checkHealth(listen string, w io.Writer) error {
	address, err := localAddress(listen)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: healthWait, Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}
	answer, err := client.Get("http://" + address + "/readyz")
	if err != nil {
		return fmt.Errorf("no answer on http.listen %s: %w", listen, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxHealthText))
	if err != nil {
		return fmt.Errorf("no full answer on http.listen %s: %w", listen, err)
	}
	text := strings.TrimSpace(string(body))
	if answer.StatusCode != http.StatusOK {
		return errors.New(text)
	}
	_, err = fmt.Fprintln(w, text)
	return err
}

// localAddress is where a program that listens on listen is reached from its
// own machine: an address that stands for all of them is answered on loopback.
func localAddress(listen string) (string, error) {
	if listen == config.Off {
		return "", failure.Usage(errors.New("http.listen is off, so nobody can be asked; set it to host:port"))
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", failure.Usage(fmt.Errorf("http.listen %s: %w", listen, err))
	}
	if port == "0" {
		return "", failure.Usage(fmt.Errorf("http.listen %s: port 0 is another one at every start; set a port", listen))
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "", err == nil && ip.IsUnspecified() && ip.Is4():
		host = "127.0.0.1"
	case err == nil && ip.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port), nil
}
