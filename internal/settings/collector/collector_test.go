package collector_test

import (
	"testing"

	"cordon/collector/task"
	"cordon/internal/config"
	settings "cordon/internal/settings/collector"
)

// The defaults are a configuration that is accepted as it is: nobody has to set
// a key to change nothing.
func TestDefaultsAreValid(t *testing.T) {
	loaded, err := config.Load(config.Options[task.Settings]{Program: "collector", Defaults: settings.Default(), Environ: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := loaded.HTTP.Listen, "127.0.0.1:9101"; got != want {
		t.Errorf("http.listen is %s, want %s: one machine runs all three programs", got, want)
	}
	if got, want := loaded.Group, "cordon.collector"; got != want {
		t.Errorf("group is %s, want %s", got, want)
	}
}
