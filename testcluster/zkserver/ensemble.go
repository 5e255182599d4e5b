package zkserver

import (
	"fmt"
	"math"
	"net"
	"time"

	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// Ensemble is what makes a server one of several. The server's own number is Config.ServerID.
// Zero fields are Apache's defaults where nothing else is said.
type Ensemble struct {
	// Members are all servers, this one among them.
	Members []EnsembleMember
	// Text is the configuration as members show it to each other and as /zookeeper/config has
	// it: server lines and a version line.
	Text []byte

	// InitLimit, SyncLimit and ConnectLimit are in tickTimes: initLimit, syncLimit, both of
	// which must be set, and connectToLearnerMasterLimit, by default initLimit.
	InitLimit, SyncLimit, ConnectLimit int
	// NotifyMin and NotifyMax bound the wait between repeated votes:
	// fastleader.minNotificationInterval, 200 ms, and maxNotificationInterval, 60 s.
	NotifyMin, NotifyMax time.Duration
	// FinalizeWait is how long a winner of the election waits for a better vote: 200 ms.
	FinalizeWait time.Duration
	// ConnectTimeout is for connections to other members: cnxTimeout, 5 s.
	ConnectTimeout time.Duration
	// CommitLogCount is how many transactions are kept for members that come back:
	// commitLogCount, 500.
	CommitLogCount int
	// ForceSnapshot brings every member up to date by a snapshot: forceSnapshotSync.
	ForceSnapshot bool
	// SnapshotSizeFactor is how much of the log, as a part of the newest snapshot's size, is
	// read for a member rather than sending it a snapshot: 0.33; negative is none.
	SnapshotSizeFactor float64
	// LeaderRests has the leader turn clients away: leaderServes=no.
	LeaderRests bool
	// ListenAll has the server take connections of other members on all of the machine's
	// addresses: quorumListenOnAllIPs.
	ListenAll bool

	// Network is how members reach each other; nil is TCP.
	Network transport.Network
	// Cuts are partitions, set from outside while the server runs; nil is none.
	Cuts *transport.Cuts
	// Seed feeds the election's little chance. 0 draws one.
	Seed uint64
}

// EnsembleMember is one server of an ensemble, as its server line describes it.
type EnsembleMember struct {
	ID       int64
	Observer bool
	// Group and Weight are those of hierarchical quorums. Group 0 everywhere is a majority.
	Group, Weight int64
	// Quorum and Election are the addresses of the two ports, more than one where the member
	// has several networks. The server itself listens on the first one of its own.
	Quorum, Election []string
	// Client is the address of the client port, where it is known.
	Client string
}

// coreTick is the length of a tick of the consensus core.
const coreTick = 10 * time.Millisecond

// commitLogBytes bounds the transactions that are kept for members that come back.
const commitLogBytes = 64 << 20

func (e *Ensemble) withDefaults() *Ensemble {
	c := *e
	setDefault(&c.ConnectLimit, c.InitLimit)
	setDefault(&c.NotifyMin, 200*time.Millisecond)
	setDefault(&c.NotifyMax, time.Minute)
	setDefault(&c.FinalizeWait, 200*time.Millisecond)
	setDefault(&c.ConnectTimeout, 5*time.Second)
	setDefault(&c.CommitLogCount, 500)
	if c.Network == nil {
		c.Network = transport.TCP()
	}
	return &c
}

// member finds the line of an id.
func (e *Ensemble) member(id int64) *EnsembleMember {
	for i := range e.Members {
		if e.Members[i].ID == id {
			return &e.Members[i]
		}
	}
	return nil
}

// listen is where to listen for what members send to addr, an address of this server's.
func (e *Ensemble) listen(addr string) string {
	if _, port, err := net.SplitHostPort(addr); err == nil && e.ListenAll {
		return net.JoinHostPort("", port)
	}
	return addr
}

func (e *Ensemble) voters() int {
	n := 0
	for i := range e.Members {
		if !e.Members[i].Observer {
			n++
		}
	}
	return n
}

func (e *Ensemble) validate(id int64) error {
	own := e.member(id)
	switch {
	case own == nil:
		return fmt.Errorf("server id %d: there is no such member of the ensemble", id)
	case len(own.Quorum) == 0 || len(own.Election) == 0:
		return fmt.Errorf("server %d of the ensemble has no quorum and election address", id)
	case e.voters() == 0:
		return fmt.Errorf("an ensemble of %d observers: nobody can vote", len(e.Members))
	case e.InitLimit <= 0 || e.SyncLimit <= 0:
		return fmt.Errorf("initLimit %d and syncLimit %d: an ensemble needs both", e.InitLimit, e.SyncLimit)
	}
	return nil
}

// core is the ensemble as the consensus core counts and measures it.
func (c *Config) core() zab.Config {
	e := c.Ensemble
	z := zab.Config{
		ID: zab.ServerID(c.ServerID), Text: e.Text,
		TickTime: ticks(c.TickTime), InitLimit: e.InitLimit, SyncLimit: e.SyncLimit, ConnectLimit: e.ConnectLimit,
		FinalizeWait: ticks(e.FinalizeWait), NotifyMin: ticks(e.NotifyMin), NotifyMax: ticks(e.NotifyMax),
		RetryWait:      ticks(100 * time.Millisecond),
		CommitLogCount: e.CommitLogCount, CommitLogBytes: commitLogBytes,
		ForceSnapshot: e.ForceSnapshot, NoLogSync: e.SnapshotSizeFactor < 0, Seed: e.Seed,
	}
	for _, m := range e.Members {
		z.Members = append(z.Members, zab.Member{ID: zab.ServerID(m.ID), Observer: m.Observer, Group: m.Group, Weight: m.Weight})
	}
	return z
}

// ticks rounds a time up to whole ticks of the core.
func ticks(d time.Duration) int {
	return int(min((d+coreTick-1)/coreTick, math.MaxInt32))
}
