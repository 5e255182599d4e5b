package zab

import "errors"

var (
	// ErrNotLeading is the answer to what only a leader in broadcast can do.
	ErrNotLeading = errors.New("zab: not the leader")
	// ErrRollover means that the epoch has no zxid left. The leader has stepped down; the next one begins a new epoch.
	ErrRollover = errors.New("zab: the epoch's zxids are used up")
)

// Core is one server's part in the ensemble.
type Core struct {
	cfg Config
}

// New makes the core of a server that starts with what is on its disk.
func New(cfg Config, d Durable) (*Core, error) { return &Core{cfg: cfg}, nil }

// Tick is called once a tick.
func (c *Core) Tick() {}

// Notified takes what arrived at the election port.
func (c *Core) Notified(n Notification) {}

// Reachable tells of the election port: up that a connection stands, !up that nobody listens there.
func (c *Core) Reachable(id ServerID, up bool) {}

// LinkUp tells a learner that its dial has worked, a leader that somebody has connected.
func (c *Core) LinkUp(l LinkID) {}

// DialFailed tells a learner that its dial has not worked.
func (c *Core) DialFailed() {}

// LinkDown tells that a connection has ended by itself.
func (c *Core) LinkDown(l LinkID) {}

// LinkAlive tells that bytes of a long snapshot are still arriving.
func (c *Core) LinkAlive(l LinkID) {}

// Receive takes a packet.
func (c *Core) Receive(l LinkID, p *Packet) {}

// Propose begins a transaction.
func (c *Core) Propose(build func(Zxid) []byte) error { return ErrNotLeading }

// Confirm asks for proof that this server still leads.
func (c *Core) Confirm(token uint64) error { return ErrNotLeading }

// Persisted tells that all disk operations up to seq are durable.
func (c *Core) Persisted(seq uint64) {}

// Probed answers a Probe.
func (c *Core) Probed(l LinkID, r ProbeResult) {}

// Ready takes what has come up since the last call.
func (c *Core) Ready() (r Ready, ok bool) { return Ready{}, false }

// Status tells of the server.
func (c *Core) Status() Status { return Status{} }
