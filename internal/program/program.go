// Package program is what collector, scorer and enforcer have in common: from
// flags, file and environment to a running stage with logs, metrics and health.
//
// What it promises: a wrong configuration ends with exit code 2 and the key's
// name before anything is opened; brokers that cannot be reached end with exit
// code 3 after kafka.start_timeout; SIGTERM stops fetching, commits what is done and
// leaves the group within shutdown_timeout; a second SIGTERM ends at once.
//
// What it does not: it knows nothing of what a stage does.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/pflag"

	"cordon/internal/config"
	"cordon/internal/logging"
	"cordon/internal/observe"
	"cordon/internal/service"
	"cordon/internal/stream"
	"cordon/internal/stream/kafka"
)

// Program is one of the three, before it has read its configuration.
type Program[T any] struct {
	// Name as in logs, group and topics: "collector".
	Name string
	// About is what --help says first: what it reads, does and writes.
	About string
	// Defaults of every key.
	Defaults config.Program[T]
	// Stage is made once the configuration is valid.
	Stage func(config.Program[T]) (*stream.Stage, error)
	// Caution says what an operator is warned of at every start, of a
	// configuration that works; nil or "": nothing.
	Caution func(config.Program[T]) string
}

// Main runs the program until a signal, and returns the exit code.
func Main[T any](p Program[T]) int {
	flags := pflag.NewFlagSet(p.Name, pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	path := flags.String("config", "", "YAML file with the keys below")
	version := flags.Bool("version", false, "print the version and exit")
	healthcheck := flags.Bool("healthcheck", false, "ask the program that runs with this http.listen whether it is ready, and exit: 0 ready, 1 not")
	if err := config.AddFlags(flags, p.Defaults); err != nil {
		return service.Fail(os.Stderr, p.Name, err)
	}
	switch err := flags.Parse(os.Args[1:]); {
	case errors.Is(err, pflag.ErrHelp):
		return service.Fail(os.Stderr, p.Name, p.help(os.Stdout))
	case err != nil:
		return service.Fail(os.Stderr, p.Name, &config.Error{Problem: err.Error(), Remedy: "see " + p.Name + " --help"})
	case *version:
		fmt.Println(p.Name, service.Version())
		return 0
	}
	cfg, err := config.Load(config.Options[T]{Program: p.Name, Path: *path, Defaults: p.Defaults, Flags: flags, Environ: os.Environ()})
	if err != nil {
		return service.Fail(os.Stderr, p.Name, err)
	}
	if *healthcheck {
		return service.Fail(os.Stderr, p.Name, checkHealth(cfg.HTTP.Listen, os.Stdout))
	}
	stage, err := p.Stage(cfg)
	if err != nil {
		return service.Fail(os.Stderr, p.Name, err)
	}
	run := func(ctx context.Context) error { return p.serve(ctx, cfg, stage) }
	return service.Run(run, service.Options{Program: p.Name, Deadline: cfg.ShutdownTimeout})
}

// Client returns a client for the brokers that a configuration names.
func Client(k config.Kafka, topics config.Topics) (*kafka.Client, error) {
	tls, err := k.TLS.Client()
	if err != nil {
		return nil, err
	}
	password, err := k.SASL.Password()
	if err != nil {
		return nil, err
	}
	return kafka.NewClient(kafka.Settings{
		Brokers: k.Brokers, ClientID: k.ClientID, Prefix: topics.Prefix, TLS: tls,
		Mechanism: k.SASL.Mechanism, Username: k.SASL.Username, Password: string(password.Reveal()),
	})
}

// serve runs the stage until ctx ends. It starts the HTTP server before the
// runner and stops it after, so that the last state can be seen.
func (p Program[T]) serve(ctx context.Context, cfg config.Program[T], stage *stream.Stage) error {
	log := logging.New(logging.Settings{Level: cfg.Log.Level, Format: cfg.Log.Format, Program: p.Name}, os.Stderr)
	client, err := Client(cfg.Kafka, cfg.Topics)
	if err != nil {
		return err
	}
	defer client.Close()
	runner := kafka.NewRunner(client, kafka.RunnerSettings{
		Stage: stage, Group: cfg.Group, SessionTimeout: cfg.Kafka.SessionTimeout, TransactionTimeout: cfg.Kafka.TransactionTimeout,
		Interval: cfg.Checkpoint.Interval, PrefetchBytes: int(cfg.Kafka.PrefetchBytes), StartTimeout: cfg.Kafka.StartTimeout, Tell: teller(log),
	})
	metrics := observe.NewMetrics(p.Name, service.Version().String())
	server, err := observe.Serve(observe.Options{Listen: cfg.HTTP.Listen, Metrics: metrics, Ready: func() observe.Readiness {
		ready, reason := runner.Ready()
		return observe.Readiness{Ready: ready, Reason: reason}
	}})
	if err != nil {
		return err
	}
	watch := newWatch(metrics, runner, stage)
	watch.start()
	log.Info("started", logging.String("version", service.Version().String()), logging.String("prefix", cfg.Topics.Prefix), logging.String("http", server.Addr()))
	p.caution(log, cfg)
	err = runner.Run(ctx)
	watch.stop()
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	err = errors.Join(err, server.Close(closing))
	log.Info("stopped")
	return err
}

// caution warns of what works but should not be in use.
func (p Program[T]) caution(log *logging.Logger, cfg config.Program[T]) {
	if p.Caution == nil {
		return
	}
	if text := p.Caution(cfg); text != "" {
		log.Warn(text)
	}
}

// teller writes notices of the runner as log lines; repeated warnings of a
// broken network are thinned out.
func teller(log *logging.Logger) func(kafka.Notice) {
	warnings := log.Sampled(20, time.Minute)
	return func(n kafka.Notice) {
		fields := []logging.Field{}
		if n.Partition >= 0 {
			fields = append(fields, logging.Partition(n.Partition))
		}
		if n.Err != nil {
			fields = append(fields, logging.Err(n.Err))
		}
		if n.Warning {
			warnings.Warn(n.Text, fields...)
		} else {
			log.Info(n.Text, fields...)
		}
	}
}
