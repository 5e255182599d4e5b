package control

import (
	"context"

	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// Control is a broker's part in the control of the cluster. Its methods are safe for concurrent use.
type Control struct{ o Options }

// New starts a Control. It does nothing before the first Registered.
func New(o Options) *Control { return &Control{o: o} }

// Rows are the requests that a controller answers: ControlledShutdown, ElectLeaders, AlterPartitionReassignments and
// ListPartitionReassignments.
func (c *Control) Rows() []wire.Row { return nil }

// Registered says that the broker stands in /brokers/ids, with the epoch (czxid) given, in the session that is.
func (c *Control) Registered(epoch int64) {}

// SessionLost says that the session has ended: a controller is one no longer.
func (c *Control) SessionLost() {}

// Leave asks the controller to move the broker's leaderships elsewhere, and returns when that is done, or as often as
// the configuration says has not been. The broker goes on serving until it returns.
func (c *Control) Leave(ctx context.Context) error { return nil }

// Close ends the Control. A controller gives up its office at once.
func (c *Control) Close() error { return nil }
