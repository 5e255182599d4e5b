package command

import (
	"context"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/lex"
)

// Env is what commands may touch. Commands that are pipelined use it at the same time; those that change it
// (cd, option, connect) run alone.
type Env struct {
	Commands *Registry
	Options  *Options
	Session  *Sessions
	Brokers  *Brokers
	Client   Client
	// Loop is the shell that runs the command.
	Loop Loop
	// Notify shows one line of talk: it goes to standard error, or above the prompt. It is never part of a
	// command's answer.
	Notify func(line string)
	// Stdin is what @- reads; nil where standard input is the script itself, or a terminal that the shell reads.
	Stdin io.Reader
	// ReadLine asks the person who types for a line, without its line end: io.EOF at the end, context.Canceled upon
	// Ctrl-C. It is nil where nobody types.
	ReadLine func(ctx context.Context, prompt string) (string, error)
	// ReadSecret is ReadLine for what nobody is to see.
	ReadSecret func(ctx context.Context, prompt string) (string, error)
	// Version is zoka's own.
	Version string

	where where
	input input
	shown shown
}

// Loop is what the shell's own commands need of the loop that runs them.
type Loop interface {
	// History returns the commands that were typed, oldest first. The number of a command is its index.
	History() []string
	// Eval runs the commands of r as if they stood where the running command stands. The rows are their
	// results; they end at the first error unless the option keep-going is on.
	Eval(ctx context.Context, name string, r io.Reader) iter.Seq2[render.Result, error]
}

// ZK returns the session. It opens one if there is none yet, or if the last one has expired.
func (e *Env) ZK(ctx context.Context) (ZK, error) { return e.Session.ZK(ctx) }

// Kafka returns the cluster of brokers. It looks for one if that was not needed before.
func (e *Env) Kafka(ctx context.Context) (Kafka, error) { return e.Brokers.Kafka(ctx) }

// Notifyf is Notify with a format.
func (e *Env) Notifyf(format string, args ...any) { e.Notify(fmt.Sprintf(format, args...)) }

// Watch returns the callback to register a watch with, or nil if there is to be none. The events are shown as
// lines of talk.
func (e *Env) Watch(wanted bool) func(zkproto.WatchedEvent) {
	if !wanted {
		return nil
	}
	return e.ShowEvent
}

// ShowEvent shows a watch event as a line of talk, unless the option printwatches is off. A change that several
// watches tell of, one after another, is shown once; servers before 3.9 leave no way to know that.
func (e *Env) ShowEvent(ev zkproto.WatchedEvent) {
	if !e.Options.Now().PrintWatches || ev.Type == zkproto.EventNone && ev.State == zkproto.StateClosed {
		return // who closes the session knows that its watches end
	}
	if e.shown.again(ev) {
		return
	}
	e.Notify(time.Now().Format(time.TimeOnly) + " " + EventText(ev))
}

// shown is the last event that was shown.
type shown struct {
	mu   sync.Mutex
	last zkproto.WatchedEvent
}

// again notes an event, and tells whether it is the one before over again.
func (s *shown) again(ev zkproto.WatchedEvent) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	same := ev == s.last && (ev.Zxid > 0 || ev.Type == zkproto.EventNone && ev.Path != "")
	s.last = ev
	return same
}

// EventText is an event in one line: `event NodeDataChanged /a zxid=0x12`, `session Disconnected`, `watch on /a
// ended: session Expired`.
func EventText(ev zkproto.WatchedEvent) string {
	switch {
	case ev.Type == zkproto.EventNone && ev.Path != "":
		return "watch on " + printablePath(ev.Path) + " ended: session " + ev.State.String()
	case ev.Type == zkproto.EventNone:
		return "session " + ev.State.String()
	}
	text := "event " + ev.Type.String() + " " + printablePath(ev.Path)
	if ev.Zxid > 0 {
		text += " zxid=" + ev.Zxid.String()
	}
	return text
}

// where is the working znode.
type where struct {
	mu        sync.Mutex
	now, last string // "" is the root
}

// Dir is the working znode.
func (e *Env) Dir() string {
	e.where.mu.Lock()
	defer e.where.mu.Unlock()
	return orRoot(e.where.now)
}

// SetDir changes the working znode to an absolute path.
func (e *Env) SetDir(path string) {
	e.where.mu.Lock()
	defer e.where.mu.Unlock()
	e.where.last, e.where.now = e.where.now, path
}

// Path returns the absolute path of an argument of kind Path, or a *[UsageError]: see [ResolvePath]. An unquoted
// - is the znode before the last cd. A relative path may end with a slash, as completion leaves it.
func (e *Env) Path(w lex.Word) (string, error) {
	path, err := e.resolve(w)
	if w.Text != "" && w.Text[0] != '/' && len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	if err == nil {
		err = zkproto.ValidatePath(path)
	}
	return path, pathError(w, err)
}

// SequentialPath is Path for a znode whose name the server will complete: it may end with a slash.
func (e *Env) SequentialPath(w lex.Word) (string, error) {
	path, err := e.resolve(w)
	if err == nil {
		err = zkproto.ValidateSequentialPath(path)
	}
	return path, pathError(w, err)
}

func (e *Env) resolve(w lex.Word) (string, error) {
	e.where.mu.Lock()
	now, last := orRoot(e.where.now), orRoot(e.where.last)
	e.where.mu.Unlock()
	if w.Text == "-" && !w.Quoted {
		return last, nil
	}
	return ResolvePath(now, w.Text)
}

func pathError(w lex.Word, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Path: w.Text, Err: &UsageError{Msg: err.Error()}}
}

func orRoot(path string) string {
	if path == "" {
		return "/"
	}
	return path
}
