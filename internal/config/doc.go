// Package config reads the configuration of a program: defaults, one YAML file,
// the environment and flags, each stronger than the one before.
//
// What it is: a typed front of viper, the only package that imports it. viper
// holds the values and fills the struct, exactly and without conversions; what
// it lacks stands in front of it: unknown keys, keys that differ by case,
// durations and sizes without unit, and values of the wrong type are refused
// with the key, the file and the line, and with what to write instead.
//
// One name everywhere: the key kafka.session_timeout is session_timeout under
// kafka in the file, CORDON_KAFKA_SESSION_TIMEOUT in the environment and
// --kafka.session_timeout as a flag. An empty variable counts as not set.
//
// A key is a field of Program or of the program's own settings T, described by
// its tags, from which both the checks and the documentation are made:
//
//	mapstructure  its name, lower case; ",squash" puts a struct's keys on its own level
//	doc           what it does and what follows from it (required)
//	unit          what a number counts; durations and sizes carry their unit
//	range         "3s..60s": lowest and highest value, either may be left out
//	oneof         "none lz4": the values allowed
//
// Fields are text, truth values, whole numbers, time.Duration, Size, anything
// with UnmarshalText, lists of these, and lists of structs of these (file only).
//
// What it promises: the same inputs give the same result; all problems of the
// sources are told at once; every error is an *Error and matches
// failure.ErrUsage. No secret can be given inline in the file, the environment
// or a flag, and none is printed: a secret is a file named by a key that ends in
// _file, read with ReadSecret.
//
// What it does not: it watches no file and keeps no global. Relative paths are
// relative to the working directory.
package config
