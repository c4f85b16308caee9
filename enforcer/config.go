package main

import settings "cordon/internal/settings/enforcer"

// defaults are the enforcer's configuration where file, environment and flags say
// nothing. Keys, units and consequences: enforcer --help, docs/operations.md.
var defaults = settings.Default()
