package zkcli

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
)

// guarded lets commands and events write to the same place. Like Java's, it swallows errors so that a script goes on;
// the exit code tells of them.
type guarded struct {
	mu  sync.Mutex
	w   io.Writer
	err error // the first
}

func (g *guarded) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := g.w.Write(b); err != nil && g.err == nil {
		g.err = err
	}
	return len(b), nil
}

// failed tells whether output was lost, unless it was the reader who had had enough.
func (g *guarded) failed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err != nil && !errors.Is(g.err, syscall.EPIPE)
}

// switchable is the setting of printwatches. Its zero value is on.
type switchable struct{ off atomic.Bool }

func (s *switchable) set(on bool) { s.off.Store(!on) }
func (s *switchable) on() bool    { return !s.off.Load() }
