package zkserver

import (
	"fmt"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txnlog"
)

// order gives every transaction its place and makes it durable. It reports through
// Server.commit, in order, what may be applied.
type order interface {
	// Propose calls build once, with the next zxid, and takes the transaction's bytes that it
	// returns; they are not kept. It does not wait for the disk.
	Propose(build func(zkproto.Zxid) []byte) error
	// Roll ends the log file, so that old ones can be purged after a snapshot.
	Roll() error
	// Close makes durable, and reports, what was proposed.
	Close() error
}

// standalone is the order of a server on its own: what its log has is committed.
type standalone struct {
	last zkproto.Zxid
	log  *txnlog.Writer
}

func (o *standalone) Propose(build func(zkproto.Zxid) []byte) error {
	o.last++
	if err := o.log.Append(build(o.last)); err != nil {
		return fmt.Errorf("log transaction %v: %w", o.last, err)
	}
	return nil
}

func (o *standalone) Roll() error { return o.log.Roll() }

func (o *standalone) Close() error { return o.log.Close() }
