//go:build !linux

package e2e

import "syscall"

// diesWithTests does nothing where the kernel cannot.
func diesWithTests() *syscall.SysProcAttr { return nil }
