package main

import "syscall"

// detached keeps Ctrl-C for the demo, which stops the programs in order, and
// has the kernel end them should the demo itself be killed.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
