package codec

import (
	"errors"

	"github.com/klauspost/compress/zstd"
)

// zstdWindow is the largest window of any level of the reference library. Nothing of that size is
// allocated: what has come out is the window.
const zstdWindow = 128 << 20

func (c *Coder) unzstd(room, src []byte, limit int) ([]byte, error) {
	if c.zstdReader == nil || c.zstdLimit != limit {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxMemory(uint64(max(limit, 1))), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, err
		}
		c.zstdReader, c.zstdLimit = d, limit
	}
	out, err := c.zstdReader.DecodeAll(src, room)
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) {
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
