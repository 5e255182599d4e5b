package zkserver

import (
	"errors"
	"fmt"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zab"
	"github.com/zoka-project/zoka/testcluster/zkserver/quorum"
)

// ErrNotServing says that a member of an ensemble takes no part at the moment: it has no
// leader, or is not up to date.
var ErrNotServing = errors.New("this server is not currently serving requests")

// maxLinkQueue bounds what waits for one member, in bytes: several terms' worth of requests,
// as a leader sends each follower what all the others have forwarded.
const maxLinkQueue = 8 * maxTermBytes

// join begins to take part in the ensemble, with what was loaded: a snapshot of floor, and the
// log behind it up to last. The node owns the log from then on.
func (s *Server) join(log *txnlog.Log, last, floor zkproto.Zxid) error {
	durable, err := quorum.Load(s.folder, log, last)
	durable.Floor = floor // a leader that wants less than the snapshot has to send its own
	if err != nil {
		_ = log.Close() // nothing was written
		return fmt.Errorf("load %s: %w", s.cfg.DataDir, err)
	}
	e := s.cfg.Ensemble
	own := e.member(s.cfg.ServerID)
	m := newMember(s)
	m.log = log
	o := quorum.Options{
		Core: s.cfg.core(), Durable: durable, Folder: s.folder, Log: log,
		Writer:             txnlog.WriterOptions{MaxBatch: s.cfg.MaxBatch, FlushDelay: s.cfg.FlushDelay},
		SnapshotSizeFactor: max(e.SnapshotSizeFactor, 0),
		App:                m, Network: e.Network, Cuts: e.Cuts, Tick: coreTick,
		ElectionAddr: e.listen(own.Election[0]), QuorumAddr: e.listen(own.Quorum[0]), Advertise: own.Election[0],
		Election: make(map[zab.ServerID][]string), Quorum: make(map[zab.ServerID][]string),
		MaxLinkQueue: maxLinkQueue,
		// A transaction may be as large as a session has ephemeral nodes: what one member has
		// proposed all others must be able to read, or none of them ever follows it.
		MaxPacket:      maxLinkQueue,
		ConnectTimeout: e.ConnectTimeout, HandshakeTimeout: time.Duration(e.SyncLimit) * s.cfg.TickTime,
		Logger: s.log,
	}
	for i := range e.Members {
		id := zab.ServerID(e.Members[i].ID)
		o.Election[id], o.Quorum[id] = e.Members[i].Election, e.Members[i].Quorum
	}
	m.node, err = quorum.Start(o)
	if err != nil {
		_ = log.Close()
		return fmt.Errorf("join the ensemble as server %d: %w", s.cfg.ServerID, err)
	}
	s.member, s.order = m, m.node
	return nil
}

// Serving says whether clients are served: always, but for a member of an ensemble that is
// without a leader or not up to date.
func (s *Server) Serving() bool { return s.member == nil || s.member.open() != nil }
