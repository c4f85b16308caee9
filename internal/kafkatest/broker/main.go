// Command broker starts the Kafka broker that Cordon's tests run on, once for
// all their packages, or says which one that would be.
//
// It promises that the broker ends with it, and the exit code of the command it
// ran. It is a tool of the Makefile and belongs to no release.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"cordon/internal/kafkatest"
)

const usage = `broker starts the Kafka broker that the tests of Cordon run on.

  broker                    say which broker it would be and why; start nothing
  broker -- COMMAND ARG...  start it, run the command with the variables below
                            set, stop it, say in the last line which it was;
                            the exit code is the command's
  broker --serve            start it, print the variables as lines for a shell,
                            keep it until standard input closes or SIGTERM

Variables, read and passed on:
  CORDON_TEST_BROKERS       host:port,... of brokers that run already
  CORDON_TEST_BROKER        docker, jvm or embedded: this kind or none
  CORDON_TEST_BROKER_NAME   how to call the brokers given

Without them: Docker (apache/kafka), else a JVM with Maven, else the embedded
broker.
`

func main() {
	serving := flag.Bool("serve", false, "")
	flag.Usage = func() { fmt.Fprint(flag.CommandLine.Output(), usage) }
	flag.Parse()
	os.Exit(run(*serving, flag.Args()))
}

func run(serving bool, command []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := 0, error(nil)
	switch {
	case serving && len(command) > 0:
		err = errors.New("--serve takes no command")
	case serving:
		err = serve(ctx)
	case len(command) > 0:
		code, err = runCommand(ctx, command)
	default:
		err = choice(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "broker:", err)
		return max(code, 1)
	}
	return code
}

// choice prints what would be used.
func choice(ctx context.Context) error {
	lines, err := kafkatest.Choice(ctx)
	for _, line := range lines {
		fmt.Println(line)
	}
	return err
}

// start starts the broker and tells on standard error why it is no better one.
func start(ctx context.Context) (*kafkatest.Cluster, error) {
	cluster, err := kafkatest.Start(ctx)
	if err != nil {
		return nil, err
	}
	for _, reason := range cluster.PassedOver() {
		fmt.Fprintln(os.Stderr, "broker: not", reason)
	}
	fmt.Fprintf(os.Stderr, "broker: %s at %s\n", cluster.Name(), strings.Join(cluster.Addresses(), ","))
	return cluster, nil
}

// serve keeps the broker until the reader of its output goes away.
func serve(ctx context.Context) error {
	cluster, err := start(ctx)
	if err != nil {
		return err
	}
	for _, variable := range cluster.Environment() {
		name, value, _ := strings.Cut(variable, "=")
		fmt.Printf("export %s=%s\n", name, quoted(value))
	}
	ctx, closed := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		closed()
	}()
	<-ctx.Done()
	return cluster.Close()
}

// quoted makes one word of a shell out of any text.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// runCommand runs the command beside the broker. An interrupt goes to the
// command, whose end is then awaited as without it.
func runCommand(ctx context.Context, command []string) (int, error) {
	cluster, err := start(ctx)
	if err != nil {
		return 0, err
	}
	child := exec.CommandContext(ctx, command[0], command[1:]...)
	child.Cancel = func() error { return child.Process.Signal(syscall.SIGTERM) }
	child.Env = append(os.Environ(), cluster.Environment()...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = child.Run()
	closeErr := cluster.Close()
	fmt.Println("broker:", cluster.Name())
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), closeErr
	}
	return 0, errors.Join(err, closeErr)
}
