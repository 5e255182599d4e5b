package peertest

import (
	"os/exec"
	"syscall"
)

// endWithParent has the kernel end the server with the test program, which may go without any cleanup (a panic, a
// test timeout).
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
