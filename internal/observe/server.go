package observe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"cordon/internal/failure"
)

// Off as http.listen turns the server off.
const Off = "off"

// Readiness is the answer to "does this instance do its work": not before it has
// restored its state, not while it lost what it needs.
type Readiness struct {
	Ready bool
	// Reason in words, without any identity: "waiting for Kafka", "3 of 8
	// partitions restored".
	Reason string
}

// Options of a Server.
type Options struct {
	// Listen is host:port, or Off. On a loopback address profiles are served too.
	Listen string
	// Metrics that are shown.
	Metrics *Metrics
	// Ready is asked at each request for /readyz, from its goroutine; nil means
	// ready from the start.
	Ready func() Readiness
}

// Server answers on http.listen:
//
//	/metrics      the metrics, for Prometheus
//	/healthz      200 while the process answers at all: a supervisor restarts it otherwise
//	/readyz       200 or 503, with the reason in words
//	/debug/pprof/ profiles of the Go runtime, only if the address is a loopback
//	              address: a heap profile or a trace can hold what no log may
type Server struct {
	http     *http.Server
	listener net.Listener
	done     chan struct{}
}

// Serve binds the address and answers from a goroutine of its own until Close.
// With Off it binds nothing. An address that cannot be bound is an error of the
// user's (failure.ErrUsage) that names http.listen.
func Serve(o Options) (*Server, error) {
	if err := o.Metrics.Err(); err != nil {
		return nil, err
	}
	if o.Listen == Off {
		return &Server{}, nil
	}
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, failure.Usage(fmt.Errorf("http.listen %s: %w; free the address, set another one, or %q", o.Listen, plain(err), Off))
	}
	s := &Server{listener: listener, done: make(chan struct{}), http: &http.Server{
		Handler:           o.handler(isLoopback(listener.Addr())),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		// What a client does wrong is the client's business and may carry content.
		ErrorLog: log.New(io.Discard, "", 0),
	}}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(listener) // returns when Close closes the listener
	}()
	return s, nil
}

// plain takes the address out of a listen error, for the message has it already.
func plain(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// Addr returns the address that was bound, with the real port where :0 was asked
// for; empty when the server is off.
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Close stops answering: it waits for requests under way until ctx ends, then
// cuts them.
func (s *Server) Close(ctx context.Context) error {
	if s.listener == nil {
		return nil
	}
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	<-s.done
	return err
}

func (o Options) handler(profiles bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(o.Metrics.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", o.readyz)
	if profiles {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	return mux
}

func (o Options) readyz(w http.ResponseWriter, _ *http.Request) {
	state := Readiness{Ready: true}
	if o.Ready != nil {
		state = o.Ready()
	}
	switch {
	case !state.Ready:
		answer(w, http.StatusServiceUnavailable, "not ready: "+state.Reason)
	case state.Reason != "":
		answer(w, http.StatusOK, "ready: "+state.Reason)
	default:
		answer(w, http.StatusOK, "ready")
	}
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // a client that went away misses its answer
}
