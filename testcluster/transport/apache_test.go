package transport_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/transport"
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/zab"
)

var rewrite = flag.Bool("rewrite", false, "capture testdata anew, from Apache's servers")

// releases are the servers that judge.
var releases = []struct {
	name  string
	start func(testing.TB, peertest.Options) *peertest.Server
}{
	{"3.9.4", peertest.StartZK39},
	{"Debian", peertest.StartDebian},
}

// apaches are two servers of a three-server ensemble. Ours is the third.
type apaches struct {
	servers  map[zab.ServerID]*peertest.Server
	election map[zab.ServerID][]string
	quorum   map[zab.ServerID]string
}

// startApaches starts all servers but ours and waits for nothing.
func startApaches(t *testing.T, start func(testing.TB, peertest.Options) *peertest.Server, ours zab.ServerID, config ...string) *apaches {
	t.Helper()
	a := &apaches{map[zab.ServerID]*peertest.Server{}, map[zab.ServerID][]string{}, map[zab.ServerID]string{}}
	lines := append([]string{"tickTime=400", "initLimit=20", "syncLimit=5"}, config...)
	for id := zab.ServerID(1); id <= 3; id++ {
		quorum, election := peertest.FreePort(t), peertest.FreePort(t)
		a.quorum[id] = fmt.Sprintf("127.0.0.1:%d", quorum)
		a.election[id] = []string{fmt.Sprintf("127.0.0.1:%d", election)}
		lines = append(lines, fmt.Sprintf("server.%d=127.0.0.1:%d:%d", id, quorum, election))
	}
	for id := zab.ServerID(1); id <= 3; id++ {
		if id == ours {
			continue
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "myid"), fmt.Append(nil, id), 0o644); err != nil {
			t.Fatal(err)
		}
		a.servers[id] = start(t, peertest.Options{DataDir: dir, Config: lines, NoWait: true})
	}
	return a
}

// awaitLeader waits until both serve and returns which of them leads.
func (a *apaches) awaitLeader(t *testing.T) zab.ServerID {
	t.Helper()
	leader := zab.ServerID(0)
	for id, s := range a.servers {
		s.Await(t)
		if answer, err := s.Ask("srvr"); err != nil {
			t.Fatal(err)
		} else if strings.Contains(answer, "Mode: leader") {
			leader = id
		}
	}
	if leader == 0 {
		t.Fatal("neither leads")
	}
	return leader
}

// TestElectionPort_WithApache: two of Apache's servers tell ours what they vote, elect one of
// themselves, and answer ours when it is still looking. With the largest id ours dials, with
// the smallest it calls and is dialled.
func TestElectionPort_WithApache(t *testing.T) {
	for _, r := range releases {
		for _, id := range []zab.ServerID{3, 1} {
			t.Run(fmt.Sprintf("%s/%d", r.name, id), func(t *testing.T) {
				noLeaks(t)
				a := startApaches(t, r.start, id)
				tap := &tap{Network: transport.TCP()}
				s := open(t, transport.ElectionOptions{ID: id, Listen: a.election[id][0], Peers: a.election, Network: tap})
				a.awaitLeader(t)
				for other := range a.servers {
					askUntilSettled(t, s, other)
				}
				if *rewrite && r.name == "3.9.4" && id == 1 {
					if err := s.Close(); err != nil {
						t.Fatal(err)
					}
					tap.write(t, filepath.Join("testdata", "election-3.9.4"))
				}
			})
		}
	}
}

// askUntilSettled votes for ours until other answers that it follows or leads.
func askUntilSettled(t *testing.T, s *station, other zab.ServerID) {
	t.Helper()
	ours := zab.Notification{To: other, Round: 1, Vote: zab.Vote{Leader: s.id}, Config: []byte("server.9=127.0.0.1:1:2\nversion=0")}
	// Whoever has decided answers a server that is looking, and keeps silent to others.
	settled := false
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for range int(patience / (200 * time.Millisecond)) {
		s.Send(ours)
		s.mu.Lock()
		for _, n := range s.heard {
			settled = settled || n.From == other && (n.State == zab.Following || n.State == zab.Leading)
		}
		s.mu.Unlock()
		if settled {
			break
		}
		<-again.C
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.heard {
		if n.To != s.id || n.Version != 2 || !bytes.Contains(n.Config, []byte("server.2=127.0.0.1:")) || n.Leader < 1 || n.Leader > 3 {
			t.Errorf("a notification says %+v, config %q", n, n.Config)
		}
	}
	if !settled {
		t.Fatalf("server %d does not answer; heard: %+v", other, s.heard)
	}
}

// tap keeps what arrives on connections that others have dialled.
type tap struct {
	transport.Network
	mu    sync.Mutex
	conns []*tapped
}

func (p *tap) Listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := p.Network.Listen(ctx, addr)
	return tapListener{l, p}, err
}

type tapListener struct {
	net.Listener
	tap *tap
}

func (l tapListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &tapped{Conn: nc}
	l.tap.mu.Lock()
	defer l.tap.mu.Unlock()
	l.tap.conns = append(l.tap.conns, c)
	return c, nil
}

type tapped struct {
	net.Conn
	in bytes.Buffer
}

func (c *tapped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.in.Write(p[:n])
	return n, err
}

// write saves the longest connection, after the port has been closed.
func (p *tap) write(t *testing.T, path string) {
	t.Helper()
	var longest []byte
	for _, c := range p.conns {
		if b := c.in.Bytes(); len(b) > len(longest) {
			longest = b
		}
	}
	save(t, path, longest)
}

func save(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestLink_AsApachesLearner joins the two servers on a plain Link: everything the leader sends
// is understood, from LEADERINFO to the commit of a write, and it keeps a learner that answers.
func TestLink_AsApachesLearner(t *testing.T) {
	for _, r := range releases {
		t.Run(r.name, func(t *testing.T) {
			noLeaks(t)
			a := startApaches(t, r.start, 3, "forceSnapshotSync=true", "jute.maxbuffer=2000000")
			leader := a.awaitLeader(t)
			client := connect(t, a.servers[leader].Addr())
			large := bytes.Repeat([]byte("snapshot "), 80_000)
			create(t, client, "/large", large)
			create(t, client, "/small", nil)

			nc, err := transport.TCP().Dial(t.Context(), a.quorum[leader])
			if err != nil {
				t.Fatal(err)
			}
			l := &learner{t: t, raw: &tapped{Conn: nc}}
			l.Link = transport.NewLink(l.raw, transport.LinkOptions{})
			defer l.Close()
			l.SetPeer(leader)
			l.SetReadTimeout(patience)
			l.join()
			if got := l.tree["/large"]; !bytes.Equal(got, large) {
				t.Errorf("/large has %d bytes in the snapshot, want %d", len(got), len(large))
			}
			if _, there := l.tree["/small"]; !there {
				t.Error("/small is not in the snapshot")
			}
			l.follow(client)
			if *rewrite && r.name == "3.9.4" {
				save(t, filepath.Join("testdata", "leader-3.9.4"), l.withoutLarge(large))
			}
		})
	}
}

func connect(t *testing.T, addr string) *zkclient.Client {
	t.Helper()
	c, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: addr, SessionTimeout: 8 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = c.Close(ctx) // the servers may have gone first
	})
	return c
}

func create(t *testing.T, c *zkclient.Client, path string, data []byte) {
	t.Helper()
	if _, _, err := c.Create(t.Context(), path, data, zkproto.OpenACL(), zkproto.ModePersistent, 0); err != nil {
		t.Fatal(err)
	}
}

// learner is server 3 as far as a leader can tell, without a log.
type learner struct {
	*transport.Link
	t    *testing.T
	raw  *tapped
	tree map[string][]byte
}

// next reads a packet, answers PINGs, and fails the test if the packet is of another type.
func (l *learner) next(want zab.PacketType) *zab.Packet {
	l.t.Helper()
	for {
		p, err := l.ReadPacket()
		if err != nil {
			l.t.Fatalf("waiting for %s: %v", want, err)
		}
		if p.Type == want {
			return p
		}
		if p.Type != zab.Ping {
			l.t.Fatalf("%s %#x comes, %s was expected", p.Type, int64(p.Zxid), want)
		}
		l.Send(&zab.Packet{Type: zab.Ping, Zxid: p.Zxid, Data: []byte{}})
	}
}

// join goes from FOLLOWERINFO to UPTODATE.
func (l *learner) join() {
	l.t.Helper()
	const self = 3
	info := jute.AppendLong(nil, self)
	info = jute.AppendInt(info, 0x10000)
	info = jute.AppendLong(info, 0)
	l.Send(&zab.Packet{Type: zab.FollowerInfo, Data: info})
	epoch := l.next(zab.LeaderInfo)
	if !bytes.Equal(epoch.Data, []byte{0, 1, 0, 0}) || epoch.Zxid == 0 {
		l.t.Errorf("LEADERINFO is %+v", epoch)
	}
	l.Send(&zab.Packet{Type: zab.AckEpoch, Data: jute.AppendInt(nil, 0)})
	l.next(zab.Snap)
	l.tree = make(map[string][]byte)
	if err := txnlog.ReadSnapshotBody(l.Body(), "the leader's stream", l); err != nil {
		l.t.Fatal(err)
	}
	end := make([]byte, 4+len("BenWasHere"))
	if _, err := io.ReadFull(l.Body(), end); err != nil || string(end) != "\x00\x00\x00\x0aBenWasHere" {
		l.t.Fatalf("behind the stream stands %q, %v", end, err)
	}
	leads := l.next(zab.NewLeader)
	if leads.Zxid != epoch.Zxid || !bytes.Contains(leads.Data, []byte("server.3=127.0.0.1:")) {
		l.t.Errorf("NEWLEADER is %+v", leads)
	}
	l.Send(&zab.Packet{Type: zab.Ack, Zxid: leads.Zxid})
	ready := l.next(zab.UpToDate)
	if ready.Zxid != -1 || ready.Data != nil || ready.Auth != nil {
		l.t.Errorf("UPTODATE is %+v", ready)
	}
	l.Send(&zab.Packet{Type: zab.Ack, Zxid: leads.Zxid})
}

// follow answers PINGs for longer than a leader bears a silent learner, then sees a write
// through.
func (l *learner) follow(client *zkclient.Client) {
	l.t.Helper()
	const pings = 15 // one every 200 ms; syncLimit is 2 s
	for range pings {
		if p := l.next(zab.Ping); p.Data != nil {
			l.t.Errorf("PING is %+v", p)
		} else {
			l.Send(&zab.Packet{Type: zab.Ping, Zxid: p.Zxid, Data: []byte{}})
		}
	}
	written := make(chan error, 1)
	go func() {
		_, err := client.Set(l.t.Context(), "/small", []byte("set"), -1)
		written <- err
	}()
	p := l.next(zab.Proposal)
	if !bytes.Contains(p.Data, []byte("/small")) {
		l.t.Errorf("PROPOSAL is %q", p.Data)
	}
	l.Send(&zab.Packet{Type: zab.Ack, Zxid: p.Zxid})
	if c := l.next(zab.Commit); c.Zxid != p.Zxid {
		l.t.Errorf("COMMIT of %#x, PROPOSAL of %#x", int64(c.Zxid), int64(p.Zxid))
	}
	if err := <-written; err != nil {
		l.t.Error(err)
	}
}

// Session, ACL and Node take the snapshot.
func (l *learner) Session(zkproto.SessionID, int32) error { return nil }
func (l *learner) ACL(int64, []zkproto.ACL) error         { return nil }
func (l *learner) Node(path, data []byte, _ int64, _ *zkproto.StatPersisted) error {
	l.tree[string(path)] = bytes.Clone(data)
	return nil
}

// withoutLarge is what the leader sent, with the large node's data cut short.
func (l *learner) withoutLarge(large []byte) []byte {
	b := l.raw.in.Bytes()
	before, after, found := bytes.Cut(b, jute.AppendBuffer(nil, large))
	if !found {
		l.t.Fatal("the large node is not in the stream")
	}
	return append(jute.AppendBuffer(bytes.Clone(before), large[:9]), after...)
}
