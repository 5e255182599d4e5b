package shell

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// window is how many commands may be under way at once.
const window = 1024

// Script runs the commands of r; name is what errors call it. It returns the first error; all have been shown.
func (s *Shell) Script(ctx context.Context, name string, r io.Reader) error {
	reading, stop := context.WithCancel(ctx)
	defer stop()
	run := &script{shell: s, name: name, items: make(chan *item, window), stop: stop}
	var shower sync.WaitGroup
	shower.Go(func() { run.show(ctx) })
	run.read(ctx, Reader(reading, r))
	close(run.items)
	shower.Wait()
	return run.first
}

// script is one run of a script. Two goroutines serve it: one reads commands and starts those that are
// pipelined, the other shows results in order, and runs those that are not.
type script struct {
	shell   *Shell
	name    string
	items   chan *item
	first   error // the shower's
	stopped atomic.Bool
	stop    func() // ends a read that is under way
}

// item is a command of a script.
type item struct {
	cmd   lex.Command
	line  int
	get   func() (render.Result, error) // runs the command, or waits for it
	shown chan struct{}                 // closed when its turn is over
}

func (r *script) read(ctx context.Context, src io.Reader) {
	scanner := lex.NewScanner(src)
	for !r.stopped.Load() {
		cmd, err := nextCommand(scanner)
		if err == io.EOF || unreadable(err) && (ctx.Err() != nil || r.stopped.Load()) {
			return
		}
		it := &item{cmd: cmd, line: cmd.Line, shown: make(chan struct{})}
		async := r.prepare(ctx, it, err)
		r.items <- it
		if !async {
			<-it.shown
		}
		if unreadable(err) {
			return
		}
	}
}

// prepare gives the item what gets its result, and says whether that is under way already.
func (r *script) prepare(ctx context.Context, it *item, err error) (async bool) {
	s := r.shell
	var call *command.Call
	if err == nil {
		call, err = s.env.Commands.Parse(it.cmd.Words)
	}
	switch {
	case err != nil:
		it.cmd.Redirect = nil
		it.get = func() (render.Result, error) { return nil, err }
		return false
	case call.Pipelined && s.env.Options.Now().KeepGoing && s.env.Client.WithSent != nil:
		it.get = start(ctx, s.env, call)
		return true
	}
	it.get = func() (render.Result, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return call.Run(ctx, s.env)
	}
	return false
}

// start runs a call that issues one request. It returns when that request has its place among the others, or
// never will, with what waits for the result.
func start(ctx context.Context, env *command.Env, call *command.Call) (wait func() (render.Result, error)) {
	var result render.Result
	var err error
	sent, done := make(chan struct{}), make(chan struct{})
	ctx = env.Client.WithSent(ctx, sync.OnceFunc(func() { close(sent) }))
	go func() { // waited for by wait, which show calls for every item
		defer close(done)
		result, err = call.Run(ctx, env)
	}()
	select {
	case <-sent:
	case <-done:
	}
	return func() (render.Result, error) {
		<-done
		return result, err
	}
}

// show takes the commands in their order and shows their results.
func (r *script) show(ctx context.Context) {
	for it := range r.items {
		if r.stopped.Load() {
			_, _ = it.get() // started before the script was stopped: only waited for
		} else if err := r.shell.finish(ctx, it.cmd, it.get); err != nil {
			r.fail(ctx, at(r.name, it.line, err))
		}
		close(it.shown)
	}
}

func (r *script) fail(ctx context.Context, err error) {
	r.shell.report(err)
	if r.first == nil && !isQuit(err) {
		r.first = err
	}
	if r.shell.endsScript(ctx, err) {
		r.stopped.Store(true)
		r.stop()
	}
}
