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
