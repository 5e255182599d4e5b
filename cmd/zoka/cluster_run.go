package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
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

// exitCannotRun is the code for a program that is there and cannot be run, as a Unix shell has it.
const exitCannotRun command.ExitCode = 126

// cannotRun tells of such a program.
type cannotRun struct {
	name string
	err  error
}

func (e *cannotRun) Error() string { return e.name + ": " + e.err.Error() }
func (e *cannotRun) Unwrap() error { return e.err }

// whyNot is why a program that was found could not be started. The system says of a script without its interpreter
// that there is no such file, and does not say which.
func whyNot(program string, err error) error {
	err = systemReason(err)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, openErr := os.Open(program)
	if openErr != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, 256) // more than the system reads
	n, _ := f.Read(head)      // less will do
	line, _, _ := strings.Cut(string(head[:n]), "\n")
	if words := strings.Fields(strings.TrimPrefix(line, "#!")); strings.HasPrefix(line, "#!") && len(words) > 0 {
		return fmt.Errorf("its interpreter %s: %w", words[0], err)
	}
	return err
}

// systemReason is an error without the operation and the path.
func systemReason(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

func clusterRunCommand(r *clusterRun) command.Spec {
	return command.Spec{
		Name:  "run",
		Short: "run a command beside an ensemble that lives as long as it",
		Args:  []command.Arg{{Name: "-- COMMAND", Kind: command.Text}, {Name: "ARG", Kind: command.Text, Optional: true, Repeat: true}},
		Long: "The servers are on free ports, their data are temporary and not synced to the disk. COMMAND finds them by\n" +
			"ZOKA_ZOOKEEPER and ZOKA_KAFKA; `zoka` does so by itself, also `zoka cluster kill 2`. The exit code is COMMAND's, signals are\n" +
			"passed on to it, and in the end nothing is left, whatever has happened.",
		Group: command.Ensemble,
		Examples: []command.Example{
			{Line: "run -- make test", Means: "ZOKA_ZOOKEEPER and ZOKA_KAFKA are 127.0.0.1:…,127.0.0.1:…,127.0.0.1:…"},
			{Line: "run --nodes 1 -- pytest -x", Means: "one server is up sooner"},
		},
		Bind: func(flags *pflag.FlagSet) command.Run {
			o := local.Options{}
			size(flags, &o)
			return func(ctx context.Context, _ *command.Env, args []lex.Word) (render.Result, error) {
				if err := checkSize(flags, &o); err != nil {
					return nil, err
				}
				if first := args[0]; strings.HasPrefix(first.Text, "-") && !first.Quoted {
					return nil, command.Usagef("%s: unknown flag; COMMAND and its flags stand behind --", first.Text)
				}
				words := make([]string, len(args))
				for i, w := range args {
					words[i] = w.Text
				}
				return nil, r.beside(ctx, o, words)
			}
		},
	}
}

// beside starts the ensemble, runs the command and ends the ensemble.
func (r *clusterRun) beside(ctx context.Context, o local.Options, words []string) (err error) {
	program, err := exec.LookPath(words[0])
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return &notFound{words[0]}
	case err != nil:
		return &cannotRun{words[0], systemReason(err)}
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
		Env: append(os.Environ(), "ZOKA_ZOOKEEPER="+c.ConnectString(), "ZOKA_KAFKA="+c.BootstrapServers(), "ZOKA_SERVER="+c.ConnectString(), "ZOKA_CLUSTER="+c.Dir()),
	}
	return r.supervise(ctx, cmd)
}

// supervise runs a command, and passes the signals on that this process gets.
func (r *clusterRun) supervise(ctx context.Context, cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return &cannotRun{cmd.Args[0], whyNot(cmd.Path, err)}
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
