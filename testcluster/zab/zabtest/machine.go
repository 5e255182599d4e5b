package zabtest

import "github.com/zoka-project/zoka/testcluster/zab"

// Machine is what a world runs on each server: [zab.Core], or one that a test has wrapped to make mistakes.
type Machine interface {
	Tick()
	Notified(n zab.Notification)
	Reachable(id zab.ServerID, up bool)
	LinkUp(l zab.LinkID)
	DialFailed()
	LinkDown(l zab.LinkID)
	LinkAlive(l zab.LinkID)
	Receive(l zab.LinkID, p *zab.Packet)
	Propose(build func(zab.Zxid) []byte) error
	Confirm(token uint64) error
	Persisted(seq uint64)
	Probed(l zab.LinkID, r zab.ProbeResult)
	Ready() (zab.Ready, bool)
	Status() zab.Status
}

var _ Machine = (*zab.Core)(nil)

// NewMachine makes the machine of a server that starts with d on its disk.
type NewMachine func(cfg zab.Config, d zab.Durable) (Machine, error)

// NewCore is the NewMachine of the core as it is.
func NewCore(cfg zab.Config, d zab.Durable) (Machine, error) {
	c, err := zab.New(cfg, d)
	if err != nil {
		return nil, err
	}
	return c, nil
}
