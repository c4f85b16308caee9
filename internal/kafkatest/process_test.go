package kafkatest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"testing"
)

// parentOnly names the variable that turns this test binary into a program
// which starts a child and waits to be killed.
const parentOnly = "CORDON_KAFKATEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parentOnly) != "" {
		runParent()
		return
	}
	os.Exit(Main(m))
}

func runParent() {
	child := exec.Command("sleep", "600")
	child.Stdout = os.Stdout
	if _, err := startProcess(child); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("started")
	select {}
}

// The child holds its parent's standard output open: the end of that pipe is
// the end of both.
func TestChildDiesWithKilledParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no kernel but Linux's ends a child along with its parent")
	}
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentOnly+"=1")
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); err != nil {
		t.Fatalf("the parent said %q: %v", line, err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(lines); err != nil || len(rest) != 0 {
		t.Errorf("after the kill: got %q, %v", rest, err)
	}
	_ = parent.Wait()
}

func TestProcessEnds(t *testing.T) {
	for name, end := range map[string]func(*process){"stop": (*process).stop, "kill": (*process).kill} {
		p, err := startProcess(exec.Command("sleep", "600"))
		if err != nil {
			t.Fatal(err)
		}
		end(p)
		if p.command.ProcessState.Success() {
			t.Errorf("%s: sleep ended with %s", name, p.command.ProcessState)
		}
		end(p)
	}
	if _, err := startProcess(exec.Command("/no/such/program")); err == nil {
		t.Error("startProcess of a program that is not there: no error")
	}
}
