package mixed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/check"
)

// An ensemble of Apache's becomes one of ours, server by server, and one of Apache's again, while clients write:
// nothing that they were told is lost. testcluster/MIGRATION.md tells users to do it so.
func TestRollingMigration(t *testing.T) {
	for _, tt := range []struct {
		name, apache string
		empty        bool
	}{
		{"folders kept", "debian", false},
		{"folders emptied", "39", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			apache, ours := program(t, tt.apache, ""), program(t, "zoka", tt.apache)
			e := prepare(t, tt.apache+" "+tt.apache+" "+tt.apache, "snapCount=500")
			found(t, e)
			load := startLoad(t, e)
			for _, to := range []peertest.Program{ours, apache} {
				replaceEach(t, e, to, tt.empty)
			}
			load.stop(t)
			tree := sameTrees(t, e)
			load.verify(t, tree)
			if tt.empty {
				return
			}
			// The whole ensemble at once, on the folders of the other kind.
			for _, to := range []peertest.Program{ours, apache} {
				e.Kill()
				for _, m := range e.Members {
					m.StartAs(t, to)
				}
				e.Await(t)
				for _, difference := range check.Differences("before", "after the restart as "+to.Name, tree, sameTrees(t, e)) {
					t.Error(difference)
				}
			}
		})
	}
}

// replaceEach runs each member by another program, the leader last: so the ensemble elects once.
func replaceEach(t *testing.T, e *peertest.Ensemble, program peertest.Program, empty bool) {
	t.Helper()
	leader := e.Leader(t)
	for _, m := range append(others(e, leader), leader) {
		if err := m.Stop(); err != nil {
			t.Error(err)
		}
		if empty {
			m.Empty(t)
		}
		m.StartAs(t, program)
		m.Await(t)
		e.Leader(t)
	}
}

// load are clients that write until they are stopped.
type load struct {
	writers []*writer
	cancel  context.CancelFunc
	ended   sync.WaitGroup
}

// writer creates one znode after the other, and remembers what it was told.
type writer struct {
	root   string
	client *zkclient.Client
	ledger check.Ledger
	err    error
}

const (
	writers   = 4
	writeGap  = 5 * time.Millisecond // a znode each: the trees are compared in the end
	leastLoad = 100                  // acknowledged writes of each writer, or the load was none
)

func startLoad(t *testing.T, e *peertest.Ensemble) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{cancel: cancel}
	t.Cleanup(func() { cancel(); l.ended.Wait() })
	for i := range writers {
		w := &writer{root: fmt.Sprintf("/load-%d", i), client: dial(t, e.ConnectString())}
		createAgain(ctx, t, w.client, w.root)
		l.writers = append(l.writers, w)
		l.ended.Go(func() { w.run(ctx) })
	}
	return l
}

func (w *writer) run(ctx context.Context) {
	tick := time.NewTicker(writeGap)
	defer tick.Stop()
	for i := 0; ctx.Err() == nil && w.err == nil; i++ {
		path, value := fmt.Sprintf("%s/%05d", w.root, i), fmt.Sprintf("value %d", i)
		_, _, err := w.client.Create(context.WithoutCancel(ctx), path, []byte(value), nil, zkproto.ModePersistent, 0)
		outcome := check.OutcomeOf(err, zkclient.OutcomeUnknown)
		w.ledger.Wrote(path, check.Present(value), outcome)
		switch {
		case outcome == check.Refused:
			w.err = err
		case outcome == check.Acknowledged:
			w.err = w.look(ctx, path)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// look reads what was just acknowledged, from whichever server the session is at by now: it must not be older.
func (w *writer) look(ctx context.Context, path string) error {
	for {
		_, err := w.client.Exists(context.WithoutCancel(ctx), path, nil)
		if !errors.Is(err, zkproto.ConnectionLoss) {
			return err
		}
	}
}

// stop ends the load and wants every writer to have got through.
func (l *load) stop(t *testing.T) {
	t.Helper()
	l.cancel()
	l.ended.Wait()
	for _, w := range l.writers {
		if w.err != nil {
			t.Errorf("the writer of %s: %v", w.root, w.err)
		}
		acknowledged, unknown := w.ledger.Writes(check.Acknowledged), w.ledger.Writes(check.Unknown)
		t.Logf("%s: %d writes acknowledged, %d without an answer", w.root, acknowledged, unknown)
		if acknowledged < leastLoad {
			t.Errorf("the writer of %s had %d writes acknowledged, want %d at least", w.root, acknowledged, leastLoad)
		}
	}
}

// verify compares what the writers were told with what is there.
func (l *load) verify(t *testing.T, tree map[string]check.Node) {
	t.Helper()
	for _, w := range l.writers {
		for _, path := range w.ledger.Places() {
			state := check.Absent
			if node, there := tree[path]; there {
				state = check.Present(string(node.Data))
			}
			if err := w.ledger.Verify(path, state); err != nil {
				t.Error(err)
			}
		}
	}
}
