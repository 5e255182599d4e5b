package codec

import (
	"errors"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// zstdWindow is the largest window of any level of the reference library. Nothing of that size is
// allocated: what has come out is the window.
const zstdWindow = 128 << 20

// zstdRoom is the largest limit that there is a room for beforehand. Beyond it, what comes out is bounded by
// zstdWindow, and by limit when it is there.
const zstdRoom = 4 << 20

// unzstd takes frames whose window is larger than limit too: who compresses a stream says how far he may
// look back, not how much will come, and librdkafka's few bytes have a window of 2 MiB.
func (c *Coder) unzstd(room, src []byte, limit int) ([]byte, error) {
	// The library refuses a window that is larger than what may come out, unless a room bounds that: one as large as limit.
	inRoom := limit <= zstdRoom
	if c.zstdReader == nil || c.zstdLimit != limit {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecodeAllCapLimit(inRoom),
			zstd.WithDecoderMaxMemory(uint64(max(limit, zstdWindow))), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, err
		}
		c.zstdReader, c.zstdLimit = d, limit
	}
	if inRoom {
		room = slices.Grow(room, limit)[:0:limit]
	}
	out, err := c.zstdReader.DecodeAll(src, room)
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) || len(out) > limit {
		return nil, errTooLarge
	}
	return out, err
}

func (c *Coder) zstd(dst, src []byte) ([]byte, error) {
	if c.zstdWriter == nil {
		w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
		if err != nil {
			return dst, err
		}
		c.zstdWriter = w
	}
	return c.zstdWriter.EncodeAll(src, dst), nil
}
