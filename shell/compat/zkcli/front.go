package zkcli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
	"github.com/zoka-project/zoka/shell/zkcmd"
)

// ZK is a session that is being opened, open, or over. The methods that command.ZK does not have are those of
// zkclient.Client.
type ZK interface {
	command.ZK
	State() zkproto.KeeperState
	// Connected waits for the connection as long as ctx allows; ConnectOnce gives up when each server has been
	// tried once.
	Connected(ctx context.Context) error
	ConnectOnce(ctx context.Context) error
	// Settle waits until all events received so far have been handed out.
	Settle(ctx context.Context) error
}

// Config is what a Front is made of.
type Config struct {
	Stdout, Stderr io.Writer
	// Events shows a watch event, several lines without the last line end; nil writes it to Stdout. It is called
	// from a goroutine of the session.
	Events func(text string)
	// Open begins to open a session. Events of all kinds go to Target.Events.
	Open func(command.Target) (ZK, error)
	// Watch, given as the watch of a request, makes its events go to Target.Events: zkclient.DefaultWatch.
	Watch func(zkproto.WatchedEvent)
	// Version is what the command version shows.
	Version func() string
}

// Front is one run of zkCli.sh. Its methods are called by one goroutine.
type Front struct {
	cfg     Config
	opts    Options
	timeout time.Duration
	rows    []row
	stdout  *guarded
	out     *bufio.Writer // the output of one command, to stdout
	stderr  io.Writer

	now     *session                // nil before the first
	shown   atomic.Pointer[session] // the same, for other goroutines
	watches switchable
	history []string // by number; the last is that of the command that runs
	running bool     // a line, which has a number, and not the words of the command line
	due     bool     // the first session, which one command alone may not need, is still to be opened
	code    int
}

// New returns a Front that has no session yet. The error is one of the options.
func New(cfg Config, opts Options) (*Front, error) {
	timeout, err := milliseconds(opts.Timeout)
	if err != nil {
		return nil, err
	}
	f := &Front{cfg: cfg, opts: opts, timeout: timeout, rows: table(), stdout: &guarded{w: cfg.Stdout}, stderr: cfg.Stderr}
	f.out = bufio.NewWriter(f.stdout)
	if f.cfg.Events == nil {
		f.cfg.Events = func(text string) { fmt.Fprintln(f.stdout, text) }
	}
	return f, nil
}

// OneShot runs the command of the command line.
func (f *Front) OneShot(ctx context.Context) {
	f.finish(f.run(ctx, f.opts.Words))
}

// Script runs the lines of r, each after a prompt that looks as if it had been typed.
func (f *Front) Script(ctx context.Context, r io.Reader) {
	lines := bufio.NewReader(r)
	for ctx.Err() == nil {
		f.say(f.Prompt())
		text, err := lines.ReadBytes('\n')
		if len(text) == 0 {
			if err != nil && err != io.EOF && ctx.Err() == nil {
				f.finish(failuref("standard input: %v", err))
			}
			return
		}
		text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
		f.say(string(text) + "\n")
		if f.Line(ctx, string(text)) {
			return
		}
	}
}

// Prompt stands before the line that is read next.
func (f *Front) Prompt() string {
	return fmt.Sprintf("[zk: %s(%s) %d] ", f.Servers(), f.state(), len(f.history))
}

// Line runs a line, and says whether it was to leave.
func (f *Front) Line(ctx context.Context, text string) (quit bool) {
	if text == "" {
		return false
	}
	f.history = append(f.history, text)
	f.running = true
	err := f.run(ctx, splitLine(text))
	f.running = false
	if errors.Is(err, command.ErrQuit) {
		_ = f.out.Flush() // the writer keeps the error
		return true
	}
	f.finish(err)
	return false
}

// ExitCode is that of the last command, as zkCli.sh has it; 1 as well where output was lost.
func (f *Front) ExitCode() int {
	if f.code == 0 && f.stdout.failed() {
		return exitFailed
	}
	return f.code
}

// run runs one command and waits for the events that it has caused.
func (f *Front) run(ctx context.Context, words []lex.Word) error {
	defer f.settle(ctx)
	r := f.row(words[0].Text)
	if r == nil {
		io.WriteString(f.stderr, f.usageText())
		return &failure{"Command not found: Command not found " + words[0].Text, exitUnknown}
	}
	if r.own != nil {
		return f.runOwn(ctx, r, words[1:])
	}
	if !f.due && !f.now.alive() {
		fmt.Fprintln(f.out, "Not connected")
		return errSaid
	}
	l, err := r.parse(words[1:])
	if err == nil {
		err = r.check(l)
	}
	if err != nil {
		return err
	}
	if !r.offline {
		if err := f.ready(ctx); err != nil {
			return failed(l.path(), err)
		}
	}
	return r.run(f, ctx, l)
}

// runOwn runs a command of the front end. Apache's looks for a session after these, too.
func (f *Front) runOwn(ctx context.Context, r *row, words []lex.Word) error {
	err := r.own(f, ctx, words)
	if (err == nil || err.Error() == "") && !f.due && !f.now.alive() {
		fmt.Fprintln(f.out, "Not connected")
	}
	return err
}

// finish shows what a command has printed, and its failure.
func (f *Front) finish(err error) {
	_ = f.out.Flush() // the writer keeps the error
	f.code = 0
	if err == nil {
		return
	}
	if errors.Is(err, command.ErrQuit) {
		return
	}
	var known *failure
	if !errors.As(err, &known) {
		known = &failure{err.Error(), exitFailed}
	}
	f.code = known.code
	if known.text != "" {
		fmt.Fprintln(f.stderr, known.text)
	}
}

func (f *Front) say(text string) {
	f.out.WriteString(text)
	_ = f.out.Flush() // the writer keeps the error
}

// printStat draws the stat block.
func (f *Front) printStat(ctx context.Context, s zkproto.Stat) error {
	return render.Printer{Out: f.out}.Print(ctx, zkcmd.Stat(s))
}

// watch is the watch of a request.
func (f *Front) watch(wanted bool) func(zkproto.WatchedEvent) {
	if !wanted {
		return nil
	}
	return f.cfg.Watch
}

// legacyWatch says whether a read sets a watch: by -w or, as it was spelled before 3.5, by any second argument.
func (f *Front) legacyWatch(l line, name, today string) bool {
	if len(l.args) > 1 {
		fmt.Fprintf(f.stderr, "'%s path [watch]' has been deprecated. Please use '%s path' instead.\n", name, today)
		return true
	}
	return l.has("w")
}

// milliseconds reads the value of -timeout.
func milliseconds(text string) (time.Duration, error) {
	n, ok := number(strings.TrimSpace(text), 32)
	if !ok || n < 0 {
		return 0, command.Usagef("-timeout %s: not a number of milliseconds", lex.Quote(text))
	}
	return time.Duration(n) * time.Millisecond, nil
}
