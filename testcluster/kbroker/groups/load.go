package groups

import (
	"errors"
	"fmt"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/group"
	"github.com/zoka-project/zoka/testcluster/klog/codec"
)

// chunkSize is how much of a log is read at once.
const chunkSize = 1 << 20

// firstPause and lastPause are how long a log that could not be read is left alone, more each time; waitPause is the most
// where it is only that the log does not know yet that it leads, or may not act on it.
const (
	firstPause = 20 * time.Millisecond
	waitPause  = 200 * time.Millisecond
	lastPause  = 10 * time.Second
)

// load reads the partition's log into the shard and lets it answer. Before is the term that has just ended here, if there
// was one: its last write has to be in the log.
func (t *term) load(before *term) {
	if before != nil {
		before.seal()
	}
	var at int64
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := t.loadFrom(&at)
		switch {
		case err == nil || t.over():
			return
		case errors.Is(err, kproto.NotLeaderOrFollower), errors.Is(err, kproto.UnknownTopicOrPartition):
			t.c.o.Logger.Debug("offsets cannot be read yet", "partition", t.partition, "err", err)
			pause = min(pause, waitPause)
		default:
			t.c.o.Logger.Error("offsets cannot be read", "partition", t.partition, "offset", at, "err", err)
		}
		if !t.pause(pause) {
			return
		}
	}
}

// loadFrom reads from an offset to the end, and moves it on. The shard answers when there was no error.
func (t *term) loadFrom(at *int64) error {
	select {
	case t.c.loads <- struct{}{}:
		defer func() { <-t.c.loads }()
	case <-t.c.ctx.Done():
		return t.c.ctx.Err()
	}
	begin := t.c.o.Now()
	for !t.over() {
		next, err := t.loadChunk(*at)
		if err != nil {
			return err
		}
		if next == *at {
			t.do(func(now time.Time, s *group.Shard) { s.Activate(now) })
			t.c.o.Logger.Debug("coordinates groups", "partition", t.partition, "offset", next, "took", t.c.o.Now().Sub(begin))
			return nil
		}
		*at = next
	}
	return nil
}

// loadChunk reads on from an offset and returns the one behind. It is the same at the end of the log. A batch that cannot
// be understood is passed over: the groups it is about are worse off than if it could, the others are not.
func (t *term) loadChunk(at int64) (next int64, err error) {
	chunk, _, err := t.c.o.Log.ReadLocal(Topic, t.partition, at, chunkSize)
	if err != nil {
		return at, err
	}
	var coder codec.Coder
	for len(chunk) > 0 {
		h, err := kproto.ParseBatchHeader(chunk)
		if err != nil {
			return at, fmt.Errorf("batch after offset %d: %w", at, err)
		}
		if h.Size() > len(chunk) {
			return at, nil
		}
		at = max(at, h.NextOffset())
		records, err := coder.Decompress(h.Codec(), chunk[kproto.BatchHeaderSize:h.Size()], maxUncompressed)
		if err == nil {
			t.mu.Lock()
			err = t.mu.shard.Load(h, records)
			t.mu.Unlock()
		}
		if err != nil {
			t.c.o.Logger.Error("offsets are passed over", "partition", t.partition, "offset", h.BaseOffset, "err", err)
		}
		chunk = chunk[h.Size():]
	}
	return at, nil
}

// over tells whether the term has ended.
func (t *term) over() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.mu.ended
}

// pause waits before the next attempt; it is false at the end.
func (t *term) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return !t.over()
	case <-t.c.ctx.Done():
		return false
	}
}
