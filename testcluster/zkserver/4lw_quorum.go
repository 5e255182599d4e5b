package zkserver

import (
	"fmt"
	"io"
	"net"
	"strconv"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// notServing is what words answer that need a server in service. Source: AbstractFourLetterCommand.
const notServing = "This ZooKeeper instance is not currently serving requests\n"

// QuorumConf is what conf prints of a member of an ensemble besides.
type QuorumConf struct {
	InitLimit, SyncLimit     int // in ticks
	ElectionPort, QuorumPort int
	Observer                 bool
	Membership               string
}

func (s *Server) quorumConf() *QuorumConf {
	e := s.cfg.Ensemble
	if e == nil {
		return nil
	}
	own := e.member(s.cfg.ServerID)
	return &QuorumConf{
		InitLimit: e.InitLimit, SyncLimit: e.SyncLimit, Observer: own.Observer,
		ElectionPort: portOf(own.Election[0]), QuorumPort: portOf(own.Quorum[0]), Membership: string(e.Text),
	}
}

// portOf is the port of host:port, 0 where there is none.
func portOf(addr string) int {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(port) // 0 for a port with a name
	return n
}

// write prints the lines of conf. Source: ZooKeeperServerConf, QuorumPeer.dumpConf.
func (q *QuorumConf) write(out io.Writer) {
	peerType := 0
	if q.Observer {
		peerType = 1
	}
	fmt.Fprintf(out, "initLimit=%d\nsyncLimit=%d\nelectionAlg=3\nelectionPort=%d\nquorumPort=%d\npeerType=%d\nmembership: \n%s",
		q.InitLimit, q.SyncLimit, q.ElectionPort, q.QuorumPort, peerType, q.Membership)
}

// GlobalSessions are the sessions of the table and their timeouts in milliseconds: what a
// learner knows of sessions.
func (s *Server) GlobalSessions() map[zkproto.SessionID]int32 {
	s.treeMu.RLock()
	defer s.treeMu.RUnlock()
	all := make(map[zkproto.SessionID]int32, s.table.Len())
	for id, timeout := range s.table.All() {
		all[id] = timeout
	}
	return all
}
