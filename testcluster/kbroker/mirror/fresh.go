package mirror

import (
	"context"
	"errors"

	"github.com/zoka-project/zoka/clientproto/kzk"
)

// ErrClosed is the error of who waits for an image of a mirror that is closed.
var ErrClosed = errors.New("the mirror of the cluster is closed")

// Fresh returns an image that has everything acknowledged before the call. It waits for ZooKeeper, as long as ctx
// allows. It is not for callbacks of the client.
func (m *Mirror) Fresh(ctx context.Context) (*kzk.Image, error) {
	for wait := shortest; ; wait = min(2*wait, longest) {
		err := m.zk.Sync(ctx, "/")
		if err == nil {
			break
		}
		if !transient(err) || pause(ctx, wait) != nil {
			return nil, err
		}
		if m.ctx.Err() != nil {
			return nil, ErrClosed
		}
	}
	// The events of what was acknowledged have come before the answer.
	if err := m.zk.Settle(ctx); err != nil {
		return nil, err
	}
	done := make(chan struct{})
	m.mu.Lock()
	m.mu.waiting = append(m.mu.waiting, done)
	m.mu.Unlock()
	m.kick()
	select {
	case <-done:
		return m.Image(), nil
	case <-m.done:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Wait returns the first image that fulfils cond, beginning with the present one. cond may be called more than once for
// an image, and not for all of them.
func (m *Mirror) Wait(ctx context.Context, cond func(*kzk.Image) bool) (*kzk.Image, error) {
	for {
		image := m.Image()
		if cond(image) {
			return image, nil
		}
		select {
		case <-m.Changed(image):
		case <-m.done:
			return nil, ErrClosed
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
