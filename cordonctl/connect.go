package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"cordon/internal/config"
	"cordon/internal/failure"
	"cordon/internal/program"
	"cordon/internal/stream/kafka"
)

// connection says how a command reaches the deployment it works on. The keys
// are those of the programs' kafka and topics sections; file and environment
// (CORDON_KAFKA_BROKERS, …) count as for them, flags are the strongest.
type connection struct {
	file    string
	brokers []string
	prefix  string

	flags *cobra.Command // whose flags these are
}

// own are the keys of cordonctl beside the shared ones: none.
type own struct{}

func (n *connection) add(c *cobra.Command) {
	n.flags = c
	c.Flags().StringVar(&n.file, "config", "", "YAML `FILE` with kafka and topics sections (TLS, SASL)")
	c.Flags().StringSliceVar(&n.brokers, "brokers", nil, "`HOST:PORT` of brokers (default 127.0.0.1:9092)")
	c.Flags().StringVar(&n.prefix, "prefix", "", "`PREFIX` of the deployment's topics (default cordon.)")
}

// given reports whether any flag names a deployment.
func (n *connection) given() bool {
	return n.flags.Flag("config").Changed || n.flags.Flag("brokers").Changed || n.flags.Flag("prefix").Changed
}

// load returns where the deployment is.
func (n *connection) load() (config.Program[own], error) {
	cfg, err := config.Load(config.Options[own]{Program: "cordonctl", Path: n.file, Defaults: config.Default[own](), Environ: os.Environ()})
	if err != nil {
		return cfg, err
	}
	if n.flags.Flag("brokers").Changed {
		cfg.Kafka.Brokers = n.brokers
	}
	if n.flags.Flag("prefix").Changed {
		cfg.Topics.Prefix = n.prefix
	}
	if err := cfg.Validate(); err != nil {
		return cfg, failure.Usage(fmt.Errorf("--brokers, --prefix: %w", err))
	}
	return cfg, nil
}

// dial returns a client that has reached a broker.
func (n *connection) dial(c *cobra.Command) (*kafka.Client, error) {
	cfg, err := n.load()
	if err != nil {
		return nil, err
	}
	client, err := program.Client(cfg.Kafka, cfg.Topics)
	if err != nil {
		return nil, err
	}
	if err := client.Reach(c.Context()); err != nil {
		client.Close()
		return nil, inFlags(err)
	}
	return client, nil
}

// inFlags adds to a remedy, which names keys as for the programs, where
// cordonctl has them from.
func inFlags(err error) error {
	var u *failure.Unreachable
	if !errors.As(err, &u) {
		return err
	}
	named := *u
	named.Remedy += " (here: --brokers, CORDON_KAFKA_BROKERS, or the file of --config)"
	return &named
}

// inWordsOf says how a deployment is reached: which brokers, how protected.
func inWordsOf(cfg config.Program[own]) string {
	protection := "no TLS"
	if cfg.Kafka.TLS.Enabled {
		protection = "TLS"
	}
	if m := cfg.Kafka.SASL.Mechanism; m != "none" {
		return fmt.Sprintf("%s, %s, SASL %s as %s", strings.Join(cfg.Kafka.Brokers, ", "), protection, m, cfg.Kafka.SASL.Username)
	}
	return fmt.Sprintf("%s, %s, no SASL", strings.Join(cfg.Kafka.Brokers, ", "), protection)
}
