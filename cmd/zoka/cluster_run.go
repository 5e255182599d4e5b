package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
	local "github.com/zoka-project/zoka/testcluster/ensemble/process"
)

// commandEnded carries the exit code of a command that was run, and nothing to show.
type commandEnded struct{ code int }

func (e *commandEnded) Error() string { return fmt.Sprintf("the command ended with %d", e.code) }

// notFound tells of a command that is none: exit code 127, as a Unix shell has it.
type notFound struct{ name string }

func (e *notFound) Error() string { return e.name + ": command not found" }
func (e *notFound) Unwrap() error { return &command.UnknownError{Name: e.name} }

func clusterRunCommand(r *clusterRun) command.Spec {
	return command.Spec{
		Name:  "run",
		Short: "run a command beside an ensemble that lives as long as it",
		Args:  []command.Arg{{Name: "-- COMMAND", Kind: command.Text}, {Name: "ARG", Kind: command.Text, Optional: true, Repeat: true}},
		Long: "The servers are on free ports, their data are temporary and not synced to the disk. COMMAND finds them by\n" +
			"ZOKA_ZOOKEEPER; `zoka` does so by itself, also `zoka cluster kill 2`. The exit code is COMMAND's, signals are\n" +
			"passed on to it, and in the end nothing is left, whatever has happened.",
		Group: command.Ensemble,
		Examples: []command.Example{
			{Line: "run -- make test", Means: "ZOKA_ZOOKEEPER is 127.0.0.1:…,127.0.0.1:…,127.0.0.1:…"},
			{Line: "run --nodes 1 -- pytest -x", Means: "one server is up sooner"},
		},
		Bind: func(fs *pflag.FlagSet) command.Run {
			o := local.Options{}
			size(fs, &o)
			return func(ctx context.Context, _ *command.Env, args []lex.Word) (render.Result, error) {
				if err := checkSize(fs, &o); err != nil {
					return nil, err
				}
				words := make([]string, len(args))
				for i, w := range args {
					words[i] = w.Text
				}
				return nil, r.run(ctx, o, words)
			}
		},
	}
}

// run starts the ensemble, runs the command and ends the ensemble.
func (r *clusterRun) run(ctx context.Context, o local.Options, words []string) (err error) {
	program, err := exec.LookPath(words[0])
	if err != nil {
		return &notFound{words[0]}
	}
	c, err := local.Start(ctx, o)
	if err != nil {
		return coded(err)
	}
	defer func() {
		if closeErr := c.Close(); closeErr != nil {
			err = errors.Join(err, fmt.Errorf("end the ensemble: %w", closeErr))
		}
	}()
	cmd := &exec.Cmd{
		Path: program, Args: words, Stdin: r.p.stdin, Stdout: r.p.stdout, Stderr: r.p.stderr,
		Env: append(os.Environ(), "ZOKA_ZOOKEEPER="+c.ConnectString(), "ZOKA_SERVER="+c.ConnectString(), "ZOKA_CLUSTER="+c.Dir()),
	}
	return r.supervise(ctx, cmd)
}

// supervise runs a command, and passes the signals on that this process gets.
func (r *clusterRun) supervise(ctx context.Context, cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	passOn := func(sig syscall.Signal) {
		if sig != syscall.SIGINT || !inForeground() {
			_ = cmd.Process.Signal(sig) // it may have ended
		}
	}
	r.p.passOn.Store(&passOn)
	defer r.p.passOn.Store(nil)
	var sig signalError
	if errors.As(context.Cause(ctx), &sig) { // it came between the start of the ensemble and now
		passOn(sig.Signal)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &exit):
		return err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return &commandEnded{128 + int(status.Signal())}
	}
	return &commandEnded{exit.ExitCode()}
}

// inForeground tells whether a terminal sends its Ctrl-C to this process: then it sends it to the command too, which
// is in the same group, and should not get it twice.
func inForeground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
