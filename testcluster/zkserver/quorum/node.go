package quorum

import (
	"errors"

	"github.com/zoka-project/zoka/testcluster/zab"
)

// ErrClosed says that the node was closed.
var ErrClosed = errors.New("the ensemble's node is closed")

// Node is one server's part in an ensemble.
type Node struct{}

// Start takes part in the ensemble: it listens on the election port and looks for a leader.
func Start(o Options) (*Node, error) {
	o = o.withDefaults()
	return nil, o.validate()
}

// Propose begins a transaction. build is called once, under the node's lock.
func (n *Node) Propose(build func(zab.Zxid) []byte) error { return nil }

// Send sends a packet that the core does not know.
func (n *Node) Send(l zab.LinkID, p *zab.Packet) {}

// Confirm asks for proof that this server still leads.
func (n *Node) Confirm(token uint64) error { return nil }

// Status tells of the core.
func (n *Node) Status() zab.Status { return zab.Status{} }

// Roll ends the log file.
func (n *Node) Roll() error { return nil }

// Pause stops everything, as SIGSTOP does.
func (n *Node) Pause() {}

// Resume ends Pause.
func (n *Node) Resume() {}

// Close ends all goroutines, ports and the log.
func (n *Node) Close() error { return nil }
