package config

import (
	"time"
)

// Program is the configuration of one program: the sections all programs share,
// and the program's own settings beside them on the top level of the file. The
// tags hold each key's meaning, bounds and consequence; the defaults are in
// Default.
type Program[T any] struct {
	Kafka           Kafka         `mapstructure:"kafka"`
	Topics          Topics        `mapstructure:"topics"`
	Log             Log           `mapstructure:"log"`
	HTTP            HTTP          `mapstructure:"http"`
	Checkpoint      Checkpoint    `mapstructure:"checkpoint"`
	Group           string        `mapstructure:"group" doc:"Consumer group that shares out the partitions among the instances of this program. Empty: topics.prefix and the program's name. Instances with different groups both work on everything; the later one fences the earlier."`
	ShutdownTimeout time.Duration `mapstructure:"shutdown_timeout" range:"1s..60s" doc:"How long the program may take to finish after SIGTERM before it ends at once. Nothing is lost then, but the next owner repeats the work since the last checkpoint."`
	// Settings are the program's own keys.
	Settings T `mapstructure:",squash"`

	origins map[string]Origin
}

// Kafka says where the log is, how to get in, and how much is under way.
type Kafka struct {
	Brokers            []string      `mapstructure:"brokers" doc:"Addresses host:port to start from; the rest of the cluster is learned from them. More than one helps when one is down at the start."`
	ClientID           string        `mapstructure:"client_id" doc:"Name shown in the broker's logs and quotas. Empty: cordon- and the program's name."`
	TLS                TLS           `mapstructure:"tls"`
	SASL               SASL          `mapstructure:"sasl"`
	StartTimeout       time.Duration `mapstructure:"start_timeout" range:"1s..1h" doc:"How long a program that starts waits for brokers that do not answer; then it ends with exit code 3. Longer: brokers may start much later than it; shorter: a supervisor learns sooner."`
	SessionTimeout     time.Duration `mapstructure:"session_timeout" range:"3s..60s" doc:"Silence after which the group gives an instance's partitions to others. Shorter: faster take-over, but a slow network causes needless ones. The broker's group.min.session.timeout.ms (6 s by default) is the lowest it accepts."`
	TransactionTimeout time.Duration `mapstructure:"transaction_timeout" range:"5s..60s" doc:"Time after which the broker aborts a transaction of an owner that hangs; until then readers of committed records wait. Shorter than a checkpoint takes: every checkpoint fails."`
	PrefetchBytes      Size          `mapstructure:"prefetch_bytes" range:"1MiB..1GiB" doc:"What one fetch of one partition asks for at most. Up to three are held per partition (in work, waiting, on the way), then fetching pauses."`
}

// TLS of the connection to the brokers.
type TLS struct {
	Enabled    bool   `mapstructure:"enabled" doc:"Encrypt the connection. Off: telemetry with subscriber identities crosses the network in clear."`
	CAFile     string `mapstructure:"ca_file" doc:"PEM certificates of the authorities that are trusted. Empty: those of the system."`
	CertFile   string `mapstructure:"cert_file" doc:"PEM certificate chain that identifies the program to the brokers; together with key_file."`
	KeyFile    string `mapstructure:"key_file" doc:"PEM private key of cert_file."`
	ServerName string `mapstructure:"server_name" doc:"Name the brokers' certificates must carry. Empty: the host that is dialled."`
}

// SASL is how the program proves who it is.
type SASL struct {
	Mechanism    string `mapstructure:"mechanism" oneof:"none plain scram-sha-256 scram-sha-512" doc:"How the password is proved. plain sends it as it is, so turn on kafka.tls.enabled with it."`
	Username     string `mapstructure:"username" doc:"Principal the broker's access rules know."`
	PasswordFile string `mapstructure:"password_file" doc:"File that holds the password; a line end behind it is ignored."`
}

// Topics says how topics are named.
type Topics struct {
	Prefix string `mapstructure:"prefix" doc:"In front of every topic name and consumer group, so that several Cordons can share one cluster. All programs of one need the same."`
}

// Name returns the full name of a topic.
func (t Topics) Name(topic string) string { return t.Prefix + topic }

// Log says how much is logged and in which form.
type Log struct {
	Level  string `mapstructure:"level" oneof:"debug info warn error" doc:"Lowest level that is written to standard error."`
	Format string `mapstructure:"format" oneof:"json text" doc:"json: one object per line, for machines. text: for people."`
}

// HTTP is the address of metrics, health and readiness.
type HTTP struct {
	Listen string `mapstructure:"listen" doc:"host:port of /metrics, /healthz and /readyz, or off. On a loopback address /debug/pprof is served too. There is no authentication: do not expose it."`
}

// Off as http.listen turns the server off.
const Off = "off"

// Checkpoint says how often state is made durable.
type Checkpoint struct {
	Interval time.Duration `mapstructure:"interval" range:"10ms..5m" doc:"Time between two checkpoints of a partition. Shorter: less work is repeated after a crash, and outputs inside the transaction arrive sooner; longer: fewer bytes are written."`
}

// Default returns the defaults all programs share. A program changes what
// differs (http.listen, checkpoint.interval) and adds its settings.
func Default[T any]() Program[T] {
	return Program[T]{
		Kafka: Kafka{
			Brokers:            []string{"127.0.0.1:9092"},
			SASL:               SASL{Mechanism: "none"},
			StartTimeout:       time.Minute, // a compose file or a node starts everything at once
			SessionTimeout:     6 * time.Second,
			TransactionTimeout: 15 * time.Second, // well below the 2 min after which a silent partition counts as STALLED
			PrefetchBytes:      4 * MiB,          // smaller fetches read the tails of large batches twice (measured)
		},
		Topics:          Topics{Prefix: "cordon."},
		Log:             Log{Level: "info", Format: "json"},
		HTTP:            HTTP{Listen: Off},
		Checkpoint:      Checkpoint{Interval: 100 * time.Millisecond},
		ShutdownTimeout: 10 * time.Second,
	}
}

// derive fills what is made of other keys when it is left empty.
func (p *Program[T]) derive(program string) {
	if p.Group == "" {
		p.Group = p.Topics.Prefix + program
	}
	if p.Kafka.ClientID == "" {
		p.Kafka.ClientID = "cordon-" + program
	}
}
