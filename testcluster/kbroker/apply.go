package kbroker

import (
	"context"
	"errors"
	"sync"

	"github.com/zoka-project/zoka/clientproto/kzk"
)

// errEnded is what waiting for an image ends with when the broker ends.
var errEnded = errors.New("the broker has ended")

// applied is the newest image that all parts of the broker have been told of.
type applied struct {
	mu      sync.Mutex
	img     *kzk.Image
	changed chan struct{} // closed with each change
	ended   bool
}

func newApplied() *applied { return &applied{changed: make(chan struct{})} }

func (a *applied) set(img *kzk.Image) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.img = img
	close(a.changed)
	a.changed = make(chan struct{})
}

// end lets everybody go who waits.
func (a *applied) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.ended {
		a.ended = true
		close(a.changed)
	}
}

func (a *applied) wait(ctx context.Context, cond func(*kzk.Image) bool) error {
	for {
		a.mu.Lock()
		img, changed, ended := a.img, a.changed, a.ended
		a.mu.Unlock()
		switch {
		case img != nil && cond(img):
			return nil
		case ended:
			return errEnded
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// applyImages tells the parts of each new image, in order, until ctx ends. One of another cluster ends the broker.
func (b *Broker) applyImages(ctx context.Context) {
	defer b.applied.end()
	var last *kzk.Image
	for {
		img := b.mirror.Image()
		if img.ClusterID != "" && img.ClusterID != b.clusterID {
			b.fail(&ForeignError{b.clusterID, img.ClusterID})
			return
		}
		if img != last {
			b.parts.Apply(img)
			b.groups.Apply(img)
			b.applied.set(img)
			last = img
		}
		select {
		case <-b.mirror.Changed(img):
		case <-b.parts.DirFailed():
			b.parts.Apply(img)
		case <-ctx.Done():
			return
		}
	}
}
