package mixed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/check"
)

// load are clients that write until they are stopped.
type load struct {
	writers []*writer
	through atomic.Int64 // acknowledged writes of all
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
	writers  = 4
	writeGap = 5 * time.Millisecond // a znode each: the trees are compared in the end
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
		l.ended.Go(func() { w.run(ctx, &l.through) })
	}
	return l
}

// advance waits until so many more writes have been acknowledged.
func (l *load) advance(t *testing.T, n int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(writeGap)
	defer tick.Stop()
	for goal := l.through.Load() + n; l.through.Load() < goal; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("no %d writes are acknowledged in a minute", n)
		}
	}
}

func (w *writer) run(ctx context.Context, through *atomic.Int64) {
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
			through.Add(1)
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

// stop ends the load. A writer that was refused something has failed.
func (l *load) stop(t *testing.T) {
	t.Helper()
	l.cancel()
	l.ended.Wait()
	for _, w := range l.writers {
		if w.err != nil {
			t.Errorf("the writer of %s: %v", w.root, w.err)
		}
		t.Logf("%s: %d writes acknowledged, %d without an answer", w.root, w.ledger.Writes(check.Acknowledged), w.ledger.Writes(check.Unknown))
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
