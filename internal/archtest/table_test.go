package archtest

// home is a row of the table of modules: who may import another module.
type home struct {
	module  string   // prefix of import paths; the longest that fits decides
	code    []string // folders that may, with what is below them
	tests   []string // folders whose tests may as well
	anyTest bool     // every test may, and every folder named …test
	why     string
}

// modules gives each dependency its home.
var modules = []home{
	{module: "github.com/segmentio/kafka-go", code: []string{"internal/stream/kafka"},
		tests: []string{"internal/embedded", "internal/kafkatest", "internal/e2e"},
		why:   "what Kafka does to a task is decided in internal/stream/kafka alone, so that the client can be replaced there; the tests of the brokers need a client that is not their own"},
	{module: "github.com/twmb/franz-go", code: []string{"internal/kafkatest"}, anyTest: true,
		why: "franz-go is the second opinion on our own client, in tests only"},
	{module: "github.com/twmb/franz-go/pkg/kfake", code: []string{"internal/embedded"}, anyTest: true,
		why: "kfake is a test fake; internal/embedded says what it does and does not promise"},
	{module: "github.com/klauspost/compress", code: []string{"internal/stream/recordbatch"}, tests: []string{"internal/stream"},
		why: "decompression is bounded in one place"},
	{module: "github.com/pierrec/lz4/v4", code: []string{"internal/stream/recordbatch"}, tests: []string{"internal/stream"},
		why: "decompression is bounded in one place"},

	{module: "github.com/linkedin/goavro/v2", code: []string{"internal/record/codec"}, tests: []string{"internal/raw", "internal/record", "schemas"},
		why: "goavro is unsafe with its default limits (5 bytes exhaust memory); one package sets them"},
	{module: "github.com/twmb/avro", code: []string{"internal/record/codec", "internal/capture"}, tests: []string{"internal/raw", "internal/record", "schemas"},
		why: "records of other writer schemas are resolved, and counted, in one place; container files are read beside the other captures"},

	{module: "github.com/spf13/viper", code: []string{"internal/config"},
		why: "viper accepts unknown keys and bare numbers as durations; internal/config refuses both"},
	{module: "github.com/go-viper/mapstructure/v2", code: []string{"internal/config"}, why: "part of viper"},
	{module: "go.yaml.in/yaml/v3", code: []string{"internal/config"}, why: "configuration is read strictly in one place"},
	{module: "github.com/spf13/pflag", code: []string{"internal/config", "internal/program", "collector", "scorer", "enforcer", "cordonctl", "demo"},
		why: "flags belong to programs"},
	{module: "github.com/spf13/cobra", code: []string{"collector", "scorer", "enforcer", "cordonctl", "demo"},
		why: "commands belong to programs"},

	{module: "github.com/rs/zerolog", code: []string{"internal/logging"},
		why: "a logger that takes any value would log an identity; internal/logging takes only fields that cannot name a subscriber"},
	{module: "github.com/prometheus/client_golang", code: []string{"internal/observe"}, tests: []string{"internal/e2e"},
		why: "a label that takes any value would hold an identity; internal/observe bounds names and labels"},

	{module: "github.com/testcontainers/testcontainers-go", code: []string{"internal/kafkatest"},
		why: "containers are a matter of tests"},
	{module: "github.com/moby/moby", code: []string{"internal/kafkatest"}, why: "part of testcontainers"},

	{module: "github.com/gopacket/gopacket", code: []string{"internal/capture"}, anyTest: true,
		why: "captures are hostile input; one package reads them, within bounds"},
	{module: "github.com/ulikunitz/xz", code: []string{"internal/capture"},
		why: "captures are hostile input; one package reads them, within bounds"},
	{module: "golang.org/x/net/publicsuffix", code: []string{"collector/domain"},
		why: "the list decides what a domain gives away; one stage applies it"},
	{module: "golang.org/x/sync", code: []string{"internal/stream/kafka", "internal/service", "internal/program", "collector", "scorer", "enforcer", "cordonctl", "demo"}, anyTest: true,
		why: "goroutines are started by what runs tasks, not by what decides"},

	{module: "pgregory.net/rapid", anyTest: true, why: "laws are tests"},
	{module: "go.uber.org/goleak", anyTest: true, why: "leaks are looked for in tests"},
}

// The folders that hold programs, and what runs their tasks without Kafka.
var (
	programs = []string{"collector", "scorer", "enforcer"}
	runners  = []string{"internal/backtest", "internal/evaluate", "internal/scenario", "internal/simulation", "internal/e2e"}
)

// importerRow is a row of the table of importers: who may import a folder of ours.
type importerRow struct {
	folder   string
	by       []string
	testsToo bool // tests are bound as well
	why      string
}

// importers binds the packages that not everybody may use.
var importers = []importerRow{
	{folder: "internal/raw", by: seesIdentity, testsToo: true, why: whyIdentity},
	{folder: "internal/identity", by: seesIdentity, testsToo: true, why: whyIdentity},
	{folder: "internal/capture", by: seesIdentity, testsToo: true, why: whyIdentity},
	{folder: "internal/feed", by: seesIdentity, testsToo: true, why: whyIdentity},
	{folder: "internal/replay", by: seesIdentity, testsToo: true, why: whyIdentity},
	{folder: "internal/simulate", by: seesIdentity, testsToo: true, why: whyIdentity},

	{folder: "collector", by: append([]string{"cordonctl", "demo", "internal/settings/collector"}, runners...), why: whyTopics},
	{folder: "scorer", by: append([]string{"cordonctl", "internal/settings/scorer", "docs"}, runners...), testsToo: true, why: whyTopics},
	{folder: "enforcer", by: append([]string{"cordonctl", "internal/settings/enforcer", "docs"}, runners...), testsToo: true, why: whyTopics},

	{folder: "internal/stream/kafka", by: append([]string{"internal/program", "internal/replay", "cordonctl", "demo", "internal/e2e"}, programs...),
		why: "a task runs on either log and must not know which"},
	{folder: "internal/stream/memory", by: runners,
		why: "the log in memory keeps nothing; no program may run on it"},
	{folder: "internal/stream/recordbatch", by: []string{"internal/stream/kafka"},
		why: "what is on the wire is a matter of the Kafka log"},
	{folder: "internal/embedded", by: []string{"demo", "internal/kafkatest"},
		why: "the embedded broker is a test fake; no program may depend on it"},
	{folder: "internal/settings/collector", by: []string{"collector", "cordonctl"}, why: whyTopics},
	{folder: "internal/settings/scorer", by: []string{"scorer", "cordonctl"}, why: whyTopics},
	{folder: "internal/settings/enforcer", by: []string{"enforcer", "cordonctl"}, why: whyTopics},
	{folder: "internal/testreport", testsToo: true, why: "it is a tool of the Makefile"},
	{folder: "internal/archtest", testsToo: true, why: "it holds tests only"},
}

const (
	whyIdentity = "these packages can name a subscriber; they serve what comes before the collector, the collector itself and what runs the whole flow"
	whyTopics   = "the programs are joined by topics alone, so each can be replaced and deployed by itself"
)

var (
	// seesIdentity are the folders that handle raw records.
	seesIdentity = append([]string{"collector", "cordonctl", "demo",
		"internal/raw", "internal/capture", "internal/feed", "internal/replay", "internal/simulate"}, runners...)
	// identityFolders can name a subscriber.
	identityFolders = []string{"internal/raw", "internal/identity", "internal/capture", "internal/feed", "internal/replay", "internal/simulate", "collector"}
	// blind are the folders that must not reach them, however far round.
	blind = []string{"scorer", "enforcer"}
)

// pureFolder is a row of the table of pure packages.
type pureFolder struct {
	folder   string
	cordon   []string // packages of ours beside pureBase: the stages before it
	standard []string // packages of the standard library beside pureStandard
	why      string   // of the extra rows
}

// pureBase may be imported by every pure package.
var pureBase = []string{"internal/record", "schemas"}

// pureStandard has no files, network, processes, locks, randomness or logs.
// Package time is there for its types; its clocks are refused separately.
var pureStandard = []string{
	"bytes", "cmp", "container/heap", "encoding/binary", "encoding/hex", "errors", "fmt", "hash", "hash/crc32", "hash/crc64",
	"iter", "maps", "math", "math/bits", "net/netip", "slices", "sort", "strconv", "strings", "time", "unicode", "unicode/utf8",
}

// pure lists the packages that decide, in the order of the flow: no clock,
// goroutine, map order or float may reach what they return.
var pure = []pureFolder{
	{folder: "collector/piece"},
	{folder: "collector/validate", cordon: []string{"internal/raw", "internal/identity"}},
	{folder: "collector/clock", cordon: []string{"internal/raw", "collector/piece"}},
	{folder: "collector/resolve", cordon: []string{"internal/raw", "internal/identity", "collector/piece", "collector/validate", "collector/clock"},
		standard: []string{"unique"}, why: "many bindings share few names, which unique keeps once"},
	{folder: "collector/pseudonym", cordon: []string{"internal/identity"},
		standard: []string{"crypto/hkdf", "crypto/hmac", "crypto/sha256", "crypto/subtle", "encoding/json", "hash/maphash", "io"},
		why:      "keyed derivation; key files are JSON; maphash spreads its cache, whose order no output shows"},
	{folder: "collector/domain"},
	{folder: "collector/seal", cordon: []string{"internal/identity", "collector/pseudonym"},
		standard: []string{"crypto/aes", "crypto/cipher", "crypto/hkdf", "crypto/hmac", "crypto/hpke", "crypto/sha256", "crypto/subtle"},
		why:      "authenticated encryption"},
	{folder: "collector/policy", cordon: []string{"internal/raw", "internal/identity", "collector/validate", "collector/resolve",
		"collector/pseudonym", "collector/domain", "collector/seal"}},
	{folder: "collector/task", cordon: []string{"internal/raw", "internal/identity", "internal/stream", "collector"},
		standard: []string{"encoding/json"}, why: "the whole flow of the program; state is JSON where it is small"},

	{folder: "scorer/page", standard: []string{"unsafe"}, why: "it touches the lines of the cache that an element lies in; no byte of it is used"},
	{folder: "scorer/pane", cordon: []string{"scorer/page"}},
	{folder: "scorer/feature", cordon: []string{"scorer/pane"}},
	{folder: "scorer/profile", cordon: []string{"scorer/pane"}},
	{folder: "scorer/detect", cordon: []string{"scorer/pane", "scorer/feature", "scorer/profile"}},
	{folder: "scorer/peer", cordon: []string{"scorer/pane", "scorer/feature"}},
	{folder: "scorer/judge", cordon: []string{"scorer/pane", "scorer/feature", "scorer/detect"}},
	{folder: "scorer/network", cordon: []string{"scorer/pane", "scorer/feature", "scorer/detect", "scorer/judge"}},
	{folder: "scorer/task", cordon: []string{"internal/stream", "scorer"},
		standard: []string{"crypto/sha256", "encoding/json"}, why: "the whole flow of the program; ids are hashes"},

	{folder: "enforcer/ladder", standard: []string{"crypto/sha256"}, why: "command ids are hashes of what caused them"},
	{folder: "enforcer/guard", cordon: []string{"enforcer/ladder"}},
	{folder: "enforcer/audit", cordon: []string{"enforcer/ladder", "enforcer/guard"},
		standard: []string{"crypto/sha256"}, why: "the audit is a hash chain"},
	{folder: "enforcer/task", cordon: []string{"internal/stream", "enforcer"},
		standard: []string{"crypto/sha256", "encoding/json"}, why: "the whole flow of the program; ids are hashes"},
}

// impure lists the packages inside a program that do rather than decide.
var impure = []string{
	"collector/keyfile", // opens key files and checks who may read them
	"enforcer/console",  // serves people
}
