package transport

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zoka-project/zoka/testcluster/zab"
)

var (
	// ErrLinkClosed is what a link's reader gets after Close.
	ErrLinkClosed = errors.New("the link has been closed")
	// ErrLinkFull breaks a link whose peer does not take what is sent.
	ErrLinkFull = errors.New("too much waits to be sent on the link")
)

const (
	// DefaultMaxQueued is a link's MaxQueued where none is given, in bytes.
	DefaultMaxQueued = 64 << 20
	// DefaultMaxPacket is a link's MaxPacket where none is given, in bytes. It is far above
	// ZooKeeper's jute.maxbuffer: the end of a session with many ephemeral nodes is one large
	// transaction.
	DefaultMaxPacket = 16 << 20

	linkReadBuffer = 64 << 10
)

// LinkOptions are the particulars of a [Link]. The zero value works.
type LinkOptions struct {
	Cuts *Cuts
	// MaxQueued bounds the bytes that wait to be written; over it the link breaks.
	MaxQueued int
	// MaxPacket bounds the data and identities of a packet that is read, in bytes.
	MaxPacket int
	// Logger gets a line when sending breaks the link; nil is silence. What breaks it in
	// reading is the reader's to tell.
	Logger *slog.Logger
}

// Link is a connection between a leader and a learner, seen from either end. It breaks as a
// whole: after the first error of either direction the connection is closed, Err tells the
// cause, reads return it, and Send does nothing.
//
// One goroutine of the owner reads; anybody may send, and close.
type Link struct {
	conn      wire
	src       *bufio.Reader
	maxPacket int
	maxQueued int
	logger    *slog.Logger

	readTimeout atomic.Int64 // time.Duration
	deadline    bool         // one is set on conn
	received    atomic.Int64

	out     outQueue
	written sync.WaitGroup // the writer
}

// NewLink takes over nc and starts the link's writer, which Close waits for.
func NewLink(nc net.Conn, o LinkOptions) *Link {
	l := &Link{conn: o.Cuts.cut(nc), maxPacket: o.MaxPacket, maxQueued: o.MaxQueued, logger: o.Logger}
	if l.maxPacket <= 0 {
		l.maxPacket = DefaultMaxPacket
	}
	if l.maxQueued <= 0 {
		l.maxQueued = DefaultMaxQueued
	}
	l.src = bufio.NewReaderSize(linkSource{l}, linkReadBuffer)
	l.out.wake = make(chan struct{}, 1)
	l.written.Go(l.write)
	return l
}

// SetPeer says who is at the other end, for Cuts. A learner needs to call it; at the leader's
// end the learner's first packet says it by itself.
func (l *Link) SetPeer(id zab.ServerID) { l.conn.setPeer(id) }

// SetReadTimeout bounds every single read of the connection that begins from now on: a packet
// or a stream may take longer as long as bytes arrive. 0, as at first, is no bound.
func (l *Link) SetReadTimeout(d time.Duration) { l.readTimeout.Store(int64(d)) }

// Received is the number of bytes that have arrived so far. Anybody may ask.
func (l *Link) Received() int64 { return l.received.Load() }

// Body is the raw stream that goes on where the last packet ended, and the next packet is read
// where the reader of the stream has stopped. It is the link's own buffer: who wraps it into a
// larger one takes the packets behind the stream away.
func (l *Link) Body() *bufio.Reader { return l.src }

// ReadPacket reads the next packet. The error is the link's end: io.EOF where the peer closed
// it between two packets. The packet's memory is the caller's.
func (l *Link) ReadPacket() (*zab.Packet, error) {
	p, err := ReadPacket(l.src, l.maxPacket)
	if err == nil && (p.Type == zab.FollowerInfo || p.Type == zab.ObserverInfo) && len(p.Data) >= 8 {
		// Whoever is cut off has not even said so: the packet has not arrived yet.
		l.conn.setPeer(zab.ServerID(binary.BigEndian.Uint64(p.Data)))
		err = l.conn.arrived()
	}
	if err != nil {
		if err != io.EOF { // callers tell an orderly end by it
			err = readError(err)
		}
		_, err = l.end(err)
		return nil, err
	}
	return p, nil
}

func readError(err error) error { return fmt.Errorf("read from the quorum port: %w", err) }

// linkSource is the connection with the link's timeout.
type linkSource struct{ l *Link }

func (s linkSource) Read(p []byte) (int, error) {
	l := s.l
	if d := time.Duration(l.readTimeout.Load()); d > 0 || l.deadline {
		var at time.Time
		if l.deadline = d > 0; l.deadline {
			at = time.Now().Add(d)
		}
		if err := l.conn.SetReadDeadline(at); err != nil {
			return 0, err
		}
	}
	n, err := l.conn.Read(p)
	l.received.Add(int64(n))
	if err != nil && err != io.EOF { // only who reads knows whether an end is an orderly one
		_, err = l.end(readError(err))
	}
	return n, err
}

// Err is why the link has ended, nil while it stands.
func (l *Link) Err() error {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	return l.out.mu.err
}

// Close ends the link, with what still waits to be sent, and returns when its writer has
// gone. A reader gets ErrLinkClosed.
func (l *Link) Close() error {
	l.end(ErrLinkClosed)
	l.written.Wait()
	return nil
}

// fail ends the link because of an error that its reader has not met by itself.
func (l *Link) fail(err error) {
	if first, _ := l.end(err); first && l.logger != nil {
		l.logger.Warn("a quorum link breaks", "peer", l.conn.RemoteAddr().String(), "error", err)
	}
}

// end closes the connection, which wakes reader and writer. It returns whether err is the
// cause, and the cause.
func (l *Link) end(err error) (first bool, cause error) {
	first, cause = l.out.stop(err)
	if first {
		_ = l.conn.Close() // what a failing close could lose is lost anyway
	}
	return first, cause
}
