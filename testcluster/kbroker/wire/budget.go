package wire

import (
	"context"
	"sync"
)

// budget bounds the bytes of the frames of all connections. Whoever takes more than there is at all gets it when nobody
// else has any.
type budget struct {
	mu    sync.Mutex
	max   int
	used  int
	freed chan struct{} // nil where nobody waits; closed when bytes come back
}

func newBudget(max int) *budget { return &budget{max: max} }

// take waits for n bytes; it fails only with ctx.
func (b *budget) take(ctx context.Context, n int) error {
	for {
		b.mu.Lock()
		if b.used == 0 || b.used+n <= b.max {
			b.used += n
			b.mu.Unlock()
			return nil
		}
		if b.freed == nil {
			b.freed = make(chan struct{})
		}
		freed := b.freed
		b.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (b *budget) give(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	if b.freed != nil {
		close(b.freed)
		b.freed = nil
	}
}
