//go:build !linux

package main

import "syscall"

// detached keeps Ctrl-C for the demo, which stops the programs in order.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
