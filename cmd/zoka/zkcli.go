package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"golang.org/x/term"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/shell"
	"github.com/zoka-project/zoka/shell/builtin"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/compat/zkcli"
	"github.com/zoka-project/zoka/shell/complete"
	"github.com/zoka-project/zoka/shell/tty"
	"github.com/zoka-project/zoka/shell/zkcmd"
	"github.com/zoka-project/zoka/testcluster/zkserver"
)

// runZkCli is zkCli.sh.
func runZkCli(ctx context.Context, p *process) command.ExitCode {
	z := &zkCli{p: p}
	opts := zkcli.ParseOptions(p.args, p.stderr)
	properties, err := readClientProperties(opts.Properties)
	if err != nil {
		return p.fail(err)
	}
	z.front, err = zkcli.New(zkcli.Config{
		Stdout: p.stdout,
		Stderr: p.stderr,
		Events: z.event,
		Open: func(t command.Target) (zkcli.ZK, error) {
			zk, err := zkclient.New(zkclient.Config{
				Servers: t.Servers, SessionTimeout: t.Timeout, ReadOnly: t.ReadOnly, OnEvent: t.Events,
				MaxBuffer: properties.maxBuffer,
			})
			if err != nil {
				return nil, err // not zk: a nil *Client in an interface is not nil
			}
			return zk, nil
		},
		Watch:   zkclient.DefaultWatch,
		Version: zkserver.Version,
	}, opts)
	if err != nil {
		return z.fail(err)
	}
	defer z.front.Close(context.Background()) // whatever has happened to ctx
	if err := z.front.Connect(ctx); err != nil {
		return z.fail(err)
	}
	switch {
	case len(opts.Words) > 0:
		z.front.OneShot(ctx)
	case term.IsTerminal(int(p.stdin.Fd())):
		if err := z.interact(ctx); err != nil {
			return p.fail(err)
		}
	default:
		z.front.Script(ctx, shell.Reader(ctx, p.stdin))
	}
	return command.ExitCode(z.front.ExitCode())
}

// zkCli is one run of it.
type zkCli struct {
	p        *process
	front    *zkcli.Front
	terminal atomic.Pointer[tty.Terminal] // while a person types
}

// fail ends it with the code of Apache's.
func (z *zkCli) fail(err error) command.ExitCode {
	z.p.fail(err)
	return command.ExitFailed
}

// event shows an event above the prompt where there is one.
func (z *zkCli) event(text string) {
	if t := z.terminal.Load(); t != nil {
		t.PrintAbove(text)
		t.Refresh() // the state may have changed
		return
	}
	fmt.Fprintln(z.p.stdout, text) // who has had enough is noticed at the next answer
}

// interact reads lines that a person types.
func (z *zkCli) interact(ctx context.Context) error {
	completer, err := z.completer()
	if err != nil {
		return err
	}
	defer completer.Close()
	history, err := tty.OpenHistory((&session{p: z.p}).historyFile(), secretZkCli)
	if err != nil {
		return err
	}
	t, err := tty.Open(tty.Config{
		Prompt:   z.front.Prompt,
		Complete: apacheCandidates(candidates(completer)),
		History:  history,
	})
	if errors.Is(err, tty.ErrNoTerminal) {
		z.front.Script(ctx, shell.Reader(ctx, z.p.stdin))
		return nil
	}
	if err != nil {
		return err
	}
	defer t.Close()
	restore := t.Restore
	z.p.onExit.Store(&restore)
	defer z.p.onExit.Store(nil)
	z.terminal.Store(t)
	defer z.terminal.Store(nil)
	return t.Run(ctx, func(ctx context.Context, line string) (quit bool) {
		defer completer.Forget() // the command may have changed what is there
		return z.front.Line(ctx, line)
	})
}

// secretZkCli keeps credentials out of the history.
func secretZkCli(line string) bool {
	words := strings.Fields(line)
	return len(words) > 0 && strings.Trim(words[0], `'"`) == "addauth"
}

// completer offers the commands that zkCli.sh has, and znodes.
func (z *zkCli) completer() (*complete.Completer, error) {
	known := map[string]bool{}
	for _, name := range zkcli.Commands() {
		known[name] = true
	}
	var specs []command.Spec
	for _, list := range [][]command.Spec{zkcmd.Commands, builtin.Commands} {
		for _, spec := range list {
			if known[spec.Name] {
				specs = append(specs, spec)
			}
		}
	}
	registry, err := command.NewRegistry(specs)
	if err != nil {
		return nil, err
	}
	return complete.New(complete.Config{
		Commands: registry,
		Servers:  z.front.Servers,
		Children: z.front.Children,
		Fresh: func() {
			if t := z.terminal.Load(); t != nil {
				t.Refresh()
			}
		},
	}), nil
}

// apacheCandidates leaves out what zkCli.sh does not understand: flags of zoka's own, relative paths, files.
func apacheCandidates(all func(string, int) []tty.Candidate) func(string, int) []tty.Candidate {
	return func(line string, cursor int) []tty.Candidate {
		var out []tty.Candidate
		for _, c := range all(line, cursor) {
			if strings.TrimSpace(line[:c.ReplaceFrom]) == "" || strings.HasPrefix(c.Text, "/") {
				out = append(out, c)
			}
		}
		return out
	}
}
