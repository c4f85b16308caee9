package main

import settings "cordon/internal/settings/scorer"

// defaults are the scorer's configuration where file, environment and flags say
// nothing. Keys, units and consequences: scorer --help, docs/operations.md.
var defaults = settings.Default()
