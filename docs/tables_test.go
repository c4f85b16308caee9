package docs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cordon/collector/pseudonym"
	collector "cordon/collector/task"
	enforcer "cordon/enforcer/task"
	"cordon/internal/config"
	collectorsettings "cordon/internal/settings/collector"
	enforcersettings "cordon/internal/settings/enforcer"
	scorersettings "cordon/internal/settings/scorer"
	"cordon/internal/stream"
	"cordon/schemas"
	scorer "cordon/scorer/task"
)

// tables makes every table, by name.
func tables(t *testing.T) map[string]string {
	t.Helper()
	stages := stages(t)
	all := map[string]string{
		"topics":  topicTable(stages),
		"access":  accessTable(stages),
		"privacy": privacyTable(),
		"reasons": reasonTable(t),
	}
	for _, s := range stages {
		all["metrics-"+s.Name] = metricTable(s)
	}
	shared := len(keysOf(t, config.Default[struct{}]()))
	keys := map[string][]config.Key{
		"collector": keysOf(t, collectorsettings.Default()),
		"scorer":    keysOf(t, scorersettings.Default()),
		"enforcer":  keysOf(t, enforcersettings.Default()),
	}
	for program, own := range keys {
		all["config-"+program] = keyTable(own[shared:])
	}
	all["config-shared"] = sharedTable(shared, keys)
	return all
}

// keysOf lists the keys of a program, the shared ones first.
func keysOf[T any](t *testing.T, defaults config.Program[T]) []config.Key {
	t.Helper()
	keys, err := config.Keys(defaults)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// stages are the three programs' places in the flow.
func stages(t *testing.T) []*stream.Stage {
	t.Helper()
	c, err := collector.Stage(collector.DefaultSettings(), pseudonym.TestKey())
	if err != nil {
		t.Fatal(err)
	}
	s, err := scorer.Stage(scorer.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	e, err := enforcer.Stage(enforcer.DefaultSettings())
	if err != nil {
		t.Fatal(err)
	}
	return []*stream.Stage{c, s, e}
}

// outside is what the stages do not declare of a topic: its key, its records,
// and who else has to do with it. "Later" is of the design and not built yet.
var outside = map[stream.Topic]struct{ key, record, writers, readers string }{
	stream.TelemetryRaw:       {"UE address where the record has one, else SUPI", "TerminalTelemetry", "probes, `cordonctl replay`, `simulate`", ""},
	stream.ProfilesRaw:        {"SUPI or group", "ExpectedBehaviour, Setting", "provisioning", ""},
	stream.OperatorDecisions:  {"subject and kind", "OperatorDecision", "the operator's console", ""},
	stream.Telemetry:          {"pseudonym", "PseudonymisedTelemetry, SourceClock", "", ""},
	stream.Identities:         {"pseudonym or key id", "SealedIdentity, SealedDataKey", "later: collector", "later: enforcer, policy systems"},
	stream.Verdicts:           {"pseudonym", "Verdict, Progress", "", "SOC"},
	stream.VerdictsEarly:      {"pseudonym", "EarlyWarning", "", "SOC"},
	stream.VerdictsNetwork:    {"scope", "NetworkVerdict", "later: scorer", "SOC"},
	stream.IsolationCommands:  {"pseudonym", "IsolationCommand", "", "policy systems"},
	stream.IsolationRehearsal: {"pseudonym", "IsolationCommand", "", "people, never policy systems"},
	stream.IsolationAcks:      {"pseudonym", "CommandAck", "policy systems", ""},
	stream.Audit:              {"writer", "AuditEvent", "", "auditors"},
	stream.DeadLetters:        {"source position", "DeadLetter", "", "operators"},
	stream.Progress:           {"raw partition", "SourceClock", "", "collector, `cordonctl`"},
	stream.CollectorState:     {"keyed hash", "sealed pieces, header", "", ""},
	stream.ScorerState:        {"piece", "pieces, header", "", ""},
	stream.EnforcerState:      {"piece", "pieces, header", "", ""},
	stream.ScorerPartials:     {"", "", "later: scorer", "later: scorer"},
}

func topicTable(stages []*stream.Stage) string {
	var rows [][]string
	for _, topic := range stream.Topics(2) {
		o := outside[topic.Topic]
		partitions := "1"
		if topic.Partitions == 2 {
			partitions = "n"
		}
		rows = append(rows, []string{code(string(topic.Topic)), o.key, o.record, kept(topic.Config), partitions,
			join(names(stages, topic.Topic, writes), o.writers), join(names(stages, topic.Topic, reads), o.readers)})
	}
	return table([]string{"topic", "key", "records", "kept", "partitions", "written by", "read by"}, rows)
}

// kept says in words how long a topic holds a record.
func kept(settings map[string]string) string {
	var parts []string
	if strings.Contains(settings["cleanup.policy"], "compact") {
		parts = append(parts, "the newest of each key")
	}
	if ms, err := strconv.ParseInt(settings["retention.ms"], 10, 64); err == nil {
		hours := ms / 3_600_000
		switch {
		case hours%(24*365) == 0:
			parts = append(parts, fmt.Sprintf("%d y", hours/24/365))
		case hours%24 == 0:
			parts = append(parts, fmt.Sprintf("%d d", hours/24))
		default:
			parts = append(parts, fmt.Sprintf("%d h", hours))
		}
	}
	return strings.Join(parts, ", ")
}

func writes(s *stream.Stage, t stream.Topic) bool {
	return t == s.State || slices.Contains(s.Outputs, t)
}

func reads(s *stream.Stage, t stream.Topic) bool {
	return t == s.State || t == s.Resume || slices.Contains(s.Inputs, t)
}

func names(stages []*stream.Stage, t stream.Topic, does func(*stream.Stage, stream.Topic) bool) string {
	var list []string
	for _, s := range stages {
		if does(s, t) {
			list = append(list, s.Name)
		}
	}
	return strings.Join(list, ", ")
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}

// accessTable lists what each program needs on the brokers. <p> is the prefix.
func accessTable(stages []*stream.Stage) string {
	var rows [][]string
	for _, s := range stages {
		read, write := []stream.Topic{}, []stream.Topic{}
		for _, topic := range stream.Topics(1) {
			// The collectors learn from one another how far they have come.
			if reads(s, topic.Topic) || s.Aligned && topic.Topic == stream.Progress {
				read = append(read, topic.Topic)
			}
			if writes(s, topic.Topic) {
				write = append(write, topic.Topic)
			}
		}
		rows = append(rows, []string{"**" + s.Name + "**", "topic", "READ", prefixed(read)},
			[]string{"", "topic", "WRITE", prefixed(write)},
			[]string{"", "group", "READ", code("<p>" + s.Name)},
			[]string{"", "transactional id (PREFIXED)", "WRITE", code("<p>" + s.Name + "-")})
	}
	return table([]string{"principal", "resource", "operation", "names"}, rows)
}

func prefixed(topics []stream.Topic) string {
	var list []string
	for _, t := range topics {
		list = append(list, code("<p>"+string(t)))
	}
	return strings.Join(list, ", ")
}

// metricTable lists the figures of a program with the kinds it tells from its
// start; others appear when they first occur.
func metricTable(s *stream.Stage) string {
	kinds := map[string][]string{}
	if task, ok := s.NewTask(0).(stream.Counted); ok {
		task.Counts(func(name, label string, _ int64) {
			if label != "" {
				kinds[name] = append(kinds[name], code(label))
			}
		})
	}
	var list []string
	for name := range s.Figures {
		list = append(list, name)
	}
	slices.Sort(list)
	var rows [][]string
	for _, name := range list {
		rows = append(rows, []string{code("cordon_" + name), s.Figures[name], strings.Join(kinds[name], ", ")})
	}
	return table([]string{"metric", "meaning", "`kind`"}, rows)
}

func keyTable(keys []config.Key) string {
	var rows [][]string
	for _, k := range keys {
		rows = append(rows, []string{code(k.Name), kindOf(k), code(k.Default), k.Doc})
	}
	return table([]string{"key", "value", "default", "what it does, and what follows from it"}, rows)
}

// sharedTable lists the keys all programs have; a default that differs between
// them is told for each.
func sharedTable(n int, defaults map[string][]config.Key) string {
	var rows [][]string
	for i, k := range defaults["collector"][:n] {
		text := code(k.Default)
		if k.Default != defaults["scorer"][i].Default || k.Default != defaults["enforcer"][i].Default {
			text = fmt.Sprintf("collector `%s`, scorer `%s`, enforcer `%s`", k.Default, defaults["scorer"][i].Default, defaults["enforcer"][i].Default)
		}
		rows = append(rows, []string{code(k.Name), kindOf(k), text, k.Doc})
	}
	return table([]string{"key", "value", "default", "what it does, and what follows from it"}, rows)
}

// kindOf is the type of a key with its unit and bounds.
func kindOf(k config.Key) string {
	text := k.Type
	if k.Unit != "" {
		text += " of " + k.Unit
	}
	if k.Allowed != "" {
		text += ", " + k.Allowed
	}
	return text
}

// leaves says what a treatment lets out.
var leaves = map[string]string{
	schemas.Keep: "as it is", schemas.Drop: "nothing",
	schemas.Pseudonymise + "+" + schemas.Seal:   "the pseudonym `terminal`; a sealed copy: later",
	schemas.Generalise + "+" + schemas.Tokenise: "`typeAllocationCode` (8 digits) and a keyed `equipmentToken`",
	schemas.Tokenise:   "a keyed token",
	schemas.Generalise: "the registrable domain, or a keyed token",
}

// leavesOf are the fields of which the treatment alone does not tell it.
var leavesOf = map[string]string{
	"cellId":                          "a keyed token, `cellToken`",
	"flow.remoteAddress":              "as it is; inside `terminal_pools` a keyed token, `remoteToken`",
	"externalException.remoteAddress": "as it is; inside `terminal_pools` nothing",
}

func privacyTable() string {
	var rows [][]string
	for _, f := range schemas.Privacy("TerminalTelemetry") {
		out := leaves[f.Treatment]
		if special := leavesOf[f.Path]; special != "" {
			out = special
		}
		rows = append(rows, []string{code(f.Path), f.Treatment, out, docOf(f.Path)})
	}
	return table([]string{"field", "privacy", "what leaves", "what it is"}, rows)
}

// docOf returns the documentation of a raw field in its schema.
func docOf(path string) string {
	at := schemas.Newest("TerminalTelemetry").Root
	if record, field, nested := strings.Cut(path, "."); nested {
		path = field
		for _, f := range at.Fields {
			for _, branch := range f.Type.Branches {
				if schemas.LowerCamel(branch.ShortName()) == record {
					at = branch
				}
			}
		}
	}
	for _, f := range at.Fields {
		if f.Name == path {
			return f.Doc
		}
	}
	return ""
}

// remedies say what a reason of a dead letter means for an operator.
var remedies = map[string][2]string{
	"UNDECODABLE":        {"not the encoding of the schema it claims", "the probe writes something else: raw Avro without the ten bytes of single-object encoding, JSON, or a cut record"},
	"UNKNOWN_SCHEMA":     {"a fingerprint no schema of this release has", "the probe is newer or was built from a changed schema: upgrade Cordon first; a writer built on goavro needs the fingerprint of the canonical form (schemas/README.md)"},
	"UNKNOWN_PAYLOAD":    {"a payload record of a newer writer", "upgrade Cordon; until then these records are lost to it"},
	"INVALID_IDENTITY":   {"SUPI, PEI or address in no accepted form", "write the strict forms of TS 29.571, such as `imsi-001010000000001`; `detail` names the field"},
	"OUT_OF_RANGE":       {"a value outside its bounds; from the scorer: a profile, decision or destination list that it cannot read, or a setting that there is not", "`detail` names the field and the bound; the scorer names none: look for an unreadable prefix, time or line, one of which refuses a list as a whole ([how they are written](detection/profiles.md))"},
	"FUTURE_TIME":        {"event time more than `future_bound` ahead of the time the log took it", "set the clock of that probe (NTP); its records come through again by themselves"},
	"UNRESOLVED_ADDRESS": {"no session event says whose the address was at that time", "is the SMF's feed there, in the same partition (raw key: the UE address), with the same `dnn` and `snssai`? Does it come more than `resolve_wait` late?"},
	"OVERSIZE":           {"larger than 64 KiB", "no telemetry is that large: look at the probe"},
	"NO_SUBJECT":         {"neither SUPI nor address, or a session that begins without SUPI", "the probe leaves out what the record is about"},
	"HELD_TOO_MANY":      {"the room for records that wait (`held_bytes`) was full; from the scorer and of a `ProfileChange`, `DecisionChange` or `SettingChange`: the partition keeps 128 MiB of them already", "session events are missing or late for many addresses; else raise `held_bytes`. Of changes: remove profiles and decisions that are out of date (tombstones), shorten lists"},
	"PROCESSING":         {"this record fails the same way at each try", "a defect: please report it with its position"},
	"UNKNOWN":            {"a reason of a newer release", "upgrade `cordonctl`"},
}

func reasonTable(t *testing.T) string {
	t.Helper()
	var rows [][]string
	for _, f := range schemas.Newest("DeadLetter").Root.Fields {
		if f.Name != "reason" {
			continue
		}
		for _, symbol := range f.Type.Symbols {
			r, ok := remedies[symbol]
			if !ok {
				t.Errorf("no remedy for dead letters with reason %s", symbol)
			}
			rows = append(rows, []string{code(symbol), r[0], r[1]})
		}
	}
	return table([]string{"reason", "what it says", "what to do"}, rows)
}
