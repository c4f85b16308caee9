package task

// PeerSettings say what terminals of a partition tell of each other.
type PeerSettings struct {
	Enabled bool  `mapstructure:"enabled" doc:"false compares nobody with others: shipped priors serve for all terminals, as for one alone."`
	Shown   int64 `mapstructure:"shown" range:"1..200" unit:"terminals" doc:"Least size of a population that progress records tell of: smaller ones say something of single terminals."`
}

// defaultPeers: a population of five is shown. Verdicts name as expected what peers
// do only where there are 200 of them (peer.Needed).
var defaultPeers = PeerSettings{Enabled: true, Shown: 5}
