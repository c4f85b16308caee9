package kafkatest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// The variables that choose a broker; the package comment says how.
const (
	variableBrokers = "CORDON_TEST_BROKERS"
	variableKind    = "CORDON_TEST_BROKER"
	variableName    = "CORDON_TEST_BROKER_NAME"
)

// givenTimeout bounds the wait for brokers that are said to run already.
const givenTimeout = 20 * time.Second

// source is one way to get a broker.
type source struct {
	kind string
	name string
	// probe says in words what a start would use, or why it cannot be had,
	// in a second or two and without starting or downloading anything.
	probe func(context.Context) (string, error)
	start func(context.Context) (server, error)
}

// sources are in order of preference.
var sources = []source{
	{KindDocker, "Apache Kafka " + kafkaVersion + " (Docker, KRaft, 1 node)", probeDocker, startDocker},
	{KindJVM, "Apache Kafka " + kafkaVersion + " (JVM, KRaft, 1 node)", probeJVM, startJVM},
	{KindEmbedded, "embedded kfake, a test fake and not Apache Kafka", probeEmbedded, startEmbedded},
}

// Start returns the brokers that were given or starts one, in the order of the
// package comment. It is for programs; tests use [Broker].
func Start(ctx context.Context) (*Cluster, error) {
	given := givenBrokers()
	if len(given) == 0 {
		return startOwn(ctx)
	}
	c := &Cluster{kind: KindExternal, name: givenName(given), given: given}
	wanted, err := wantedSources()
	if err != nil {
		return nil, err
	}
	if len(wanted) == 1 {
		c.kind = wanted[0].kind
	}
	ctx, cancel := context.WithTimeout(ctx, givenTimeout)
	defer cancel()
	if err := awaitReady(ctx, given); err != nil {
		return nil, fmt.Errorf("%s: %w", variableBrokers, err)
	}
	return c, nil
}

func startOwn(ctx context.Context) (*Cluster, error) {
	wanted, err := wantedSources()
	if err != nil {
		return nil, err
	}
	var reasons []error
	var passedOver []string
	for _, s := range wanted {
		n, err := startOne(ctx, s)
		if err == nil {
			node := &Node{id: 1, name: s.name, server: n}
			return &Cluster{kind: s.kind, name: s.name, nodes: []*Node{node}, passedOver: passedOver}, nil
		}
		err = fmt.Errorf("%s: %w", s.kind, err)
		reasons, passedOver = append(reasons, err), append(passedOver, err.Error())
	}
	return nil, joined(reasons)
}

func startOne(ctx context.Context, s source) (server, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return s.start(ctx)
}

// Choice says, one line for each kind down to the first that can be had, what
// [Start] would use and why nothing before it. It starts nothing.
func Choice(ctx context.Context) ([]string, error) {
	if given := givenBrokers(); len(given) > 0 {
		return []string{variableBrokers + ": " + givenName(given)}, nil
	}
	wanted, err := wantedSources()
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, s := range wanted {
		found, err := s.probe(ctx)
		if err == nil {
			return append(lines, s.kind+": "+s.name+", "+found), nil
		}
		lines = append(lines, s.kind+": "+err.Error())
	}
	return lines, fmt.Errorf("no kind of broker can be had")
}

// wantedSources are the kinds to try: one when it is forced, all else.
func wantedSources() ([]source, error) {
	forced := os.Getenv(variableKind)
	if forced == "" {
		return sources, nil
	}
	for _, s := range sources {
		if s.kind == forced {
			return []source{s}, nil
		}
	}
	return nil, fmt.Errorf("%s=%s: not one of docker, jvm, embedded", variableKind, forced)
}

func givenBrokers() []string {
	var given []string
	for _, address := range strings.Split(os.Getenv(variableBrokers), ",") {
		if address = strings.TrimSpace(address); address != "" {
			given = append(given, address)
		}
	}
	return given
}

func givenName(given []string) string {
	if name := os.Getenv(variableName); name != "" {
		return name
	}
	return "given by " + variableBrokers + " (" + strings.Join(given, ", ") + ")"
}
