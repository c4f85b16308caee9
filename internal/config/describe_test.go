package config_test

import (
	"bytes"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"cordon/internal/config"
)

func TestKeysDocumentEveryKey(t *testing.T) {
	keys, err := config.Keys(defaults())
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]config.Key{}
	for _, k := range keys {
		byName[k.Name] = k
	}
	for _, want := range []config.Key{
		{Name: "lateness", Env: "CORDON_LATENESS", Type: "duration", Default: "20s", Allowed: "0s..10m", Doc: "How long after its end a pane still accepts."},
		{Name: "partitions", Env: "CORDON_PARTITIONS", Type: "whole number", Default: "8", Unit: "partitions", Allowed: "1..", Doc: "Partitions of telemetry."},
		{Name: "pools", Env: "CORDON_POOLS", Type: "list of prefix", Default: "[10.0.0.0/8]", Doc: "Addresses of terminals."},
		{Name: "rungs", Env: "CORDON_RUNGS", Type: "list of entries", Default: "[]", Doc: "The ladder."},
		{Name: "epoch", Env: "CORDON_EPOCH", Type: "duration", Default: "30d", Doc: "Life of a key."},
	} {
		if got := byName[want.Name]; got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	if got := byName["kafka.prefetch_bytes"]; got.Type != "size" || got.Default != "4MiB" || got.Allowed != "1MiB..1GiB" {
		t.Errorf("kafka.prefetch_bytes: %+v", got)
	}
	if got := byName["kafka.sasl.mechanism"]; got.Allowed != "none, plain, scram-sha-256, scram-sha-512" || got.Default != "none" {
		t.Errorf("kafka.sasl.mechanism: %+v", got)
	}
}

// What is printed as the effective configuration is a file that means the same.
func TestWrittenYAMLReadsBack(t *testing.T) {
	for _, path := range []string{"", "testdata/good.yaml"} {
		before, err := load(path, nil, "--kafka.client_id=5", "--topics.prefix=true.")
		if err != nil {
			t.Fatal(err)
		}
		all, err := config.Describe(before, defaults())
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := config.WriteYAML(&out, all); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "effective.yaml")
		write(t, file, out.String())
		after, err := load(file, nil)
		if err != nil {
			t.Fatalf("%v in\n%s", err, out.String())
		}
		again, err := config.Describe(after, defaults())
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			if all[i].Value != again[i].Value {
				t.Errorf("%s = %s, read back %s", all[i].Name, all[i].Value, again[i].Value)
			}
		}
		if !reflect.DeepEqual(before.Kafka, after.Kafka) {
			t.Errorf("kafka %+v, read back %+v", before.Kafka, after.Kafka)
		}
		if text := out.String(); !strings.Contains(text, "# Lowest level that is written to standard error.\n  # (text, debug, info, warn, error; default info)\n  level: info # default\n") {
			t.Errorf("log.level has not its documentation above and its origin beside it:\n%s", text)
		}
	}
}
