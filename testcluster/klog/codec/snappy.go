package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/klauspost/compress/snappy"
)

// xerialMagic begins the frames of Java's snappy library: the magic, version 1, compatible with
// version 1. Behind them stand blocks, each an int32 length and a block of raw snappy.
var xerialMagic = []byte{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1}

// xerialMagicOnly is what a reader looks at; it takes any version.
const xerialMagicOnly = 8

// xerialBlock is the block size of the Java library.
const xerialBlock = 32 << 10

// unsnappy reads frames, or a single raw block, which some clients send.
func unsnappy(out, src []byte, limit int) ([]byte, error) {
	if !bytes.HasPrefix(src, xerialMagic[:xerialMagicOnly]) {
		return unsnappyBlock(out, src, limit)
	}
	if len(src) < len(xerialMagic) {
		return nil, errors.New("the frame's header breaks off")
	}
	for src = src[len(xerialMagic):]; len(src) > 0; {
		if len(src) < 4 {
			return nil, errors.New("a block's length breaks off")
		}
		size := int64(binary.BigEndian.Uint32(src))
		if src = src[4:]; size > int64(len(src)) {
			return nil, errors.New("a block breaks off")
		}
		var err error
		if out, err = unsnappyBlock(out, src[:size], limit); err != nil {
			return nil, err
		}
		src = src[size:]
	}
	return out, nil
}

// maxSnappyRatio is more than any valid block can expand: a copy of 64 bytes takes two.
const maxSnappyRatio = 64

// unsnappyBlock appends a block's content to out, which stays within limit.
func unsnappyBlock(out, block []byte, limit int) ([]byte, error) {
	size, err := snappy.DecodedLen(block)
	if err != nil {
		return nil, err
	}
	if size > maxSnappyRatio*len(block) {
		return nil, snappy.ErrCorrupt
	}
	if size > limit-len(out) {
		return nil, errTooLarge
	}
	out = slices.Grow(out, size)
	_, err = snappy.Decode(out[len(out):len(out)+size], block)
	return out[:len(out)+size], err
}

func snappyFrames(dst, src []byte) []byte {
	dst = append(dst, xerialMagic...)
	for len(src) > 0 {
		block := snappy.Encode(nil, src[:min(len(src), xerialBlock)])
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(block)))
		dst = append(dst, block...)
		src = src[min(len(src), xerialBlock):]
	}
	return dst
}
