package main

import "cordon/internal/settings"

// defaults are the collector's configuration where file, environment and flags say
// nothing. Keys, units and consequences: collector --help, docs/operations.md.
var defaults = settings.DefaultCollector()
