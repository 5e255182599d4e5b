// Package codec compresses and decompresses the records section of Kafka's batches: gzip, snappy
// in the frames of Java's snappy library, lz4 frames and zstd.
//
// It knows nothing of batches and records. klog calls it, where a broker has to look into a batch
// or to store it with another codec than the producer's.
//
// Decompression is bounded: memory grows with what really comes out, never with what a header
// promises, and ends at a limit. A bomb is a [*SizeError].
package codec

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// SizeError says that the uncompressed bytes would be more than the limit.
type SizeError struct {
	Codec kproto.Codec
	Limit int
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("%s: more than %d bytes uncompressed", e.Codec, e.Limit)
}

// DataError says that the compressed bytes are not what the codec writes.
type DataError struct {
	Codec kproto.Codec
	Err   error
}

func (e *DataError) Error() string { return fmt.Sprintf("%s: %v", e.Codec, e.Err) }
func (e *DataError) Unwrap() error { return e.Err }

// UnknownError says that there is no such codec.
type UnknownError struct{ Codec kproto.Codec }

func (e *UnknownError) Error() string { return fmt.Sprintf("%s is not known", e.Codec) }

// Coder has the state that the codecs can use again. The zero value is ready; it is not for
// concurrent use.
type Coder struct {
	gzipReader *gzip.Reader
	gzipWriter *gzip.Writer
	lz4Reader  *lz4.Reader
	zstdReader *zstd.Decoder
	zstdLimit  int // of zstdReader
	zstdWriter *zstd.Encoder
}

// Decompress returns the uncompressed bytes of src, at most limit of them. Without a codec that is
// src itself.
func (c *Coder) Decompress(codec kproto.Codec, src []byte, limit int) ([]byte, error) {
	return c.DecompressInto(nil, codec, src, limit)
}

// DecompressInto is Decompress, with the result in room, from its beginning, if that is large enough.
func (c *Coder) DecompressInto(room []byte, codec kproto.Codec, src []byte, limit int) ([]byte, error) {
	room = room[:0]
	var out []byte
	var err error
	switch codec {
	case kproto.CodecNone:
		return src, nil
	case kproto.CodecGzip:
		out, err = c.gunzip(room, src, limit)
	case kproto.CodecSnappy:
		out, err = unsnappy(room, src, limit)
	case kproto.CodecLZ4:
		if c.lz4Reader == nil {
			c.lz4Reader = lz4.NewReader(nil)
		}
		c.lz4Reader.Reset(bytes.NewReader(src))
		out, err = readAll(room, c.lz4Reader, len(src), limit)
	case kproto.CodecZstd:
		out, err = c.unzstd(room, src, limit)
	default:
		return nil, &UnknownError{codec}
	}
	if errors.Is(err, errTooLarge) {
		return nil, &SizeError{codec, limit}
	}
	if err != nil {
		return nil, &DataError{codec, err}
	}
	return out, nil
}

// Compress appends src to dst, compressed.
func (c *Coder) Compress(codec kproto.Codec, dst, src []byte) ([]byte, error) {
	switch codec {
	case kproto.CodecNone:
		return append(dst, src...), nil
	case kproto.CodecGzip:
		return c.gzip(dst, src)
	case kproto.CodecSnappy:
		return snappyFrames(dst, src), nil
	case kproto.CodecLZ4:
		return lz4Frame(dst, src)
	case kproto.CodecZstd:
		return c.zstd(dst, src)
	}
	return dst, &UnknownError{codec}
}

// errTooLarge is what the codecs' own errors are told apart from.
var errTooLarge = errors.New("too large")

// readAll reads to the end, or until it is more than limit. Without room, size is a first guess.
func readAll(out []byte, r io.Reader, size, limit int) ([]byte, error) {
	if cap(out) == 0 {
		out = make([]byte, 0, min(2*size, limit)+1)
	}
	for {
		n, err := r.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		switch {
		case len(out) > limit:
			return nil, errTooLarge
		case err == io.EOF:
			return out, nil
		case err != nil:
			return nil, err
		}
		if len(out) == cap(out) {
			out = append(out, 0)[:len(out)]
		}
	}
}
