package tty

import (
	"context"
	"strings"
	"sync"
)

// A keyQueue holds the keys that nobody has asked for yet: typed ahead while a
// command ran, or the rest of a paste.
type keyQueue struct {
	ready chan struct{} // holds a token when something has changed

	mu struct {
		sync.Mutex
		keys    []key
		refresh bool
		err     error // the keyboard is gone; said after the last key
	}
}

func newKeyQueue() *keyQueue { return &keyQueue{ready: make(chan struct{}, 1)} }

func (q *keyQueue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

func (q *keyQueue) push(k key) {
	q.mu.Lock()
	q.mu.keys = append(q.mu.keys, k)
	q.mu.Unlock()
	q.signal()
}

func (q *keyQueue) pushFront(k key) {
	q.mu.Lock()
	q.mu.keys = append([]key{k}, q.mu.keys...)
	q.mu.Unlock()
	q.signal()
}

// drop forgets all keys, as a terminal does when Ctrl-C is typed.
func (q *keyQueue) drop() {
	q.mu.Lock()
	q.mu.keys = nil
	q.mu.Unlock()
}

// fail makes next return err once the keys are used up.
func (q *keyQueue) fail(err error) {
	q.mu.Lock()
	q.mu.err = err
	q.mu.Unlock()
	q.signal()
}

// askRefresh makes next return one keyRefresh, ahead of the keys.
func (q *keyQueue) askRefresh(yes bool) {
	q.mu.Lock()
	q.mu.refresh = yes
	q.mu.Unlock()
	if yes {
		q.signal()
	}
}

// next waits for a key, for the end of ctx or for the end of the keyboard.
func (q *keyQueue) next(ctx context.Context) (key, error) {
	for {
		if err := ctx.Err(); err != nil {
			return key{}, context.Cause(ctx)
		}
		if k, ok, err := q.take(); ok || err != nil {
			return k, err
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
		}
	}
}

func (q *keyQueue) take() (key, bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.mu.refresh {
		q.mu.refresh = false
		return key{code: keyRefresh}, true, nil
	}
	if len(q.mu.keys) == 0 {
		return key{}, false, q.mu.err
	}
	k := q.mu.keys[0]
	q.mu.keys = q.mu.keys[1:]
	return k, true, nil
}

// takeLine takes a whole line of plain text if one is waiting. It spares a paste
// of a thousand lines the editor's 30 ms a line.
func (q *keyQueue) takeLine() (string, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var line strings.Builder
	for i, k := range q.mu.keys {
		switch k.code {
		case keyText:
			line.WriteString(k.text)
		case keyEnter:
			q.mu.keys = q.mu.keys[i+1:]
			return line.String(), true
		default:
			return "", false
		}
	}
	return "", false
}
