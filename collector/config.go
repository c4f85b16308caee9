package main

import settings "cordon/internal/settings/collector"

// defaults are the collector's configuration where file, environment and flags say
// nothing. Keys, units and consequences: collector --help, docs/operations.md.
var defaults = settings.Default()
