package kafkatest

import "syscall"

// diesWithParent makes the kernel kill a child when this process dies, however
// it dies. Its own process group keeps a Ctrl-C meant for the tests from ending
// the broker under them.
func diesWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
