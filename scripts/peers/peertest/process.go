package peertest

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	stopTimeout = 20 * time.Second
	pollEvery   = 50 * time.Millisecond
)

// process is one server's process, running or not.
type process struct {
	// LogFile is the path of what it writes to stdout and stderr.
	LogFile string

	cmd  *exec.Cmd     // nil before the first start
	done chan struct{} // closed when the process has ended and been waited for
}

// run starts the process, with an empty log.
func (p *process) run(command []string) error {
	log, err := os.Create(p.LogFile)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	endWithParent(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() { // ended by Kill, which the cleanup calls and which waits for it
		_ = cmd.Wait() // a server that is killed never ends well
		close(done)
	}()
	p.cmd, p.done = cmd, done
	return nil
}

// awaitUntil polls until the server is ready; the error is a process that ended, or a minute gone by.
func (p *process) awaitUntil(ready func() bool) error {
	deadline := time.NewTimer(startTimeout)
	defer deadline.Stop()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		if ready() {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("the process ended: %s", p.cmd.ProcessState)
		case <-deadline.C:
			return fmt.Errorf("it does not serve after %s", startTimeout)
		case <-poll.C:
		}
	}
}

// Pid is the server's process id.
func (p *process) Pid() int { return p.cmd.Process.Pid }

// Stop asks the server to end (SIGTERM) and waits until it has. It is an error if it has to be killed instead.
func (p *process) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && err != os.ErrProcessDone {
		return fmt.Errorf("stop process %d: %w", p.Pid(), err)
	}
	timeout := time.NewTimer(stopTimeout)
	defer timeout.Stop()
	select {
	case <-p.done:
		return nil
	case <-timeout.C:
		p.Kill()
		return fmt.Errorf("stop process %d: still there after %s, killed", p.Pid(), stopTimeout)
	}
}

// Kill ends the server at once (SIGKILL) and waits until it is gone. A server that has ended already stays ended.
func (p *process) Kill() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill() // the one error is that it has ended
	<-p.done
}

// Log is what the process has written so far to stdout and stderr.
func (p *process) Log() string {
	text, err := os.ReadFile(p.LogFile)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
