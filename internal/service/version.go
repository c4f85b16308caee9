package service

import (
	"fmt"
	"runtime/debug"
)

// release is set by the linker in a release:
// -ldflags "-X cordon/internal/service.release=v1.2.3". Variable for that reason
// only; nothing else writes it.
var release string

// Build says which program this is.
type Build struct {
	// Version of the release, or "dev".
	Version string `json:"version"`
	// Revision is the commit; empty when built outside a repository.
	Revision string `json:"revision,omitempty"`
	// Modified reports whether the working copy differed from Revision.
	Modified bool `json:"modified"`
	// Go is the version of the toolchain.
	Go string `json:"go"`
}

// Version returns what the linker and the toolchain recorded in this binary.
func Version() Build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return buildOf(release, info)
}

func buildOf(release string, info *debug.BuildInfo) Build {
	b := Build{Version: release, Go: info.GoVersion}
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "dev"
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String is one line for a person: "v1.2.3 (0123456789ab, modified, go1.26.8)".
func (b Build) String() string {
	detail := b.Go
	if b.Modified {
		detail = "modified, " + detail
	}
	if b.Revision != "" {
		detail = b.Revision[:min(12, len(b.Revision))] + ", " + detail
	}
	return fmt.Sprintf("%s (%s)", b.Version, detail)
}
