package stream

// Topic is the name of a topic without the deployment's prefix.
type Topic string

// The topics of a deployment, in flow order (their keys, retention and readers
// stand in docs/operations.md).
const (
	TelemetryRaw       Topic = "telemetry.raw"
	ProfilesRaw        Topic = "profiles.raw"
	OperatorDecisions  Topic = "operator.decisions"
	Telemetry          Topic = "telemetry"
	Identities         Topic = "identities"
	Verdicts           Topic = "verdicts"
	VerdictsEarly      Topic = "verdicts.early"
	VerdictsNetwork    Topic = "verdicts.network"
	IsolationCommands  Topic = "isolation.commands"
	IsolationRehearsal Topic = "isolation.rehearsal"
	IsolationAcks      Topic = "isolation.acks"
	Audit              Topic = "audit"
	DeadLetters        Topic = "deadletter"
	Progress           Topic = "progress"
	CollectorState     Topic = "collector.state"
	ScorerState        Topic = "scorer.state"
	EnforcerState      Topic = "enforcer.state"
	ScorerPartials     Topic = "scorer.partials"
)

// Compacted reports that the log rewrites the topic's batches, so that the
// fingerprint of a position in it does not last.
func (t Topic) Compacted() bool {
	switch t {
	case ProfilesRaw, OperatorDecisions, Identities, IsolationCommands, IsolationRehearsal, Progress,
		CollectorState, ScorerState, EnforcerState:
		return true
	}
	return false
}

// TopicSettings are what a topic needs on the brokers.
type TopicSettings struct {
	Topic      Topic
	Partitions int32
	Config     map[string]string
}

// Retention of topics, as Kafka wants it: milliseconds in decimal.
const (
	hours6  = "21600000"
	day1    = "86400000"
	days7   = "604800000"
	days30  = "2592000000"
	year1   = "31536000000"
	hour1   = "3600000"
	minutes = "600000"
)

// Topics returns every topic of a deployment with n partitions for what is
// keyed by terminal. All stamp records when they are appended, so that the
// replay of an old capture is not deleted by retention.
func Topics(n int32) []TopicSettings {
	return []TopicSettings{
		identities(TelemetryRaw, n), compacted(ProfilesRaw, n), compacted(OperatorDecisions, 1),
		deleted(Telemetry, n, days7), compacted(Identities, n),
		deleted(Verdicts, n, days30), deleted(VerdictsEarly, n, day1), deleted(VerdictsNetwork, 1, days30),
		compactedFor(IsolationCommands, n, days30), compactedFor(IsolationRehearsal, n, days30), deleted(IsolationAcks, n, days30),
		deleted(Audit, 1, year1), deleted(DeadLetters, n, days7),
		compacted(Progress, 1), state(CollectorState, n), state(ScorerState, n), state(EnforcerState, 1), deleted(ScorerPartials, 1, hour1),
	}
}

func deleted(t Topic, n int32, retention string) TopicSettings {
	return TopicSettings{t, n, map[string]string{"message.timestamp.type": "LogAppendTime", "cleanup.policy": "delete", "retention.ms": retention}}
}

// identities returns the topic with subscribers in clear. Kafka deletes whole
// segments only: without an hourly one a quiet partition kept a record for a
// week beyond its 6 h.
func identities(t Topic, n int32) TopicSettings {
	s := deleted(t, n, hours6)
	s.Config["segment.ms"] = hour1
	return s
}

func compacted(t Topic, n int32) TopicSettings {
	return TopicSettings{t, n, map[string]string{"message.timestamp.type": "LogAppendTime", "cleanup.policy": "compact"}}
}

func compactedFor(t Topic, n int32, retention string) TopicSettings {
	return TopicSettings{t, n, map[string]string{"message.timestamp.type": "LogAppendTime", "cleanup.policy": "compact,delete", "retention.ms": retention}}
}

// state returns a state topic. With these settings the log holds at most about
// twice the live bytes; with Kafka's defaults it grew past 6 times, for the active
// segment is never cleaned, and with larger segments or a later cleaning a small
// state reached 2.7 times (measured with 100,000 terminals in one partition). A
// removal must be kept for longer than any restore takes.
func state(t Topic, n int32) TopicSettings {
	s := compacted(t, n)
	for key, value := range map[string]string{
		"segment.bytes": "1048576", "min.cleanable.dirty.ratio": "0.1", "max.compaction.lag.ms": minutes,
		"file.delete.delay.ms": "1000", "delete.retention.ms": minutes, "compression.type": "producer",
	} {
		s.Config[key] = value
	}
	return s
}
