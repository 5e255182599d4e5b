package shell

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Config is what a Shell is made of.
type Config struct {
	// Env is what commands get. Its Loop is set by [New].
	Env    *command.Env
	Stdout io.Writer
	// Terminal tells that Stdout is one, Width its columns (0: unknown).
	Terminal bool
	Width    func() int
	// History is the lines that were typed, oldest first; nil is none.
	History func() []string
	// Getenv looks up what decides about colours.
	Getenv func(string) string
	// ErrTheme paints the errors.
	ErrTheme theme.Theme
}

// Shell runs commands and shows what they return: results on Config.Stdout, errors by Env.Notify. Its methods
// are called by one goroutine.
type Shell struct {
	cfg Config
	env *command.Env
}

// New returns a Shell, which is from now on the Loop of its Env.
func New(cfg Config) *Shell {
	s := &Shell{cfg: cfg, env: cfg.Env}
	s.env.Loop = s
	return s
}

// Words runs one command. Its error has been shown.
func (s *Shell) Words(ctx context.Context, words []lex.Word) error {
	err := s.command(ctx, lex.Command{Words: words})
	s.report(err)
	return err
}

// Line runs what a person has typed, and says whether it was to leave. Errors have been shown; what stands
// behind a command that failed is not run.
func (s *Shell) Line(ctx context.Context, line string) (quit bool) {
	cmds, err := lex.Parse(line)
	for _, cmd := range cmds {
		if err := s.command(ctx, cmd); err != nil {
			s.report(err)
			return isQuit(err)
		}
	}
	s.report(err)
	return false
}

// command runs one command and shows its result.
func (s *Shell) command(ctx context.Context, cmd lex.Command) error {
	call, err := s.env.Commands.Parse(cmd.Words)
	if err != nil {
		return err
	}
	return s.finish(ctx, cmd, func() (render.Result, error) { return call.Run(ctx, s.env) })
}

// finish gets a command's result and shows it where it belongs. A file that output goes to is opened first, so
// that nothing is done that could not be shown, and is emptied only when there is something to show.
func (s *Shell) finish(ctx context.Context, cmd lex.Command, get func() (render.Result, error)) (err error) {
	if cmd.Redirect == nil {
		result, err := get()
		if result == nil {
			return err
		}
		return cmp.Or(err, s.printer().Print(ctx, result))
	}
	flags := os.O_WRONLY | os.O_CREATE
	if cmd.Redirect.Append {
		flags |= os.O_APPEND
	}
	f, err := os.OpenFile(cmd.Redirect.File.Text, flags, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}()
	result, err := get()
	if err != nil && result == nil {
		return err
	}
	if info, statErr := f.Stat(); statErr == nil && info.Mode().IsRegular() && !cmd.Redirect.Append {
		if err := f.Truncate(0); err != nil {
			return err
		}
	}
	if result == nil {
		return nil
	}
	return cmp.Or(err, render.Printer{Out: f, Format: s.env.Options.Now().Output}.Print(ctx, result))
}

// printer draws on standard output as the options are now.
func (s *Shell) printer() render.Printer {
	now := s.env.Options.Now()
	p := render.Printer{Out: s.cfg.Stdout, Format: now.Output, Theme: s.theme(now.Color), Terminal: s.cfg.Terminal}
	if s.cfg.Width != nil {
		p.Width = s.cfg.Width()
	}
	return p
}

func (s *Shell) theme(c command.Color) theme.Theme {
	switch {
	case c == command.ColorAlways:
		return theme.Color()
	case c == command.ColorNever || s.cfg.Getenv == nil:
		return theme.Plain()
	}
	return theme.For(s.cfg.Terminal, s.cfg.Getenv)
}

// Prompt is zkCli's: `[zk: 127.0.0.1:2181(CONNECTED) 3] `, with the working znode when it is not the root. The
// number is the one that the command will have in the history. Of several servers it names the one that the session
// is connected to.
//
// Before the first session of a shell that uses Kafka it is `[kafka: 127.0.0.1:9092 3] `.
func (s *Shell) Prompt() string {
	dir := ""
	if d := s.env.Dir(); d != "/" {
		dir = " " + d
	}
	if b := s.env.Brokers; b != nil && s.env.Session.State() == "NOT_CONNECTED" && b.Connected() != nil {
		first, _, several := strings.Cut(b.Bootstrap(), ",")
		if several {
			first += ",…"
		}
		return fmt.Sprintf("[kafka: %s%s %d] ", first, dir, len(s.History()))
	}
	return fmt.Sprintf("[zk: %s(%s)%s %d] ", s.where(), s.env.Session.State(), dir, len(s.History()))
}

// where is the server, with the path that all paths begin at.
func (s *Shell) where() string {
	servers, server := s.env.Session.Servers(), s.env.Session.Server()
	first, _, several := strings.Cut(servers, ",")
	switch {
	case !several:
		return servers
	case server == "":
		server = first + ",…"
	}
	_, chroot, found := strings.Cut(servers, "/")
	if found {
		chroot = "/" + chroot
	}
	return server + chroot
}

// History is the lines that were typed, oldest first.
func (s *Shell) History() []string {
	if s.cfg.History == nil {
		return nil
	}
	return s.cfg.History()
}

// report shows an error as one line of talk, once.
func (s *Shell) report(err error) {
	var shown shownError
	var said *command.SaidError
	if err == nil || errors.As(err, &said) || isQuit(err) || errors.As(err, &shown) || errors.Is(err, syscall.EPIPE) { // who reads has had enough
		return
	}
	s.env.Notify(s.cfg.ErrTheme.Paint(theme.Error, oneLine(err.Error())))
}

// oneLine keeps what an error quotes from breaking its line, or from steering a terminal.
func oneLine(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			fmt.Fprintf(&b, `\x%02x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
