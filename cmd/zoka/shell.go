package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"golang.org/x/term"

	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell"
	"github.com/zoka-project/zoka/shell/builtin"
	"github.com/zoka-project/zoka/shell/clustercmd"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/kafkacmd"
	"github.com/zoka-project/zoka/shell/tty"
	"github.com/zoka-project/zoka/shell/zkcmd"
)

// commands is the table of all commands of the shell. cluster finds the ensemble that the command of that name is about.
func commands(cluster clustercmd.Find) (*command.Registry, error) {
	return command.NewRegistry(zkcmd.Commands, clustercmd.Commands(cluster), kafkacmd.Commands, builtin.Commands)
}

// runShell is the mode without a name.
func runShell(ctx context.Context, p *process) command.ExitCode {
	flags, err := parseShellFlags(p)
	switch {
	case err != nil:
		return p.fail(err)
	case flags.help:
		return showUsage(ctx, p)
	case flags.version:
		p.args = nil
		return runVersion(ctx, p)
	}
	if len(flags.words) > 1 && flags.words[0].Text == "cluster" && clustercmd.Outside(flags.words[1].Text) {
		p.args = p.args[len(p.args)-len(flags.words)+1:]
		return (&clusterRun{p: p, output: flags.settings.Output, color: flags.settings.Color}).run(ctx)
	}
	hint := ""
	if !flags.named {
		hint = "name one with -server HOST:PORT, or start one for this shell: zoka --embedded"
	}
	if flags.embedded {
		stop, err := flags.startEnsemble(ctx)
		if err != nil {
			return p.fail(err)
		}
		defer stop()
	}
	s, err := newSession(p, flags, hint)
	if err != nil {
		return p.fail(err)
	}
	defer s.close()
	return command.ExitCodeOf(s.run(ctx))
}

// session is one run of the shell: its parts, and where its talk goes.
type session struct {
	p     *process
	flags *shellFlags
	env   *command.Env
	shell *shell.Shell

	terminal atomic.Pointer[tty.Terminal] // while a person types
	history  *tty.History                 // likewise
}

func newSession(p *process, flags *shellFlags, hint string) (*session, error) {
	s := &session{p: p, flags: flags}
	registry, err := commands(s.cluster)
	if err != nil {
		return nil, err
	}
	options := command.NewOptions(flags.settings)
	c := client(hint)
	s.env = &command.Env{
		Commands: registry,
		Options:  options,
		Client:   c,
		Notify:   s.notify,
		Version:  version(),
	}
	target := command.Target{Servers: flags.server, ReadOnly: flags.readOnly, Unreachable: func(why error) {
		s.env.Notify("zoka: still trying: " + why.Error())
	}}
	s.env.Session = command.NewSessions(c, options, target, s.env.ShowEvent, s.refresh)
	opened := func() bool { return s.env.Session.Server() != "" }
	s.env.Client.Kafka = kafkaClient(flags.named || flags.embedded, opened)
	brokers := flags.kafka
	brokers.ZK, brokers.Warn = s.env.ZK, func(line string) { s.env.Notify("zoka: " + line) }
	s.env.Brokers = command.NewBrokers(s.env.Client.Kafka, options, brokers, s.env.Session)
	terminal := term.IsTerminal(int(p.stdout.Fd()))
	s.shell = shell.New(shell.Config{
		Env:      s.env,
		Stdout:   p.stdout,
		Terminal: terminal,
		Width:    func() int { return width(p.stdout, terminal) },
		History:  s.typed,
		Getenv:   p.getenv,
		ErrTheme: stderrTheme(p, flags.settings.Color),
	})
	return s, nil
}

// notify shows a line of talk: above the prompt where there is one, unless standard error goes somewhere else.
func (s *session) notify(line string) {
	if t := s.terminal.Load(); t != nil && term.IsTerminal(int(s.p.stderr.Fd())) {
		t.PrintAbove(line)
		return
	}
	_, _ = io.WriteString(s.p.stderr, line+"\n")
}

// refresh draws the prompt anew.
func (s *session) refresh() {
	if t := s.terminal.Load(); t != nil {
		t.Refresh()
	}
}

// typed is the history.
func (s *session) typed() []string {
	if s.history == nil {
		return nil
	}
	return s.history.Lines()
}

// close ends the session on the server, whatever has happened to the context.
func (s *session) close() {
	s.env.Brokers.Close()
	if err := s.env.Session.Close(context.Background()); err != nil {
		s.env.Notify(err.Error())
	}
}

// run picks where commands come from.
func (s *session) run(ctx context.Context) error {
	stdin := shell.Reader(ctx, s.p.stdin)
	if term.IsTerminal(int(s.p.stdin.Fd())) {
		s.env.ReadLine = askLine(stdin, s.p.stderr)
		s.env.ReadSecret = askSecret(s.p)
	}
	switch {
	case len(s.flags.words) > 0:
		s.env.Stdin = stdin
		return s.shell.Words(ctx, s.flags.words)
	case s.flags.hasLine:
		s.env.Stdin = stdin
		return s.shell.Script(ctx, "-c", strings.NewReader(s.flags.line))
	case s.flags.hasFile && s.flags.file != "-":
		s.env.Stdin = stdin
		return s.runFile(ctx)
	case !s.flags.hasFile && term.IsTerminal(int(s.p.stdin.Fd())):
		return s.interact(ctx)
	}
	return s.shell.Script(ctx, "stdin", s.p.stdin)
}

// askLine asks who sits at a terminal that is in its ordinary modes.
func askLine(stdin io.Reader, talk io.Writer) func(context.Context, string) (string, error) {
	lines := bufio.NewReader(stdin)
	return func(ctx context.Context, prompt string) (string, error) {
		_, _ = io.WriteString(talk, prompt)
		line, err := lines.ReadString('\n')
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if err == io.EOF && line != "" {
			err = nil
		}
		return strings.TrimSuffix(line, "\n"), err
	}
}

// askSecret asks who sits at a terminal, which does not show the answer. Whatever ends the process on the way restores it.
func askSecret(p *process) func(context.Context, string) (string, error) {
	return func(ctx context.Context, prompt string) (string, error) {
		fd := int(p.stdin.Fd())
		before, err := term.GetState(fd)
		if err != nil {
			return "", err
		}
		restore := func() { _ = term.Restore(fd, before) }
		outer := p.onExit.Swap(&restore)
		defer p.onExit.Store(outer)
		_, _ = io.WriteString(p.stderr, prompt)
		type answer struct {
			secret []byte
			err    error
		}
		answered := make(chan answer, 1)
		go func() { // ends with the read, which nobody can cut short: at the latest with the process
			secret, err := term.ReadPassword(fd)
			answered <- answer{secret, err}
		}()
		defer func() { _, _ = io.WriteString(p.stderr, "\n") }()
		select {
		case a := <-answered:
			return string(a.secret), a.err
		case <-ctx.Done():
			restore()
			return "", context.Cause(ctx)
		}
	}
}

func (s *session) runFile(ctx context.Context) error {
	f, err := os.Open(s.flags.file)
	if err != nil {
		err = command.Usagef("-f %v", err)
		s.env.Notify("zoka: " + err.Error())
		return err
	}
	defer f.Close()
	return s.shell.Script(ctx, s.flags.file, f)
}

func width(f *os.File, terminal bool) int {
	if !terminal {
		return 0
	}
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return w
}

func stderrTheme(p *process, c command.Color) theme.Theme {
	switch c {
	case command.ColorAlways:
		return theme.Color()
	case command.ColorNever:
		return theme.Plain()
	}
	return theme.For(term.IsTerminal(int(p.stderr.Fd())), p.getenv)
}
