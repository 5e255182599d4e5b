package transport

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// LinkOptions are the particulars of a [Link].
type LinkOptions struct {
	Cuts *Cuts
	// MaxQueued bounds the bytes that wait to be written; over it the link breaks.
	MaxQueued int
	// MaxPacket bounds a packet that is read, in bytes.
	MaxPacket int
	Logger    *slog.Logger
}

// Link is a connection between a leader and a learner, seen from either end.
type Link struct{}

// NewLink takes over nc.
func NewLink(nc net.Conn, o LinkOptions) *Link { return &Link{} }

// SetPeer says who is at the other end, for Cuts.
func (l *Link) SetPeer(id zab.ServerID) {}

// SetReadTimeout bounds every single read from now on; 0 is no bound.
func (l *Link) SetReadTimeout(d time.Duration) {}

// ReadPacket reads the next packet.
func (l *Link) ReadPacket() (*zab.Packet, error) { return nil, io.EOF }

// Body is the raw stream behind a SNAP packet.
func (l *Link) Body() *bufio.Reader { return nil }

// Received is the number of bytes that have arrived.
func (l *Link) Received() int64 { return 0 }

// Send queues packets.
func (l *Link) Send(ps ...*zab.Packet) {}

// SendStream queues what run writes.
func (l *Link) SendStream(run func(w io.Writer) error) {}

// Err is why the link has ended, nil while it stands.
func (l *Link) Err() error { return nil }

// Close ends the link.
func (l *Link) Close() error { return nil }
