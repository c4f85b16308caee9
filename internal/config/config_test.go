package config_test

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"cordon/internal/config"
	"cordon/internal/failure"
)

// settings are a program's own keys, one of each kind.
type settings struct {
	Lateness   time.Duration  `mapstructure:"lateness" range:"0s..10m" doc:"How long after its end a pane still accepts."`
	Epoch      time.Duration  `mapstructure:"epoch" doc:"Life of a key."`
	Partitions int32          `mapstructure:"partitions" range:"1.." unit:"partitions" doc:"Partitions of telemetry."`
	Strict     bool           `mapstructure:"strict" doc:"Refuse what is doubtful."`
	Pools      []netip.Prefix `mapstructure:"pools" doc:"Addresses of terminals."`
	Rungs      []rung         `mapstructure:"rungs" doc:"The ladder."`
	Pseudonym  string         `mapstructure:"pseudonym_key_file" doc:"File with the key."`
}

type rung struct {
	Action string        `mapstructure:"action" oneof:"RATE_LIMIT BAR" doc:"What is done."`
	Hold   time.Duration `mapstructure:"hold" doc:"How long."`
}

func (s settings) Validate() error {
	if s.Lateness < 10*time.Second {
		return &config.Error{Key: "lateness", Problem: fmt.Sprintf("%v is below the pane of 10s", s.Lateness), Remedy: "write 10s or more"}
	}
	return nil
}

func defaults() config.Program[settings] {
	p := config.Default[settings]()
	p.HTTP.Listen = "127.0.0.1:9101"
	p.Settings = settings{Lateness: 20 * time.Second, Epoch: 30 * 24 * time.Hour, Partitions: 8, Pools: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	return p
}

func load(path string, environ []string, args ...string) (config.Program[settings], error) {
	flags := pflag.NewFlagSet("collector", pflag.ContinueOnError)
	if err := config.AddFlags(flags, defaults()); err != nil {
		return config.Program[settings]{}, err
	}
	if err := flags.Parse(args); err != nil {
		return config.Program[settings]{}, err
	}
	if environ == nil {
		environ = []string{}
	}
	return config.Load(config.Options[settings]{
		Program: "collector", Path: path, Defaults: defaults(), Flags: flags, Environ: environ,
	})
}

func TestDefaultsAlone(t *testing.T) {
	got, err := load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Group != "cordon.collector" || got.Kafka.ClientID != "cordon-collector" {
		t.Errorf("derived: group %q, client id %q", got.Group, got.Kafka.ClientID)
	}
	if want := defaults().Settings; !reflect.DeepEqual(got.Settings, want) {
		t.Errorf("settings %+v, want %+v", got.Settings, want)
	}
	if got.Kafka.SessionTimeout != 6*time.Second || got.Kafka.PrefetchBytes != 4*config.MiB || got.HTTP.Listen != "127.0.0.1:9101" {
		t.Errorf("shared sections: %+v", got)
	}
}

func TestGoodFile(t *testing.T) {
	got, err := load("testdata/good.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := settings{
		Lateness: 90 * time.Second, Epoch: 720 * time.Hour, Partitions: 4, Strict: true,
		Pools: []netip.Prefix{netip.MustParsePrefix("10.45.0.0/16"), netip.MustParsePrefix("2001:db8::/32")},
		Rungs: []rung{{"RATE_LIMIT", 10 * time.Minute}, {"BAR", 0}},
	}
	if !reflect.DeepEqual(got.Settings, want) {
		t.Errorf("settings\n got %+v\nwant %+v", got.Settings, want)
	}
	k := defaults().Kafka
	k.ClientID = "cordon-collector"
	k.Brokers = []string{"kafka-1:9093", "kafka-2:9093"}
	k.TLS = config.TLS{Enabled: true, CAFile: "/etc/cordon/ca.pem"}
	k.SASL = config.SASL{Mechanism: "scram-sha-512", Username: "collector", PasswordFile: "/run/secrets/kafka"}
	k.SessionTimeout, k.PrefetchBytes = 10*time.Second, 16*config.MiB
	if !reflect.DeepEqual(got.Kafka, k) {
		t.Errorf("kafka\n got %+v\nwant %+v", got.Kafka, k)
	}
	if got.Topics.Name("verdicts") != "lab.verdicts" || got.Group != "lab.collector" || got.HTTP.Listen != config.Off || got.Log.Level != "info" {
		t.Errorf("topic %q, group %q, listen %q, level %q", got.Topics.Name("verdicts"), got.Group, got.HTTP.Listen, got.Log.Level)
	}
}

// Each bad file begins with the errors it has to give.
func TestBadFiles(t *testing.T) {
	paths, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no bad files: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for line := range strings.Lines(string(content)) {
				if text, ok := strings.CutPrefix(line, "# want: "); ok {
					want = append(want, strings.ReplaceAll(strings.TrimSpace(text), "FILE", path))
				}
			}
			_, err = load(path, nil)
			refused(t, err, want...)
		})
	}
}

// refused checks that err is the wanted lines in any order, and of the right kind.
func refused(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("accepted, want %q", want)
	}
	got := strings.Split(err.Error(), "\n")
	missing := map[string]bool{}
	for _, line := range want {
		missing[line] = true
	}
	for _, line := range got {
		delete(missing, line)
	}
	if len(got) != len(want) || len(missing) > 0 {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	var typed *config.Error
	if !errors.As(err, &typed) || !errors.Is(err, failure.ErrUsage) {
		t.Errorf("%v is no configuration error", err)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the secret is in %v", err)
	}
}

func TestStrongerSourcesWin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "collector.yaml")
	write(t, file, "log: {level: debug, format: text}\nlateness: 30s\nkafka: {brokers: [file:1, file:2]}\n")
	env := []string{"CORDON_LOG_LEVEL=warn", "CORDON_LATENESS=40s", "CORDON_KAFKA_BROKERS=env:1, env:2", "CORDON_STRICT=true", "CORDON_LOG_FORMAT="}
	got, err := load(file, env, "--lateness", "50s", "--kafka.tls.enabled", "--partitions=2", "--pools=10.1.0.0/16,10.2.0.0/16")
	if err != nil {
		t.Fatal(err)
	}
	all, err := config.Describe(got, defaults())
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string][2]string{
		"log.level":             {"warn", "CORDON_LOG_LEVEL"},
		"log.format":            {"text", file + ":1"}, // the variable is empty: not set
		"lateness":              {"50s", "--lateness"},
		"kafka.brokers":         {"['env:1', 'env:2']", "CORDON_KAFKA_BROKERS"}, // lists replace, they do not merge
		"strict":                {"true", "CORDON_STRICT"},
		"kafka.tls.enabled":     {"true", "--kafka.tls.enabled"},
		"partitions":            {"2", "--partitions"},
		"pools":                 {"[10.1.0.0/16, 10.2.0.0/16]", "--pools"},
		"kafka.session_timeout": {"6s", "default"},
	} {
		found := false
		for _, s := range all {
			if s.Name == key {
				found = true
				if s.Value != want[0] || s.From != want[1] {
					t.Errorf("%s = %s from %s, want %s from %s", key, s.Value, s.From, want[0], want[1])
				}
			}
		}
		if !found {
			t.Errorf("%s is not described", key)
		}
	}
}

func TestBadEnvironmentAndFlags(t *testing.T) {
	for name, c := range map[string]struct {
		env  []string
		args []string
		want string
	}{
		"value": {[]string{"CORDON_LATENESS=20"}, nil, "environment variable CORDON_LATENESS: lateness: 20 has no unit; write 20s"},
		"bounds": {[]string{"CORDON_KAFKA_SESSION_TIMEOUT=1s"}, nil,
			"environment variable CORDON_KAFKA_SESSION_TIMEOUT: kafka.session_timeout: 1s is out of bounds; allowed is 3s..60s"},
		"near miss": {[]string{"CORDON_KAFKA_BROKRES=a:1"}, nil,
			"environment variable CORDON_KAFKA_BROKRES: is not a key; did you mean CORDON_KAFKA_BROKERS?"},
		"inline secret": {[]string{"CORDON_KAFKA_SASL_PASSWORD=hunter2"}, nil,
			"environment variable CORDON_KAFKA_SASL_PASSWORD: kafka.sasl.password: a secret is not given inline; write it to a file and set kafka.sasl.password_file to its path"},
		"entries":   {[]string{"CORDON_RUNGS=BAR"}, nil, "environment variable CORDON_RUNGS: rungs: is a list of entries; write it in the file"},
		"truth":     {nil, []string{"--strict=maybe"}, `flag --strict: strict: "maybe" is neither true nor false`},
		"number":    {nil, []string{"--partitions=9999999999"}, `flag --partitions: partitions: "9999999999" is not a whole number of 32 bits`},
		"low":       {nil, []string{"--partitions=0"}, `flag --partitions: partitions: 0 is out of bounds; allowed is 1..`},
		"no secret": {nil, []string{"--kafka.sasl.password=hunter2"}, "flag --kafka.sasl.password: kafka.sasl.password: a secret is not given inline; write it to a file and set kafka.sasl.password_file to its path"},
		"own rule":  {nil, []string{"--lateness=1s"}, "flag --lateness: lateness: 1s is below the pane of 10s; write 10s or more"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load("", append([]string{}, c.env...), c.args...)
			refused(t, err, c.want)
		})
	}
}

func TestForeignVariablesAreLeftAlone(t *testing.T) {
	if _, err := load("", []string{"CORDON_TEST_BROKERS=a:1", "CORDON_COLLECTOR_PORT=tcp://10.0.0.1:80", "CORDON=1", "PATH=/bin"}); err != nil {
		t.Errorf("refused: %v", err)
	}
}

func TestMissingFile(t *testing.T) {
	_, err := load("testdata/none.yaml", nil)
	refused(t, err, "cannot read the configuration testdata/none.yaml: no such file or directory; name a file this user may read")
}

func TestEmptyFileSetsNothing(t *testing.T) {
	for _, content := range []string{"", "# nothing\n", "---\n", "kafka:\n"} {
		file := filepath.Join(t.TempDir(), "c.yaml")
		write(t, file, content)
		if _, err := load(file, nil); err != nil {
			t.Errorf("content %q: %v", content, err)
		}
	}
}

func TestProcessEnvironmentIsTheDefault(t *testing.T) {
	t.Setenv("CORDON_LOG_LEVEL", "error")
	got, err := config.Load(config.Options[settings]{Program: "collector", Defaults: defaults()})
	if err != nil || got.Log.Level != "error" {
		t.Errorf("log.level %q, error %v; want error from the environment", got.Log.Level, err)
	}
}

func TestFlagsOfTheCallerStay(t *testing.T) {
	flags := pflag.NewFlagSet("x", pflag.ContinueOnError)
	flags.StringSlice("kafka.brokers", nil, "the caller's own")
	flags.String("config", "", "file")
	if err := config.AddFlags(flags, defaults()); err != nil {
		t.Fatal(err)
	}
	if err := flags.Parse([]string{"--kafka.brokers=a:1,b:2", "--config=x"}); err != nil {
		t.Fatal(err)
	}
	got, err := config.Load(config.Options[settings]{Program: "x", Defaults: defaults(), Flags: flags, Environ: []string{}})
	if err != nil || strings.Join(got.Kafka.Brokers, " ") != "a:1 b:2" {
		t.Errorf("brokers %v, error %v", got.Kafka.Brokers, err)
	}
	if help := flags.FlagUsages(); strings.Contains(help, "--kafka.sasl.password ") || !strings.Contains(help, "--kafka.sasl.password_file") {
		t.Errorf("help shows the refused secret, or not its file:\n%s", help)
	}
}

func TestMistakesInDeclarations(t *testing.T) {
	type none struct {
		A int `mapstructure:"a"`
	}
	type secret struct {
		A string `mapstructure:"api_token" doc:"d"`
	}
	type float struct {
		A float64 `mapstructure:"a" doc:"d"`
	}
	type upper struct {
		A int `mapstructure:"A" doc:"d"`
	}
	type span struct {
		A int `mapstructure:"a" doc:"d" range:"1-2"`
	}
	type clash struct {
		A int `mapstructure:"kafka_brokers" doc:"d"`
	}
	for _, c := range []struct {
		keys func() ([]config.Key, error)
		want string
	}{
		{func() ([]config.Key, error) { return config.Keys(config.Default[none]()) }, "configuration key a: no doc tag"},
		{func() ([]config.Key, error) { return config.Keys(config.Default[secret]()) }, "configuration key api_token: a secret has to come from a file, name it api_token_file"},
		{func() ([]config.Key, error) { return config.Keys(config.Default[float]()) }, "configuration key a: type float64 is not supported"},
		{func() ([]config.Key, error) { return config.Keys(config.Default[upper]()) }, "configuration A: no lower-case name in its mapstructure tag"},
		{func() ([]config.Key, error) { return config.Keys(config.Default[span]()) }, `configuration key a: range "1-2": not two values with '..' between them`},
		{func() ([]config.Key, error) { return config.Keys(config.Default[clash]()) }, "configuration keys kafka.brokers and kafka_brokers share the variable CORDON_KAFKA_BROKERS"},
		{func() ([]config.Key, error) { return config.Keys(config.Default[int]()) }, "configuration: int is not a struct"},
	} {
		if _, err := c.keys(); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func ExampleLoad() {
	type collector struct {
		Lateness time.Duration `mapstructure:"lateness" range:"0s..10m" doc:"How long after its end a pane still accepts."`
	}
	defaults := config.Default[collector]()
	defaults.Settings.Lateness = 20 * time.Second

	_, err := config.Load(config.Options[collector]{Program: "collector", Defaults: defaults, Environ: []string{"CORDON_LATENESS=20"}})
	fmt.Println(err)
	p, err := config.Load(config.Options[collector]{Program: "collector", Defaults: defaults, Environ: []string{"CORDON_LATENESS=30s"}})
	fmt.Println(p.Settings.Lateness, p.Group, err)
	// Output:
	// environment variable CORDON_LATENESS: lateness: 20 has no unit; write 20s
	// 30s cordon.collector <nil>
}
