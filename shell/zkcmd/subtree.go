package zkcmd

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/shell/command"
)

// What commands on whole subtrees share.

// inFlight is how many requests of one command may be under way at once.
const inFlight = 64

// concurrently calls f with each of 0 … n-1 and waits for all. At most inFlight calls run at the same time.
func concurrently(n int, f func(i int)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, inFlight)
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			f(i)
			<-slots
		})
	}
	wg.Wait()
}

// refused tells an answer about one znode from the end of a command: a connection that is lost, a person who
// has had enough.
func refused(err error) bool {
	var code zkproto.Code
	if !errors.As(err, &code) || code.OutcomeUnknown() {
		return false
	}
	switch code {
	case zkproto.AuthFailed, zkproto.SessionMoved, zkproto.SessionClosedRequireSASLAuth:
		return false
	}
	return true
}

// listing is the children of one znode.
type listing struct {
	names []string // sorted
	err   error
}

// listAll lists the children of many znodes.
func listAll(ctx context.Context, zk command.ZK, paths []string) []listing {
	listings := make([]listing, len(paths))
	concurrently(len(paths), func(i int) {
		if listings[i].err = ctx.Err(); listings[i].err == nil {
			listings[i].names, _, listings[i].err = zk.Children(ctx, paths[i], nil)
		}
	})
	return listings
}

// unlimited is a depth.
const unlimited = math.MaxInt

// subtree lists root and what is below it down to a depth: parents before their children, level by level, and
// children of one parent in order. Znodes that vanish on the way are left out. Those whose children may not be
// listed are in closed too.
func subtree(ctx context.Context, zk command.ZK, root string, depth int) (paths []string, closed []Failure, err error) {
	level := []string{root}
	for ; len(level) > 0; depth-- {
		if depth == 0 {
			return append(paths, level...), closed, nil
		}
		listings := listAll(ctx, zk, level)
		var below []string
		for i, path := range level {
			switch err := listings[i].err; {
			case errors.Is(err, zkproto.NoNode) && path != root:
				continue
			case errors.Is(err, zkproto.NoAuth):
				closed = append(closed, Failure{path, err})
			case err != nil:
				return nil, nil, command.At(path, err)
			}
			paths = append(paths, path)
			for _, name := range listings[i].names {
				below = append(below, zkproto.Join(path, name))
			}
		}
		level = below
	}
	return paths, closed, nil
}

// Failure is a znode that a command on many could not deal with, and why.
type Failure struct {
	Path string
	Err  error
}

// ManyError tells which of many znodes a command could not deal with. Where it dealt with others, a
// command.PartialError is around it.
type ManyError struct {
	What     string // what it could not do: "deleted"
	Done     int    // the number of the others
	Failures []Failure
}

// namedFailures is how many failures the error itself names; the rest is counted.
const namedFailures = 3

func (e *ManyError) Error() string {
	text := fmt.Sprintf("%d of %s could not be %s", len(e.Failures), znodes(e.Done+len(e.Failures)), e.What)
	for i, f := range e.Failures[:min(len(e.Failures), namedFailures)] {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		text += sep + (&command.Error{Path: f.Path, Err: f.Err}).Error()
	}
	if more := len(e.Failures) - namedFailures; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}

// Unwrap returns the reasons.
func (e *ManyError) Unwrap() []error {
	errs := make([]error, len(e.Failures))
	for i, f := range e.Failures {
		errs[i] = f.Err
	}
	return errs
}

// toldOf is how many failures are told one by one.
const toldOf = 100

// many returns the error for failures, nil for none, and tells of each: it is partial when something was done.
func many(env *command.Env, name, what string, done int, failures []Failure) error {
	if len(failures) == 0 {
		return nil
	}
	if len(failures) > namedFailures {
		for _, f := range failures[:min(len(failures), toldOf)] {
			env.Notify((&command.Error{Command: name, Path: f.Path, Err: f.Err}).Error())
		}
		if more := len(failures) - toldOf; more > 0 {
			env.Notifyf("%s: and %d more", name, more)
		}
	}
	err := error(&ManyError{What: what, Done: done, Failures: failures})
	if done > 0 {
		err = &command.PartialError{Err: err}
	}
	return err
}

func znodes(n int) string {
	if n == 1 {
		return "1 znode"
	}
	return fmt.Sprintf("%d znodes", n)
}
