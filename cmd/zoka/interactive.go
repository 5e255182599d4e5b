package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/complete"
	"github.com/zoka-project/zoka/shell/lex"
	"github.com/zoka-project/zoka/shell/tty"
)

// interact reads lines that a person types. The session is opened first: without a server there is no prompt. Who
// has named brokers alone gets a prompt on those.
func (s *session) interact(ctx context.Context) error {
	var err error
	if s.onlyKafka() {
		_, err = s.env.Kafka(ctx)
	} else {
		_, err = s.env.ZK(ctx)
	}
	if err != nil {
		s.env.Notify("zoka: " + err.Error())
		return err
	}
	completer := complete.New(complete.ForEnv(s.env, s.refresh))
	defer completer.Close()
	t, err := s.open(completer)
	if errors.Is(err, tty.ErrNoTerminal) {
		return s.shell.Script(ctx, "stdin", s.p.stdin)
	}
	if err != nil {
		s.env.Notify("zoka: " + err.Error())
		return err
	}
	defer t.Close()
	s.env.ReadLine, s.env.ReadSecret = cancelling(t.ReadLine), cancelling(t.ReadPassword)
	restore := t.Restore
	s.p.onExit.Store(&restore)
	defer s.p.onExit.Store(nil)
	s.terminal.Store(t)
	defer s.terminal.Store(nil)
	if s.flags.embedded {
		s.env.Notify("three servers and three brokers of its own, gone when you leave; `cluster status` shows them:")
		s.env.Notify(s.flags.server)
	}
	return t.Run(ctx, func(ctx context.Context, line string) (quit bool) {
		defer completer.Forget() // the command may have changed what is there
		return s.shell.Line(ctx, line)
	})
}

// cancelling asks for a line with Ctrl-C as commands know it.
func cancelling(ask func(context.Context, string) (string, error)) func(context.Context, string) (string, error) {
	return func(ctx context.Context, prompt string) (string, error) {
		line, err := ask(ctx, prompt)
		if errors.Is(err, tty.ErrInterrupted) {
			err = context.Canceled
		}
		return line, err
	}
}

// onlyKafka tells that brokers were named, and no ZooKeeper.
func (s *session) onlyKafka() bool {
	return s.flags.kafka.Bootstrap != "" && !s.flags.named && !s.flags.embedded
}

// open makes the terminal. A history that cannot be kept is no reason to refuse work.
func (s *session) open(completer *complete.Completer) (*tty.Terminal, error) {
	history, err := tty.OpenHistory(s.historyFile(), s.secret)
	if err != nil {
		s.env.Notify("zoka: " + err.Error() + "; it is not kept")
		if history, err = tty.OpenHistory("", s.secret); err != nil {
			return nil, err
		}
	}
	s.history = history
	colored := s.colored()
	return tty.Open(tty.Config{
		Prompt:      s.shell.Prompt,
		PromptStyle: func() string { return s.promptStyle(colored) },
		Color:       colored,
		Complete:    candidates(completer),
		Incomplete:  incomplete,
		History:     history,
	})
}

func (s *session) colored() bool {
	switch s.flags.settings.Color {
	case command.ColorAlways:
		return true
	case command.ColorNever:
		return false
	}
	return s.p.getenv("NO_COLOR") == "" && s.p.getenv("TERM") != "dumb"
}

// promptStyle makes a lost connection visible.
func (s *session) promptStyle(colored bool) string {
	switch {
	case !colored:
		return ""
	case s.env.Session.State() != "CONNECTED" && !s.onlyKafka():
		return "1;31"
	}
	return "1;32"
}

// historyFile is where the history is kept, "" for nowhere. ZOKA_HISTORY names another file, or none.
func (s *session) historyFile() string {
	for _, pair := range os.Environ() {
		if file, ok := strings.CutPrefix(pair, "ZOKA_HISTORY="); ok {
			return file
		}
	}
	dir := s.p.getenv("XDG_STATE_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(home, ".local", "state")
	}
	dir = filepath.Join(dir, "zoka")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return ""
	}
	return filepath.Join(dir, "history")
}

// secret tells a line that is kept out of the history: one of its commands, or its first word where it cannot be
// read, is marked so in its row, or a word is a property such as a password.
func (s *session) secret(line string) bool {
	isSecret := func(name string) bool {
		spec, err := s.env.Commands.Lookup(name)
		return err == nil && spec.Secret
	}
	cmds, _ := lex.Parse(line)
	for _, cmd := range cmds {
		if isSecret(cmd.Words[0].Text) || slices.ContainsFunc(cmd.Words[1:], func(w lex.Word) bool { return command.HoldsSecret(w.Text) }) {
			return true
		}
	}
	first, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	return isSecret(first) || len(cmds) == 0 && command.HoldsSecret(line)
}

// candidates asks the completer for the terminal, which knows it as little as it knows the terminal.
func candidates(c *complete.Completer) func(line string, cursor int) []tty.Candidate {
	return func(line string, cursor int) []tty.Candidate {
		var out []tty.Candidate
		for _, candidate := range c.Complete(line, cursor) {
			out = append(out, tty.Candidate(candidate))
		}
		return out
	}
}

// incomplete tells a line that goes on, as with an open quote.
func incomplete(line string) bool {
	_, err := lex.Parse(line)
	var syntax *lex.Error
	return errors.As(err, &syntax) && syntax.Incomplete
}
