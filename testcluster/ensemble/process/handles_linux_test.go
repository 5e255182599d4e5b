package process

import (
	"os"
	"os/exec"
	"testing"

	"github.com/zoka-project/zoka/testcluster/ensemble/control"
)

// A program that knows nothing of the signal would be ended by it; a Go program, once it runs, would not.
func TestHandles(t *testing.T) {
	if !handles(os.Getpid(), control.Signal) {
		t.Error("this process does not take the signal")
	}
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	defer func() {
		_ = cmd.Process.Kill() // it has nothing to lose
		_ = cmd.Wait()         // which says that it was killed
	}()
	if handles(cmd.Process.Pid, control.Signal) {
		t.Error("sleep takes the signal")
	}
}
