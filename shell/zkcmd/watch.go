package zkcmd

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Changes is the result of watch: a Change each, as they come.
type Changes struct {
	Rows iter.Seq2[render.Result, error]
}

// View is the stream of the changes.
func (c Changes) View() render.View { return render.Stream{Rows: c.Rows, Live: true} }

// Change is an event.
type Change struct {
	Time string `json:"time"` // RFC 3339, when it came here
	Type string `json:"type"` // NodeCreated, NodeDeleted, NodeDataChanged or NodeChildrenChanged
	Path string `json:"path"`
	Zxid string `json:"zxid,omitempty"` // hexadecimal; servers before 3.9 do not tell it

	at time.Time
	ev zkproto.WatchedEvent
}

// View is one line.
func (c Change) View() render.View {
	return render.Text{Lines: []string{c.at.Format(time.TimeOnly) + " " + command.EventText(c.ev)}, Role: theme.Event}
}

func newChange(ev zkproto.WatchedEvent) Change {
	now := time.Now()
	c := Change{Time: now.Format(time.RFC3339Nano), Type: ev.Type.String(), Path: ev.Path, at: now, ev: ev}
	if ev.Zxid > 0 {
		c.Zxid = ev.Zxid.String()
	}
	return c
}

var watch = command.Spec{
	Name:  "watch",
	Group: command.Watches,
	Args:  []command.Arg{pathArg},
	Short: "show all changes of a znode and stay until Ctrl-C",
	Long: "The changes are the answer, for a pipe too; those of addWatch are talk. What happens while the connection\n" +
		"is lost is not told. At its end watch removes the session's watches of its mode on the znode.",
	Examples: []command.Example{
		{Line: "watch /app", Means: "all changes in the subtree"},
		{Line: "watch -m PERSISTENT /app", Means: "those of the znode and its children's list"},
		{Line: "watch --count 1 --timeout 5s /app/ready", Means: "wait for one change, at most five seconds"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		w := watching{mode: PersistentRecursive}
		fs.VarP(&w.mode, "mode", "m", "what is told")
		fs.IntVarP(&w.count, "count", "n", 0, "end after `COUNT` changes")
		timeout := fs.VarPF((*command.Millis)(&w.timeout), "timeout", "t", "end after this time; with --count that is a failure")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			if fs.Changed("count") && w.count < 1 {
				return nil, command.Usagef("--count %d: at least one change", w.count)
			}
			w.limited = timeout.Changed
			path, err := env.Path(args[0])
			if err != nil {
				return nil, err
			}
			zk, err := env.ZK(ctx)
			if err != nil {
				return nil, err
			}
			return Changes{func(yield func(render.Result, error) bool) {
				if err := w.run(ctx, zk, path, yield); err != nil {
					yield(nil, &command.Error{Command: "watch", Path: path, Err: err})
				}
			}}, nil
		}
	},
}

// watching is one run of watch.
type watching struct {
	mode    WatchMode
	count   int // 0: no end
	timeout time.Duration
	limited bool // there is a timeout
}

func (w *watching) run(ctx context.Context, zk command.ZK, path string, yield func(render.Result, error) bool) error {
	events := newEventQueue()
	if err := zk.AddWatch(ctx, path, w.mode.proto(), events.put); err != nil {
		return err
	}
	defer w.remove(ctx, zk, path)
	defer events.close()
	var timeUp <-chan time.Time
	if w.limited {
		timer := time.NewTimer(w.timeout)
		defer timer.Stop()
		timeUp = timer.C
	}
	for seen := 0; w.count == 0 || seen < w.count; seen++ {
		ev, err := events.take(ctx, timeUp)
		switch {
		case errors.Is(err, errTimeUp) && w.count == 0:
			return nil
		case errors.Is(err, errTimeUp):
			return &command.PartialError{Err: fmt.Errorf("%d of %d changes within %s", seen, w.count, w.timeout)}
		case err != nil:
			return err
		case ev.Type == zkproto.EventNone:
			return &command.PartialError{Err: fmt.Errorf("the watch has ended: session %s", ev.State)}
		}
		if !yield(newChange(ev), nil) {
			return nil
		}
	}
	return nil
}

// remove takes the watch away, also when the command was interrupted.
func (w *watching) remove(ctx context.Context, zk command.ZK, path string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	t := zkproto.WatcherPersistentRecursive
	if w.mode == Persistent {
		t = zkproto.WatcherPersistent
	}
	// A server that has lost the session has lost the watch too. One before 3.9 cannot tell it from others: it
	// stays there, and nobody listens.
	_ = zk.RemoveWatches(ctx, path, t, true)
}

var (
	errTimeUp  = errors.New("the time is up")
	errTooMany = errors.New("more changes than can be shown are waiting")
)

// maxWaiting bounds the events that wait to be shown.
const maxWaiting = 100_000

// eventQueue takes events from the client, which must not wait for whoever shows them.
type eventQueue struct {
	mu     sync.Mutex
	events []zkproto.WatchedEvent
	over   bool // there were too many
	closed bool
	some   chan struct{} // a token: there are events
}

func newEventQueue() *eventQueue { return &eventQueue{some: make(chan struct{}, 1)} }

func (q *eventQueue) put(ev zkproto.WatchedEvent) {
	if ev.Type == zkproto.EventPersistentWatchRemoved {
		return
	}
	q.mu.Lock()
	switch {
	case q.closed:
	case len(q.events) < maxWaiting:
		q.events = append(q.events, ev)
	default:
		q.over = true
	}
	q.mu.Unlock()
	select {
	case q.some <- struct{}{}:
	default:
	}
}

// close drops what waits, and what will come.
func (q *eventQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.events, q.closed = nil, true
}

// take returns the next event.
func (q *eventQueue) take(ctx context.Context, timeUp <-chan time.Time) (zkproto.WatchedEvent, error) {
	for {
		q.mu.Lock()
		if len(q.events) > 0 {
			ev := q.events[0]
			q.events = q.events[1:]
			q.mu.Unlock()
			return ev, nil
		}
		over := q.over
		q.mu.Unlock()
		if over {
			return zkproto.WatchedEvent{}, errTooMany
		}
		select {
		case <-q.some:
		case <-timeUp:
			return zkproto.WatchedEvent{}, errTimeUp
		case <-ctx.Done():
			return zkproto.WatchedEvent{}, ctx.Err()
		}
	}
}
