package e2e

import "syscall"

// diesWithTests makes the kernel kill a program when the tests die, however
// they die: a paused one would stay for ever.
func diesWithTests() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
