package zkserver

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// connectString has the members in an order that begins with first.
func (c *cluster) connectString(first *clusterMember) string {
	text := first.addr
	for _, m := range c.members {
		if m != first {
			text += "," + m.addr
		}
	}
	return text
}

// connOf is the connection of a session at a member, or nil.
func (m *clusterMember) connOf(z *zkclient.Client) *conn {
	return m.s.sessions.attached(z.Session().ID)
}

// TestMember_SessionMoves: a session whose connection breaks goes on at another server, with
// its ephemerals and its watches.
func TestMember_SessionMoves(t *testing.T) {
	c := startCluster(t, 3, 1, nil)
	other := c.leader().client()
	create(t, other, "/watched", "0", 0)
	z := c.client(c.connectString(c.follower()), 10*time.Second)
	create(t, z, "/e", "", zkproto.ModeEphemeral)
	events := make(chan zkproto.WatchedEvent, 1)
	watch := func(ev zkproto.WatchedEvent) { events <- ev }
	session := z.Session().ID
	for moved := range 4 {
		if err := z.Sync(t.Context(), "/"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := z.Get(t.Context(), "/watched", watch); err != nil {
			t.Fatal(err)
		}
		var at *clusterMember
		for _, m := range c.members {
			if m.addr == z.Server() {
				at = m
			}
		}
		at.connOf(z).endNow()
		if _, err := other.Set(t.Context(), "/watched", []byte("1"), -1); err != nil {
			t.Fatal(err)
		}
		if ev := receive(t, events); ev.Type != zkproto.EventNodeDataChanged || ev.Path != "/watched" {
			t.Errorf("move %d: %v", moved, ev)
		}
		if z.Session().ID != session || z.Server() == at.addr {
			t.Errorf("move %d: session %v at %s, was %v at %s", moved, z.Session().ID, z.Server(), session, at.addr)
		}
		if st, err := z.Exists(t.Context(), "/e", nil); err != nil || st.EphemeralOwner != session {
			t.Errorf("move %d: %+v, %v", moved, st, err)
		}
		if _, err := z.Set(t.Context(), "/e", nil, -1); err != nil {
			t.Errorf("move %d: a write after it: %v", moved, err)
		}
	}
}

// TestMember_SessionMoved: the connection that a session has left is closed at its next
// write, which does nothing.
func TestMember_SessionMoved(t *testing.T) {
	c := startCluster(t, 3, 0, nil)
	create := &zkproto.CreateRequest{Path: "/late", ACL: zkproto.OpenACL()}
	writes := []zkproto.MultiOp{{Op: zkproto.OpCreate, Req: create}}
	writes = append(writes, zkproto.MultiOp{Op: zkproto.OpMulti, Req: &zkproto.MultiRequest{Ops: slices.Clone(writes)}})
	for i, from := range []*clusterMember{c.leader(), c.follower(), c.leader(), c.follower()} {
		write := writes[i/2]
		for _, to := range c.members {
			if to == from {
				continue
			}
			left := rawDial(t, from.s)
			now := rawOpen(t, to.s)
			now.connect(&zkproto.ConnectRequest{
				Timeout: 30_000, SessionID: left.session.SessionID, Password: left.session.Password,
			})
			now.xid = 100 // as a client goes on counting
			if now.session.SessionID != left.session.SessionID {
				t.Fatalf("%s to %s: %+v", from.mode(), to.mode(), now.session)
			}
			left.request(write.Op, write.Req)
			left.closed()
			if h, _ := now.call(zkproto.OpCreate, create); h.Err != zkproto.OK {
				t.Errorf("%s to %s: %v", from.mode(), to.mode(), h.Err)
			}
			now.call(zkproto.OpDelete, &zkproto.PathVersionRequest{Path: "/late", Version: -1})
		}
	}
}

// TestMember_Refused: a session that is gone, a wrong password, and a client that has seen
// what this ensemble has not.
func TestMember_Refused(t *testing.T) {
	c := startCluster(t, 3, 0, nil)
	for _, m := range c.members {
		gone := rawDial(t, m.s)
		gone.call(zkproto.OpCloseSession, nil)
		alive := rawDial(t, m.s)
		for _, q := range []zkproto.ConnectRequest{
			{Timeout: 30_000, SessionID: gone.session.SessionID, Password: gone.session.Password},
			{Timeout: 30_000, SessionID: alive.session.SessionID, Password: make([]byte, 16)},
		} {
			again := rawOpen(t, m.s)
			again.connect(&q)
			if again.session.SessionID != 0 || again.session.Timeout != 0 {
				t.Errorf("%s: %+v", m.mode(), again.session)
			}
			again.closed()
		}
		ahead := rawOpen(t, m.s)
		ahead.send(zkproto.Encode(&zkproto.ConnectRequest{Timeout: 30_000, LastZxidSeen: 1 << 40, Password: make([]byte, 16)}))
		ahead.closed()
		// The epoch's beginning is what a client may have seen of an Apache leader.
		begun := rawOpen(t, m.s)
		begun.connect(&zkproto.ConnectRequest{Timeout: 30_000, LastZxidSeen: 1 << 32, Password: make([]byte, 16)})
		if begun.session.SessionID == 0 {
			t.Errorf("%s: refused a client that has seen the epoch's beginning", m.mode())
		}
	}
}

// TestMember_Expiry: a session whose client falls silent ends after its time-out, once, and
// one that pings a follower lives on.
func TestMember_Expiry(t *testing.T) {
	c := startCluster(t, 3, 1, nil)
	const timeout = 3 * clusterTick
	watcher := c.leader().client()
	var alive []*zkclient.Client
	for _, m := range c.members {
		z := c.client(m.addr, timeout)
		create(t, z, "/alive"+m.mode()+m.addr, "", zkproto.ModeEphemeral)
		alive = append(alive, z)
	}
	for _, m := range c.members {
		silent := rawOpen(t, m.s)
		silent.connect(&zkproto.ConnectRequest{Timeout: int32(timeout.Milliseconds()), Password: make([]byte, 16)})
		silent.call(zkproto.OpCreate, &zkproto.CreateRequest{Path: "/silent", ACL: zkproto.OpenACL(), Mode: zkproto.ModeEphemeral})
		begun := time.Now()
		if err := watcher.Sync(t.Context(), "/"); err != nil {
			t.Fatal(err)
		}
		gone := make(chan zkproto.WatchedEvent, 1)
		if _, err := watcher.Exists(t.Context(), "/silent", func(ev zkproto.WatchedEvent) { gone <- ev }); err != nil {
			t.Fatal(err)
		}
		silent.nc.Close()
		receive(t, gone)
		if took := time.Since(begun); took < timeout-clusterTick/4 {
			t.Errorf("%s: the session has ended after %v, its time-out is %v", m.mode(), took, timeout)
		}
		again := rawOpen(t, m.s)
		again.connect(&zkproto.ConnectRequest{Timeout: 30_000, SessionID: silent.session.SessionID, Password: silent.session.Password})
		if again.session.SessionID != 0 {
			t.Errorf("%s: the session is back", m.mode())
		}
	}
	for i, z := range alive {
		if paths, err := z.Ephemerals(t.Context(), ""); err != nil || len(paths) != 1 {
			t.Errorf("the session at server %d: %v, %v", i+1, paths, err)
		}
	}
	st := c.leader().s.Stats()
	if st.Expired != int64(len(c.members)) {
		t.Errorf("%d sessions have expired, want %d", st.Expired, len(c.members))
	}
}

// TestMember_NotServing: without a quorum a server takes no clients, and says so.
func TestMember_NotServing(t *testing.T) {
	c := newCluster(t, 3, 0, nil)
	m := c.members[0]
	m.start()
	for _, tt := range []struct{ word, want string }{
		{"srvr", notServing}, {"mntr", notServing}, {"conf", notServing}, {"dump", notServing}, {"crst", notServing},
		{"ruok", "imok"}, {"isro", "null"}, {"gtmk", "306"},
	} {
		if got := m.ask(tt.word); got != tt.want && !(tt.word == "gtmk" && got != notServing) {
			t.Errorf("%s: %q", tt.word, got)
		}
	}
	client := rawOpen(t, m.s)
	client.send(zkproto.Encode(&zkproto.ConnectRequest{Timeout: 30_000, Password: make([]byte, 16)}))
	client.closed()
	if err := m.s.Snapshot(); !errors.Is(err, ErrNotServing) {
		t.Errorf("a snapshot: %v", err)
	}
	list, err := m.s.folder.Snapshots()
	if err != nil || len(list) != 1 || list[0].Zxid != 0 {
		t.Errorf("snapshots: %v, %v", list, err)
	}
}

// TestMember_TakenPort: the error names the port.
func TestMember_TakenPort(t *testing.T) {
	c := newCluster(t, 3, 0, nil)
	taken, err := c.network.Listen(t.Context(), "s1:2")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := Config{ServerID: 1, Listeners: []net.Listener{l}, FS: c.members[0].disk, DataDir: "/data", PreAlloc: -1}
	c.change(&cfg)
	if s, err := New(cfg); err == nil {
		s.Close()
		t.Fatal("started on a port that is taken")
	} else if text := err.Error(); !strings.Contains(text, "election port") || !strings.Contains(text, "s1:2") {
		t.Errorf("%v: want the port named", err)
	}
}

// TestMember_LeaderRests: with leaderServes=no clients are served by the others alone.
func TestMember_LeaderRests(t *testing.T) {
	c := startCluster(t, 3, 0, func(cfg *Config) { cfg.Ensemble.LeaderRests = true })
	leader := c.leader()
	refused := rawOpen(t, leader.s)
	refused.send(zkproto.Encode(&zkproto.ConnectRequest{Timeout: 30_000, Password: make([]byte, 16)}))
	refused.closed()
	z := c.client(c.connectString(leader), 10*time.Second)
	create(t, z, "/n", "x", 0)
	if z.Server() == leader.addr {
		t.Error("the leader serves")
	}
	if text := leader.ask("srvr"); !strings.Contains(text, "Mode: leader\n") {
		t.Error(text)
	}
}
