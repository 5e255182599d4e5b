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

// budget bounds bytes that all connections take together; whoever finds none left waits. One share at a time may go over
// the bound: so there is always one that gets all it needs, and gives it back.
type budget struct {
	mu    sync.Mutex
	max   int
	used  int
	over  *share        // which goes over the bound
	freed chan struct{} // nil where nobody waits; closed when bytes come back
}

// share is what somebody has of a budget.
type share struct{ bytes int }

func newBudget(max int) *budget { return &budget{max: max} }

// take waits until a share can have n bytes more. It fails with ctx, and with errNoRoom when patience is over, if there is
// any.
func (b *budget) take(ctx context.Context, s *share, n int, patience time.Duration) error {
	var over <-chan time.Time
	for {
		freed := b.try(s, n)
		if freed == nil {
			return nil
		}
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

// try returns nil when it has given s n bytes more, and else what is closed when there are more again.
func (b *budget) try(s *share, n int) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+n > b.max && b.over != s {
		if b.over != nil {
			if b.freed == nil {
				b.freed = make(chan struct{})
			}
			return b.freed
		}
		b.over = s
	}
	b.used += n
	s.bytes += n
	return nil
}

// give takes a share back.
func (b *budget) give(s *share) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= s.bytes
	s.bytes = 0
	if b.over == s {
		b.over = nil
	}
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

// short says that there is little left: reserving alone never gets beyond the bound.
func (h *heldBytes) short() bool { return h.bytes.Load() > h.max/4*3 }

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
