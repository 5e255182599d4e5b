package transport

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// ErrMalformed is wrapped by every error that tells of bytes which are no ZooKeeper message.
var ErrMalformed = errors.New("malformed message")

const (
	packetHeader = 4 + 8 + 4
	// allocateStep bounds what is allocated ahead of the bytes that fill it.
	allocateStep = 64 << 10
)

// AppendPacket appends a packet as it goes over the quorum port, which has no frames:
//
//	type i32 | zxid i64 | data buffer (nil: length -1) | count i32 (nil: -1) | { scheme string | id string }*
func AppendPacket(b []byte, p *zab.Packet) []byte {
	b = jute.AppendInt(b, int32(p.Type))
	b = jute.AppendLong(b, int64(p.Zxid))
	b = jute.AppendBuffer(b, p.Data)
	if p.Auth == nil {
		return jute.AppendInt(b, -1)
	}
	b = jute.AppendInt(b, int32(len(p.Auth)))
	for _, id := range p.Auth {
		if id.Null {
			b = jute.AppendNullString(jute.AppendNullString(b))
			continue
		}
		b = jute.AppendString(jute.AppendString(b, id.Scheme), id.ID)
	}
	return b
}

// ReadPacket reads one packet. Its data are its own memory, which grows with the bytes that
// arrive and ends at limit; the identities count against limit too. A stream that ends before
// a packet's first byte is io.EOF, within a packet io.ErrUnexpectedEOF.
func ReadPacket(src *bufio.Reader, limit int) (*zab.Packet, error) {
	r := packetReader{src: src, left: limit}
	p, err := r.packet()
	if err != nil {
		return nil, err
	}
	return p, nil
}

// packetReader reads the parts of one packet.
type packetReader struct {
	src  *bufio.Reader
	left int // how many bytes of buffers may still come
}

func (r *packetReader) packet() (*zab.Packet, error) {
	h, err := r.src.Peek(packetHeader)
	if err != nil {
		return nil, headerError(h, err)
	}
	p := &zab.Packet{
		Type: zab.PacketType(binary.BigEndian.Uint32(h)),
		Zxid: zab.Zxid(binary.BigEndian.Uint64(h[4:])),
	}
	size := int32(binary.BigEndian.Uint32(h[12:]))
	if p.Type < zab.Request || p.Type > zab.InformAndActivate {
		return nil, fmt.Errorf("%w: %s at the quorum port", ErrMalformed, p.Type)
	}
	if _, err := r.src.Discard(packetHeader); err != nil {
		return nil, err
	}
	if p.Data, err = r.bytes(size); err == nil {
		p.Auth, err = r.identities()
	}
	if err != nil {
		return nil, fmt.Errorf("%s %#x: %w", p.Type, int64(p.Zxid), err)
	}
	return p, nil
}

// headerError looks at what came of a header: a peer that speaks another protocol may have
// sent too little to fill one.
func headerError(h []byte, err error) error {
	if errors.Is(err, io.EOF) && len(h) > 0 {
		return fmt.Errorf("after %d bytes of a packet: %w", len(h), io.ErrUnexpectedEOF)
	}
	return err
}

// bytes reads n bytes; nil for -1.
func (r *packetReader) bytes(n int32) ([]byte, error) {
	if n == -1 {
		return nil, nil
	}
	if n < 0 || int(n) > r.left {
		return nil, fmt.Errorf("%w: a buffer of %d bytes, at most %d may be left", ErrMalformed, n, r.left)
	}
	r.left -= int(n)
	b := make([]byte, min(int(n), allocateStep))
	for filled := 0; ; {
		if _, err := io.ReadFull(r.src, b[filled:]); err != nil {
			return nil, unexpected(err)
		}
		if filled = len(b); filled == int(n) {
			return b, nil
		}
		grown := make([]byte, min(int(n), 2*filled))
		copy(grown, b)
		b = grown
	}
}

func (r *packetReader) length() (int32, error) {
	var b [4]byte
	if _, err := io.ReadFull(r.src, b[:]); err != nil {
		return 0, unexpected(err)
	}
	return int32(binary.BigEndian.Uint32(b[:])), nil
}

func (r *packetReader) identities() ([]zkproto.ID, error) {
	const smallest = 2 * 4
	n, err := r.length()
	if err != nil || n == -1 {
		return nil, err
	}
	if n < 0 || int(n) > r.left/smallest {
		return nil, fmt.Errorf("%w: %d identities", ErrMalformed, n)
	}
	r.left -= int(n) * smallest
	ids := []zkproto.ID{}
	for range n {
		scheme, err := r.text()
		if err != nil {
			return nil, err
		}
		id, err := r.text()
		if err != nil {
			return nil, err
		}
		if scheme == nil || id == nil {
			ids = append(ids, zkproto.ID{Scheme: string(scheme), ID: string(id), Null: true})
		} else {
			ids = append(ids, zkproto.ID{Scheme: string(scheme), ID: string(id)})
		}
	}
	return ids, nil
}

func (r *packetReader) text() ([]byte, error) {
	n, err := r.length()
	if err != nil {
		return nil, err
	}
	return r.bytes(n)
}

// unexpected is for a stream that ends within a packet.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// frameLength reads the length of an election message, which has at least one byte. A stream
// that ends before it is io.EOF.
func (r *packetReader) frameLength() (int32, error) {
	if _, err := r.src.Peek(1); err != nil {
		return 0, err
	}
	n, err := r.length()
	if err == nil && (n < 1 || int(n) > r.left) {
		err = fmt.Errorf("%w: an election message of %d bytes, 1 to %d are allowed", ErrMalformed, n, r.left)
	}
	return n, err
}
