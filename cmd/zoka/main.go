// Command zoka is a shell for ZooKeeper and a ZooKeeper-compatible server in one program. It picks its mode by the
// name it is called by, or by the first word; without either it is the shell:
//
//	zoka [flags]                      interactive, or the commands of standard input
//	zoka [flags] COMMAND [ARG…]       one command
//	zoka [flags] -f FILE | -c LINE    a script
//
// Each mode is a row of the table in modes.go and a file. Signals are handled, and exit codes chosen, here alone.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/zoka-project/zoka/shell/command"
)

func main() { os.Exit(run()) }

// process is what a mode is given of the operating system.
type process struct {
	name   string   // argv[0]
	args   []string // what follows the mode's name
	stdin  *os.File
	stdout *os.File
	stderr *os.File
	getenv func(string) string
	// onExit is called when a signal is about to end the process, before anything else: it restores the
	// terminal.
	onExit atomic.Pointer[func()]
	// passOn takes the signals for another program, as long as it is set: they do not end this one.
	passOn atomic.Pointer[func(syscall.Signal)]
}

// signalError is the cause of a context that a signal has ended.
type signalError struct{ syscall.Signal }

func (e signalError) Error() string { return "signal: " + e.Signal.String() }

// run is main without the exit, so that what it defers is done.
func run() int {
	p := &process{
		name: os.Args[0], args: os.Args[1:],
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv,
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // under nohup it is, and stays so
		signal.Notify(signals, syscall.SIGHUP)
	}
	signal.Ignore(syscall.SIGPIPE) // a closed pipe is an error of the writer: the session must still be ended
	go p.handle(signals, cancel)   // lives as long as the process

	m := pick(p)
	code := m.run(ctx, p)
	var sig signalError
	if errors.As(context.Cause(ctx), &sig) && !m.service {
		return 128 + int(sig.Signal)
	}
	return int(code)
}

// oneWish is how soon after the first signal another one is no new wish, but the same said twice: `timeout` signals its
// command and then its group, which the command is in. A broker must not be torn from its orderly end by that.
const oneWish = 500 * time.Millisecond

// handle ends the context at the first signal, so that sessions are closed, and the process at the second.
func (p *process) handle(signals <-chan os.Signal, cancel context.CancelCauseFunc) {
	var first time.Time
	for {
		sig := (<-signals).(syscall.Signal)
		if pass := p.passOn.Load(); pass != nil {
			(*pass)(sig)
			continue
		}
		if restore := p.onExit.Load(); restore != nil {
			(*restore)()
		}
		switch {
		case first.IsZero():
			first = time.Now()
			cancel(signalError{sig})
		case time.Since(first) > oneWish:
			os.Exit(128 + int(sig))
		}
	}
}

// fail says on standard error why the process ends, and returns the code.
func (p *process) fail(err error) command.ExitCode {
	if errors.Is(err, syscall.EPIPE) { // who reads has had enough
		return command.ExitCodeOf(err)
	}
	_, _ = io.WriteString(p.stderr, "zoka: "+err.Error()+"\n")
	return command.ExitCodeOf(err)
}
