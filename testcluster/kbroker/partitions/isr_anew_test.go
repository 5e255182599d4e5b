package partitions_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// TestISR_RetryAfterItStartedAnew: a write that takes broker 2 in is held up, and meanwhile that broker loses what it had. What
// is written at last does not name it; it comes in by what it fetches.
func TestISR_RetryAfterItStartedAnew(t *testing.T) {
	said := new(lines)
	var held atomic.Bool
	held.Store(true)
	w := newWorld(t, 2, func(o *partitions.Options) {
		if o.Self == 1 {
			o.Logger = slog.New(slog.NewTextHandler(said, nil))
			return
		}
		dial := o.Dial
		o.Dial = func(ctx context.Context, id int32) (net.Conn, error) {
			if held.Load() {
				return nil, errors.New("held")
			}
			return dial(ctx, id)
		}
	})
	w.assign("t", []int32{1, 2})
	w.elect("t", 0, 1, 0, []int32{1})
	w.brokers[1].leads("t", 0, 0)
	readOnly := []zkproto.ACL{{Perms: zkproto.PermRead | zkproto.PermAdmin, ID: zkproto.OpenACL()[0].ID}}
	_, err := w.admin.SetACL(t.Context(), kzk.StatePath("t", 0), readOnly, -1)
	ok(t, err)
	if _, err := w.brokers[1].client().produce(1, "t", 0, batch("a")); err != kproto.NoError {
		t.Fatal(err)
	}
	held.Store(false)
	eventually(t, "broker 1 wants to take 2 in", func() bool { return said.count("could not be written") > 0 })

	w.brokers[2].kill()
	held.Store(true)
	w.fs = func(int32) (storage.FS, string) { return storage.NewMemory(), "/data" }
	w.start(2)
	_, err = w.admin.Set(t.Context(), kzk.BrokerIDsPath, nil, -1) // as a broker does
	ok(t, err)
	was := w.state("t", 0).Version
	_, err = w.admin.SetACL(t.Context(), kzk.StatePath("t", 0), zkproto.OpenACL(), -1)
	ok(t, err)
	eventually(t, "the write goes through", func() bool { return w.state("t", 0).Version != was })
	if now := w.state("t", 0); !slices.Equal(now.ISR, []int32{1}) {
		t.Errorf("it wrote %+v, and broker 2 has nothing", *now)
	}
	held.Store(false)
	w.isr("t", 0, 1, 2)
}
