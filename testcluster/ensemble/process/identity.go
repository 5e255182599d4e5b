package process

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// identity is a process, also after its number has become another's. The zero value is none.
type identity struct {
	Pid     int    `json:"pid,omitempty"`
	Started string `json:"started,omitempty"`
}

// identify returns the identity of a process that runs.
func identify(pid int) (identity, error) {
	started, _, err := look(pid)
	return identity{pid, started}, err
}

// state tells whether the process runs. A child of this process that has ended is reaped.
func (p identity) state() (running, stopped bool) {
	if p.Pid == 0 {
		return false, false
	}
	started, stopped, err := look(p.Pid)
	if err != nil {
		_, _ = unix.Wait4(p.Pid, nil, unix.WNOHANG, nil) // it may be no child of ours
		return false, false
	}
	return started == p.Started, stopped && started == p.Started
}

func (p identity) running() bool {
	running, _ := p.state()
	return running
}

// errGone: there is no such process any more.
var errGone = errors.New("the process has ended")

// signal sends a signal to the process, and never to another: os.Process holds on to the
// process that it has found, and after that we look whether it is the right one.
func (p identity) signal(sig syscall.Signal) error {
	if p.Pid == 0 {
		return errGone
	}
	proc, err := os.FindProcess(p.Pid)
	if err != nil {
		return err
	}
	defer func() { _ = proc.Release() }() // it closes a descriptor
	if !p.running() {
		return errGone
	}
	if err := proc.Signal(sig); errors.Is(err, os.ErrProcessDone) {
		return errGone
	} else if err != nil {
		return err
	}
	return nil
}

// await waits for the process's end.
func (p identity) await(ctx context.Context) error {
	for pause := time.Millisecond; p.running(); pause = min(2*pause, 10*time.Millisecond) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
	return nil
}
