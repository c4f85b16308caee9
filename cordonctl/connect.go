package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"cordon/internal/config"
	"cordon/internal/program"
	"cordon/internal/stream/kafka"
)

// connection says how a command reaches the deployment it works on. The keys
// are those of the programs' kafka and topics sections; file and environment
// (CORDON_KAFKA_BROKERS, …) count as for them.
type connection struct {
	file    string
	brokers []string
	prefix  string
}

// own are the keys of cordonctl beside the shared ones: none.
type own struct{}

func (n *connection) add(c *cobra.Command) {
	c.Flags().StringVar(&n.file, "config", "", "YAML file with kafka and topics sections (TLS, SASL)")
	c.Flags().StringSliceVar(&n.brokers, "brokers", nil, "host:port of brokers (default 127.0.0.1:9092)")
	c.Flags().StringVar(&n.prefix, "prefix", "", "prefix of the deployment's topics (default cordon.)")
}

// dial returns a client that has reached a broker.
func (n *connection) dial(ctx context.Context) (*kafka.Client, error) {
	cfg, err := config.Load(config.Options[own]{Program: "cordonctl", Path: n.file, Defaults: config.Default[own](), Environ: os.Environ()})
	if err != nil {
		return nil, err
	}
	if len(n.brokers) > 0 {
		cfg.Kafka.Brokers = n.brokers
	}
	if n.prefix != "" {
		cfg.Topics.Prefix = n.prefix
	}
	client, err := program.Client(cfg.Kafka, cfg.Topics)
	if err != nil {
		return nil, err
	}
	if err := client.Reach(ctx); err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}
