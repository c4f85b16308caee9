package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// process is one program under way.
type process struct {
	name  string
	cmd   *exec.Cmd
	ready string        // address of its health server
	log   string        // file
	done  chan struct{} // closed when it has ended
	err   error         // valid once done is closed
}

// start runs the program; its output goes to the log.
func (p *process) start() error {
	log, err := os.Create(p.log)
	if err != nil {
		return err
	}
	defer log.Close() // the program has its own copy
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = withoutCordon(os.Environ())
	p.cmd.SysProcAttr = detached()
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w; build the programs with: make build", p.name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return nil
}

// stop ends the program in order, or at once if that takes too long.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-p.done:
	case <-time.After(stopWithin):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

func (p *process) isReady(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.ready+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body) // so that the connection can be used again
	return res.StatusCode == http.StatusOK
}

// end says how a program ended that should have gone on.
func (p *process) end(when string) error {
	how := "without an error"
	if p.err != nil {
		how = p.err.Error() // "signal: killed", "exit status 2"
	}
	return fmt.Errorf("%s ended %s: %s; the end of its log %s:\n%s", p.name, when, how, p.log, lastLines(p.log))
}

// withoutCordon drops the user's own settings, which are for another deployment.
func withoutCordon(environ []string) []string {
	var kept []string
	for _, entry := range environ {
		if !strings.HasPrefix(entry, "CORDON_") {
			kept = append(kept, entry)
		}
	}
	return kept
}

// freeAddress asks the kernel for a port nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func lastLines(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
