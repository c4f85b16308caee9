//go:build !linux

package kafkatest

import "syscall"

// diesWithParent leaves a child in the process group of this process: no kernel
// but Linux's kills it along with its parent, but a Ctrl-C reaches both.
func diesWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
