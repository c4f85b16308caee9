//go:build !linux

package kafkatest

import "errors"

// probeMount says why no file system can be mounted.
func probeMount() error { return errors.New("file systems in memory are mounted on Linux only") }

func mount(string, int64) error { return probeMount() }

func unmount(string) error { return nil }
