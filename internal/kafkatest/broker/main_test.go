package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// asCommand names the variable that turns this test binary into the command.
const asCommand = "CORDON_BROKER_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// command is the broker command with the embedded broker forced; later
// variables go before earlier ones.
func command(arguments ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], arguments...)
	c.Env = append(os.Environ(), asCommand+"=1",
		"CORDON_TEST_BROKERS=", "CORDON_TEST_BROKER_NAME=", "CORDON_TEST_BROKER=embedded")
	return c
}

func TestSaysWhatItWouldUse(t *testing.T) {
	for name, c := range map[string]struct {
		variables []string
		ok        bool
		want      string
	}{
		"forced":           {nil, true, "embedded: embedded kfake"},
		"given":            {[]string{"CORDON_TEST_BROKERS=192.0.2.7:9092"}, true, "CORDON_TEST_BROKERS: given by"},
		"cannot be had":    {[]string{"CORDON_TEST_BROKER=jvm", "PATH="}, false, "jvm: exec: \"java\""},
		"no kind of ours":  {[]string{"CORDON_TEST_BROKER=cloud"}, false, ""},
		"given and called": {[]string{"CORDON_TEST_BROKERS=192.0.2.7:9092", "CORDON_TEST_BROKER_NAME=lab"}, true, "CORDON_TEST_BROKERS: lab"},
	} {
		b := command()
		b.Env = append(b.Env, c.variables...)
		output, err := b.Output()
		if (err == nil) != c.ok || !strings.HasPrefix(string(output), c.want) {
			t.Errorf("%s: got %v and %q, want it to begin with %q", name, err, output, c.want)
		}
	}
}

func TestRunsCommandBesideBroker(t *testing.T) {
	b := command("--", "sh", "-c", `echo "$CORDON_TEST_BROKER $CORDON_TEST_BROKER_NAME"; exit 7`)
	output, err := b.Output()
	if b.ProcessState.ExitCode() != 7 {
		t.Errorf("exit code: got %v, want the command's, 7", err)
	}
	want := "embedded embedded kfake, a test fake and not Apache Kafka\nbroker: embedded kfake, a test fake and not Apache Kafka\n"
	if string(output) != want {
		t.Errorf("output: got %q, want %q", output, want)
	}
}

func TestRefuses(t *testing.T) {
	for name, arguments := range map[string][]string{
		"no such command":    {"--", "/no/such/command"},
		"serve with command": {"--serve", "true"},
		"unknown flag":       {"--port", "1"},
	} {
		b := command(arguments...)
		if output, err := b.CombinedOutput(); b.ProcessState.ExitCode() <= 0 {
			t.Errorf("%s: broker %q: got %v and %q, want a failure", name, arguments, err, output)
		}
	}
	b := command()
	b.Env = append(b.Env, "CORDON_TEST_BROKER=cloud")
	if output, err := b.CombinedOutput(); err == nil || !strings.Contains(string(output), "cloud") {
		t.Errorf("CORDON_TEST_BROKER=cloud: got %v and %q, want a failure that names it", err, output)
	}
}

func TestServesUntilInputCloses(t *testing.T) {
	b := command("--serve")
	input, err := b.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := b.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(output)
	for _, want := range []string{
		"export CORDON_TEST_BROKERS='127.0.0.1:",
		"export CORDON_TEST_BROKER_NAME='embedded kfake, a test fake and not Apache Kafka'",
		"export CORDON_TEST_BROKER='embedded'",
	} {
		if line, err := lines.ReadString('\n'); err != nil || !strings.HasPrefix(line, want) {
			t.Errorf("got %q, %v; want it to begin with %q", line, err, want)
		}
	}
	_ = input.Close()
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("after its input closed: got %q, %v", rest, err)
	}
	if err := b.Wait(); err != nil {
		t.Errorf("after its input closed: %v", err)
	}
}

func TestQuoted(t *testing.T) {
	const text = `it's "a" $HOME; name`
	got, err := exec.Command("sh", "-c", "printf %s "+quoted(text)).Output()
	if err != nil || string(got) != text {
		t.Errorf("a shell reads %s as %q, %v; want %q", quoted(text), got, err, text)
	}
}
