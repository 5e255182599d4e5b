package wire

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// errNoRoom says that a budget had nothing to give for too long.
var errNoRoom = errors.New("no room")

// budget bounds bytes that all connections take together; whoever finds none left waits. Whoever takes more than there is
// at all gets it when nobody else has any.
type budget struct {
	mu    sync.Mutex
	max   int
	used  int
	freed chan struct{} // nil where nobody waits; closed when bytes come back
}

func newBudget(max int) *budget { return &budget{max: max} }

// take waits for n bytes, for whoever holds some already. It fails with ctx, and with errNoRoom when patience is over, if
// there is any.
func (b *budget) take(ctx context.Context, n, holds int, patience time.Duration) error {
	var over <-chan time.Time
	for {
		b.mu.Lock()
		if b.used == holds || b.used+n <= b.max {
			b.used += n
			b.mu.Unlock()
			return nil
		}
		if b.freed == nil {
			b.freed = make(chan struct{})
		}
		freed := b.freed
		b.mu.Unlock()
		if over == nil && patience > 0 {
			over = time.After(patience)
		}
		select {
		case <-freed:
		case <-over:
			return errNoRoom
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

// heldBytes counts the bytes that all connections hold: requests that are not answered, answers that are not written, and room
// for answers that are being made. It refuses nobody; those that are asked for much hold themselves to what is left.
type heldBytes struct {
	bytes atomic.Int64
	max   int64
}

// short says that more is held than should be.
func (h *heldBytes) short() bool { return h.bytes.Load() > h.max }

// reserve counts up to n bytes and returns how many there was room for.
func (h *heldBytes) reserve(n int) int {
	for {
		used := h.bytes.Load()
		n = int(min(int64(n), max(0, h.max-used)))
		if n == 0 || h.bytes.CompareAndSwap(used, used+int64(n)) {
			return n
		}
	}
}
