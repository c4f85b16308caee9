package kafkatest

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestGivenBrokers(t *testing.T) {
	t.Setenv(variableKind, KindEmbedded)
	running := Private(t)
	address := running.Addresses()[0]
	for name, c := range map[string]struct {
		kind, called       string // the variables
		wantKind, wantName string
	}{
		"nothing known": {"", "", KindExternal, "given by CORDON_TEST_BROKERS (" + address + ")"},
		"kind known":    {KindJVM, "", KindJVM, "given by CORDON_TEST_BROKERS (" + address + ")"},
		"all known":     {KindEmbedded, "a fake", KindEmbedded, "a fake"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(variableBrokers, " "+address+" ,")
			t.Setenv(variableKind, c.kind)
			t.Setenv(variableName, c.called)
			got, err := Start(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if got.Kind() != c.wantKind || got.Name() != c.wantName || strings.Join(got.Addresses(), ",") != address {
				t.Errorf("got %s, %q at %q; want %s, %q at %s", got.Kind(), got.Name(), got.Addresses(), c.wantKind, c.wantName, address)
			}
			if err := got.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			createTopic(t, running, UniquePrefix(t)+"still-there")
		})
	}
}

func TestGivenBrokersAreNotRestarted(t *testing.T) {
	c := &Cluster{kind: KindExternal, given: []string{"192.0.2.7:9092"}}
	for name, action := range map[string]func(testing.TB){"stop": c.Stop, "kill": c.Kill, "restart": c.Restart} {
		skipped := false
		t.Run(name, func(t *testing.T) {
			t.Cleanup(func() { skipped = t.Skipped() })
			action(t)
		})
		if !skipped {
			t.Errorf("%s of brokers that were given: the test was not skipped", name)
		}
	}
}

func TestEnvironmentGoesRound(t *testing.T) {
	t.Setenv(variableKind, KindEmbedded)
	first := Private(t)
	for _, variable := range first.Environment() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	second, err := Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := second.Environment(), first.Environment(); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("environment: got %q, want %q", got, want)
	}
}

func TestForcedKind(t *testing.T) {
	for forced, want := range map[string]string{
		"": "docker jvm embedded", KindDocker: "docker", KindJVM: "jvm", KindEmbedded: "embedded",
	} {
		t.Setenv(variableKind, forced)
		got, err := wantedSources()
		var kinds []string
		for _, s := range got {
			kinds = append(kinds, s.kind)
		}
		if err != nil || strings.Join(kinds, " ") != want {
			t.Errorf("%s=%q: got %q, %v; want %q", variableKind, forced, kinds, err, want)
		}
	}
	t.Setenv(variableKind, "cloud")
	if got, err := startOwn(context.Background()); err == nil {
		t.Errorf("%s=cloud: got %s, want an error", variableKind, got.Name())
	}
}

func TestJVMCannotBeHad(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(variableKind, KindJVM)
	c, err := startOwn(context.Background())
	if err == nil {
		t.Fatalf("without java: got %s", c.Name())
	}
	if !strings.Contains(err.Error(), "java") {
		t.Errorf("without java: got %q, want the program named", err)
	}
}

func TestNobodyAnswers(t *testing.T) {
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	address := "127.0.0.1:" + strconv.Itoa(port)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if err := awaitReady(ctx, []string{address}); err == nil || !strings.Contains(err.Error(), address) {
		t.Errorf("awaitReady(%s): got %v, want an error that names it", address, err)
	}
}

func TestPropertiesAsVariables(t *testing.T) {
	properties := map[string]string{"node.id": "1", "log.dirs": "/x"}
	if got, want := file(properties), "log.dirs=/x\nnode.id=1\n"; got != want {
		t.Errorf("file(%v): got %q, want %q", properties, got, want)
	}
	got := variables(properties)
	if len(got) != 2 || got["KAFKA_NODE_ID"] != "1" || got["KAFKA_LOG_DIRS"] != "/x" {
		t.Errorf("variables(%v): got %v", properties, got)
	}
}
