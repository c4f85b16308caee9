package kafkatest

import (
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// stopTimeout bounds an orderly stop; what has not ended then is killed.
const stopTimeout = 30 * time.Second

// process is a running child that does not outlive this process.
type process struct {
	command *exec.Cmd
	// done is closed when the child has ended and been waited for.
	done chan struct{}
}

// startProcess starts the command and waits for its end in a goroutine that
// keeps its thread: the kernel takes the death of the thread that started a
// child for the death of its parent.
func startProcess(command *exec.Cmd) (*process, error) {
	command.SysProcAttr = diesWithParent()
	p := &process{command: command, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait()
			close(p.done)
		}
	}()
	return p, <-started
}

// stop asks the child to end and waits until it has. One that is stopped
// hears it when it goes on.
func (p *process) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	_ = p.command.Process.Signal(syscall.SIGCONT)
	patience := time.NewTimer(stopTimeout)
	defer patience.Stop()
	select {
	case <-p.done:
	case <-patience.C:
		p.kill()
	}
}

// kill ends the child at once and waits until it has ended.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.done
}
