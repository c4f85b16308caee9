package main

import (
	"errors"
	"fmt"
	"net"

	"cordon/collector/keyfile"
	collector "cordon/collector/task"
	enforcer "cordon/enforcer/task"
	"cordon/internal/config"
	"cordon/internal/record"
	collectorsettings "cordon/internal/settings/collector"
	enforcersettings "cordon/internal/settings/enforcer"
	scorersettings "cordon/internal/settings/scorer"
	scorer "cordon/scorer/task"
)

// programNames are the programs that have a configuration, in flow order.
var programNames = []string{"collector", "scorer", "enforcer"}

// programs checks a program's file; an empty path means the defaults. An error
// is a mistake in the program's declarations, never in the file.
var programs = map[string]func(path string, environ []string) (checkedConfig, error){
	"collector": func(path string, environ []string) (checkedConfig, error) {
		return checkProgram(config.Options[collector.Settings]{Program: "collector", Path: path, Defaults: collectorsettings.Default(), Environ: environ}, localCollector)
	},
	"scorer": func(path string, environ []string) (checkedConfig, error) {
		return checkProgram(config.Options[scorer.Settings]{Program: "scorer", Path: path, Defaults: scorersettings.Default(), Environ: environ}, localScorer)
	},
	"enforcer": func(path string, environ []string) (checkedConfig, error) {
		return checkProgram(config.Options[enforcer.Settings]{Program: "enforcer", Path: path, Defaults: enforcersettings.Default(), Environ: environ}, localEnforcer)
	},
}

// checkedConfig is what config check found out about one program.
type checkedConfig struct {
	Program string `json:"program"`
	File    string `json:"file,omitempty"`
	// Settings in force; none when the file could not be taken.
	Settings []config.Setting `json:"settings"`
	Problems []configProblem  `json:"problems"`
	// Cautions are of what works but should be meant.
	Cautions []string `json:"cautions"`
}

// configProblem is one thing to mend.
type configProblem struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Key     string `json:"key,omitempty"`
	Problem string `json:"problem"`
	Remedy  string `json:"remedy,omitempty"`
	text    string // all of it, as the program itself would tell it
}

// local looks at what a program's own keys name on this machine: what is wrong,
// and what works but should be meant.
type local[T any] func(config.Program[T]) (cautions []string, problem error)

// checkProgram loads a configuration and looks at the files it names. own looks
// at the program's own keys.
func checkProgram[T any](o config.Options[T], own local[T]) (checkedConfig, error) {
	k := checkedConfig{Settings: []config.Setting{}, Problems: []configProblem{}, Cautions: []string{}}
	cfg, err := config.Load(o)
	if err != nil {
		k.tell(err)
		return k, nil
	}
	if k.Settings, err = config.Describe(cfg, o.Defaults); err != nil {
		return k, err
	}
	_, err = cfg.Kafka.TLS.Client()
	k.tell(err)
	_, err = cfg.Kafka.SASL.Password()
	k.tell(err)
	cautions, problem := own(cfg)
	k.tell(problem)
	k.Cautions = append(k.Cautions, cautions...)
	return k, nil
}

// localCollector opens the key file: without a key the collector does not
// start. A file that others may read is refused there as well.
func localCollector(cfg config.Program[collector.Settings]) (cautions []string, problem error) {
	if !cfg.Kafka.TLS.Enabled && !onLoopback(cfg.Kafka.Brokers) {
		cautions = append(cautions, "kafka.tls.enabled is false and a broker is another machine: subscriber identities cross the network in clear")
	}
	if _, err := keyfile.Read(cfg.Settings.Keys.File); err != nil {
		return cautions, &config.Error{Key: "keys.file", Problem: afterKey(err, "keys.file")}
	}
	if text := keyfile.Caution(cfg.Settings.Keys.File); text != "" {
		cautions = append(cautions, text)
	}
	return cautions, nil
}

// localScorer has nothing to open.
func localScorer(config.Program[scorer.Settings]) (cautions []string, problem error) { return nil, nil }

// localEnforcer tells whether terminals are really isolated.
func localEnforcer(cfg config.Program[enforcer.Settings]) (cautions []string, problem error) {
	if cfg.Settings.Mode == record.ModeEnforce.String() {
		return []string{"mode is ENFORCE: policy systems that read isolation.commands will isolate terminals"}, nil
	}
	return nil, nil
}

// onLoopback reports whether all brokers are this machine.
func onLoopback(brokers []string) bool {
	for _, b := range brokers {
		host, _, err := net.SplitHostPort(b)
		if addr := net.ParseIP(host); err != nil || host != "localhost" && (addr == nil || !addr.IsLoopback()) {
			return false
		}
	}
	return true
}

// afterKey is the text of err without the key it begins with.
func afterKey(err error, key string) string {
	text := err.Error()
	if n := len(key) + 2; len(text) > n && text[:n] == key+": " {
		return text[n:]
	}
	if n := len(key) + 1; len(text) > n && text[:n] == key+" " {
		return text[n:]
	}
	return text
}

// tell adds the problems of an error, located where the key was set.
func (k *checkedConfig) tell(err error) {
	for _, one := range joined(err) {
		var e *config.Error
		if !errors.As(one, &e) {
			e = &config.Error{Problem: one.Error()}
		}
		located := *e
		if located.File == "" {
			located.File, located.Line = k.place(e.Key)
		}
		k.Problems = append(k.Problems, configProblem{
			File: located.File, Line: located.Line, Key: located.Key, Problem: located.Problem, Remedy: located.Remedy, text: located.Error(),
		})
	}
}

// place says where a key was set; nowhere for a default.
func (k *checkedConfig) place(key string) (string, int) {
	for _, s := range k.Settings {
		if s.Name == key && s.Origin.Layer != "" && s.Origin.Layer != "default" {
			return s.Origin.Name, s.Origin.Line
		}
	}
	return "", 0
}

// joined lists the errors that were joined; what else wraps several is one.
func joined(err error) []error {
	var e *config.Error
	if err == nil {
		return nil
	}
	several, ok := err.(interface{ Unwrap() []error })
	if _, isOne := err.(*config.Error); isOne || !ok || !errors.As(err, &e) {
		return []error{err}
	}
	var all []error
	for _, one := range several.Unwrap() {
		all = append(all, joined(one)...)
	}
	return all
}

// shared are the keys that have to be the same in all programs of a deployment.
var shared = []string{"topics.prefix", "lateness"}

// agree adds a problem where the programs of one folder differ in a shared key:
// each would start, and wait for the others for ever.
func agree(all []checkedConfig) []checkedConfig {
	for _, key := range shared {
		var first *checkedConfig
		want := ""
		for i := range all {
			value, has := all[i].value(key)
			switch {
			case !has:
			case first == nil:
				first, want = &all[i], value
			case value != want:
				all[i].tell(&config.Error{Key: key, Problem: fmt.Sprintf("is %s here and %s for the %s", value, want, first.Program), Remedy: "give all programs of a deployment the same"})
			}
		}
	}
	return all
}

func (k *checkedConfig) value(key string) (string, bool) {
	for _, s := range k.Settings {
		if s.Name == key {
			return s.Value, true
		}
	}
	return "", false
}
