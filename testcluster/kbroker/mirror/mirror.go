package mirror

import (
	"context"
	"log/slog"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Options are what a [Mirror] works with.
type Options struct {
	ZK     *zkclient.Client
	Logger *slog.Logger
}

// Mirror has the newest image of the cluster. All methods may be called from any goroutine.
type Mirror struct{ o Options }

// Start returns after the first full load, or when ctx ends.
func Start(ctx context.Context, o Options) (*Mirror, error) { return &Mirror{o: o}, nil }

// Image is the newest image.
func (m *Mirror) Image() *kzk.Image { return nil }

// Changed returns a channel that is closed as soon as Image is another one than after.
func (m *Mirror) Changed(after *kzk.Image) <-chan struct{} { return nil }

// Fresh returns an image that has everything acknowledged before the call.
func (m *Mirror) Fresh(ctx context.Context) (*kzk.Image, error) { return nil, ctx.Err() }

// Wait returns the first image that fulfils cond.
func (m *Mirror) Wait(ctx context.Context, cond func(*kzk.Image) bool) (*kzk.Image, error) {
	return nil, ctx.Err()
}

// HandleEvent takes the events of the session, those of [zkclient.Config.OnEvent].
func (m *Mirror) HandleEvent(ev zkproto.WatchedEvent) {}

// Close ends the mirror's work and waits for it.
func (m *Mirror) Close() {}
