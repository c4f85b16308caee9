package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cordon/internal/stream"
)

// equalCounts are the topics that must have the same partition count: a
// terminal stays in one partition from the collector on, and a task keeps its
// state in the partition of its input.
var equalCounts = [][]stream.Topic{
	{stream.TelemetryRaw, stream.CollectorState},
	{stream.Telemetry, stream.Verdicts, stream.VerdictsEarly, stream.ScorerState},
}

// vital are the settings without which something breaks; the others cost disk
// or history.
var vital = map[string]string{
	"message.timestamp.type": "with CreateTime the records of an old capture are deleted at once",
	"cleanup.policy":         "compaction deletes history, and without it state grows for ever",
}

// topics checks that every topic is there, with the counts and settings that
// topics create gives.
func (d *doctor) topics(ctx context.Context) error {
	var missing []string
	wanted := stream.Topics(max(d.counts[stream.Telemetry], 1))
	for _, t := range wanted {
		if d.counts[t.Topic] == 0 {
			missing = append(missing, string(t.Topic))
		}
	}
	if len(missing) > 0 {
		d.advise(stateProblem, "topics", fmt.Sprintf("%d of %d are missing with the prefix %q: %s", len(missing), len(wanted), d.prefix, strings.Join(missing, ", ")),
			fmt.Sprintf("create them: cordonctl topics create --partitions %d --prefix %s; or is --prefix another one?", d.partitions(), d.prefix))
	} else {
		d.tell(stateOK, "topics", fmt.Sprintf("all %d are there, %d raw and %d telemetry partitions", len(wanted), d.counts[stream.TelemetryRaw], d.counts[stream.Telemetry]))
	}
	if len(missing) == len(wanted) {
		return nil
	}
	d.partitionCounts()
	return d.topicSettings(ctx, wanted)
}

// partitions is the count that missing topics should be created with.
func (d *doctor) partitions() int32 {
	if n := d.counts[stream.Telemetry]; n > 0 {
		return n
	}
	return 8
}

func (d *doctor) partitionCounts() {
	for _, group := range equalCounts {
		first, equal := group[0], true
		var list []string
		for _, t := range group {
			if n := d.counts[t]; n > 0 {
				list = append(list, fmt.Sprintf("%s %d", t, n))
				equal = equal && (n == d.counts[first] || d.counts[first] == 0)
			}
		}
		if !equal {
			d.advise(stateProblem, "topics", "partition counts differ where they must not: "+strings.Join(list, ", "),
				"a count cannot be taken back: start over under a new topics.prefix, with topics that cordonctl topics create makes")
		}
	}
	if n := d.counts[stream.EnforcerState]; n > 1 {
		d.advise(stateProblem, "topics", fmt.Sprintf("%s has %d partitions; the enforcer is one task and has one", stream.EnforcerState, n),
			"delete the topic and create it with: cordonctl topics create")
	}
}

func (d *doctor) topicSettings(ctx context.Context, wanted []stream.TopicSettings) error {
	wrong := 0
	for _, t := range wanted {
		if d.counts[t.Topic] == 0 {
			continue
		}
		has, err := d.client.Config(ctx, t.Topic)
		if err != nil {
			return err
		}
		for _, key := range slices.Sorted(maps.Keys(t.Config)) {
			if value := has[key]; !sameSetting(value, t.Config[key]) {
				wrong++
				d.setting(t.Topic, key, value, t.Config[key])
			}
		}
	}
	if wrong == 0 {
		d.tell(stateOK, "settings", "retention, compaction and time stamps of all topics are as topics create makes them")
	}
	return nil
}

// setting tells of one setting that differs.
func (d *doctor) setting(t stream.Topic, key, has, want string) {
	state, why := stateWarning, ""
	if reason, ok := vital[key]; ok {
		state, why = stateProblem, ": "+reason
	}
	d.advise(state, "settings", fmt.Sprintf("%s: %s is %q, should be %q%s", t, key, has, want, why),
		fmt.Sprintf("kafka-configs.sh --alter --entity-type topics --entity-name %s%s --add-config %s=[%s]", d.prefix, t, key, want))
}

// sameSetting compares values; a list has no order.
func sameSetting(a, b string) bool {
	x, y := strings.Split(a, ","), strings.Split(b, ",")
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}
