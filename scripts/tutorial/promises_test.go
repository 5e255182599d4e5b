package tutorial

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/flw"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// eachSize runs a test on three servers with an observer and on five.
func eachSize(t *testing.T, test func(t *testing.T, all, voters hosts)) {
	t.Parallel()
	for _, size := range []struct{ voters, observers int }{{3, 1}, {5, 0}} {
		t.Run(fmt.Sprintf("%d+%d", size.voters, size.observers), func(t *testing.T) {
			t.Parallel()
			all := newHosts(t, size.voters, size.observers)
			all.start()
			test(t, all, all[:size.voters])
		})
	}
}

// TestPromises: what the tutorial says of ZooKeeper.
func TestPromises(t *testing.T) {
	eachSize(t, func(t *testing.T, all, voters hosts) {
		roles(t, all, voters)
		everywhere(t, all)
		order(t, all)
		atomic(t, all)
		tooLarge(t, all.but(all.serving())[0])
		zkCli(t, all)
		ephemerals(t, all)
		watches(t, all)
	})
}

// roles: status, srvr and config name each server's role.
func roles(t *testing.T, all, voters hosts) {
	leader := all.serving()
	var config strings.Builder
	for i, h := range all {
		role, mode := "participant", "follower"
		switch {
		case h == leader:
			mode = "leader"
		case i >= len(voters):
			role, mode = "observer", "observer"
			h.tells("LOOKING for a leader, without a vote", fmt.Sprintf("OBSERVING server %d phase=broadcast", leader.id))
			if log := strings.Join(h.log(), "\n"); strings.Contains(log, "this server votes") {
				t.Errorf("the observer votes:\n%s", log)
			}
		}
		if got := h.mode(); got != mode {
			t.Errorf("server %d: status: %q, want %q", h.id, got, mode)
		}
		if got := (hosts{h}).does("4lw", "srvr"); !strings.Contains(got, "\nMode: "+mode+"\n") {
			t.Errorf("server %d: srvr: %q, want %q", h.id, got, mode)
		}
		fmt.Fprintf(&config, "server.%d=127.0.0.1:%d:%d:%s\n", h.id, h.quorum, h.election, role)
	}
	all.shows(config.String()+"version=0", "config")
}

// everywhere: a write through any server, an observer's too, is read from all after sync.
func everywhere(t *testing.T, all hosts) {
	all.does("create", "/sanguo", "")
	for _, writer := range all {
		value := fmt.Sprintf("by server %d", writer.id)
		(hosts{writer}).does("set", "/sanguo", value)
		all.agree(value, "get", "/sanguo")
	}
}

// order: one client's writes happen in its order, without waiting for one another.
func order(t *testing.T, all hosts) {
	zk := dial(t, all[0].addr)
	defer zk.Close(t.Context())
	_, _, err := zk.Create(t.Context(), "/order", nil, zkproto.OpenACL(), zkproto.ModePersistent, 0)
	ok(t, err)
	const n = 200
	var last *zkclient.Call
	for i := range n {
		last = zk.Start(t.Context(), zkproto.OpCreate2, &zkproto.CreateRequest{Path: "/order/n-", Data: fmt.Append(nil, i),
			ACL: zkproto.OpenACL(), Mode: zkproto.ModePersistentSequential}, new(zkproto.Create2Response))
	}
	ok(t, last.Wait(t.Context()))
	other := dial(t, all[len(all)-1].addr)
	defer other.Close(t.Context())
	ok(t, other.Sync(t.Context(), "/order"))
	for i := range n {
		data, _, err := other.Get(t.Context(), fmt.Sprintf("/order/n-%010d", i), nil)
		if err != nil || string(data) != fmt.Sprint(i) {
			t.Errorf("write %d: %q, %v", i, data, err)
		}
	}
	all.does("deleteall", "/order")
}

// atomic: a multi with one impossible operation leaves nothing anywhere, a possible one all of it.
func atomic(t *testing.T, all hosts) {
	zk := dial(t, all[1].addr)
	defer zk.Close(t.Context())
	ops := []zkproto.MultiOp{
		zkclient.CreateOp("/multi", nil, zkproto.OpenACL(), zkproto.ModePersistent, 0),
		zkclient.CreateOp("/multi/child", nil, zkproto.OpenACL(), zkproto.ModePersistent, 0),
	}
	_, err := zk.Multi(t.Context(), append(ops, zkproto.MultiOp{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: "/absent", Version: -1}}))
	var multi *zkclient.MultiError
	if !errors.As(err, &multi) || multi.Index != 2 || multi.Code != zkproto.NoNode {
		t.Errorf("multi: %v", err)
	}
	all.agree("[sanguo, zookeeper]", "ls", "/")
	_, err = zk.Multi(t.Context(), ops)
	ok(t, err)
	all.agree("[child]", "ls", "/multi")
	all.does("deleteall", "/multi")
}

// tooLarge: a write over jute.maxbuffer through a follower. The shell says so before it sends it; a client that sends
// it is cut off; both sessions live on.
func tooLarge(t *testing.T, follower *host) {
	big := filepath.Join(t.TempDir(), "big")
	ok(t, os.WriteFile(big, make([]byte, 1<<20), 0o600))
	nearly := filepath.Join(t.TempDir(), "nearly")
	ok(t, os.WriteFile(nearly, make([]byte, 1<<20-200), 0o600))
	s := (hosts{follower}).session()
	s.types("create -e /mine guanyu")
	s.sees("Created /mine")
	s.types("set /sanguo @" + big)
	s.sees("set /sanguo", "the limit (jute.maxbuffer) is 1048575")
	s.types("set -s /sanguo @" + nearly)
	s.sees("dataLength = 1048376")
	s.types("get -s /mine")
	s.sees("guanyu")
	s.quit()

	zk, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: follower.addr, MaxBuffer: 4 << 20})
	ok(t, err)
	defer zk.Close(t.Context())
	before := zk.Session().ID
	_, err = zk.Set(t.Context(), "/sanguo", make([]byte, 1<<20), -1)
	if !errors.Is(err, zkproto.ConnectionLoss) {
		t.Errorf("a client that does not know the limit: %v", err)
	}
	ok(t, zk.Sync(t.Context(), "/sanguo"))
	_, stat, err := zk.Get(t.Context(), "/sanguo", nil)
	if ok(t, err); stat.DataLength != 1<<20-200 {
		t.Errorf("the large write has left %d bytes", stat.DataLength)
	}
	if got := zk.Session().ID; got != before {
		t.Errorf("the session was %v and is %v", before, got)
	}
	if log := strings.Join(follower.log(), "\n"); !strings.Contains(log, "jute.maxbuffer") {
		t.Errorf("the server's log does not name the limit:\n%s", log)
	}
}

// zkCli: what Apache's own zkCli.sh and ours write is on all servers.
func zkCli(t *testing.T, all hosts) {
	for name, script := range map[string]string{"theirs": peertest.ZkCli(t), "ours": "../zkCli.sh"} {
		got := run(t, nil, script, "-server", all.connect(), "create", "/by-"+name, "zhangliao")
		if got.code != 0 || !strings.Contains(got.stdout+got.stderr, "Created /by-"+name) {
			t.Errorf("create: %+v", got)
		}
		all.agree("zhangliao", "get", "/by-"+name)
		all.does("delete", "/by-"+name)
	}
}

// ephemerals live as long as their session: they are gone at once when it ends, and after its timeout when nothing more
// is heard of it, also if its server has died with it; they are not when the client goes to another server.
func ephemerals(t *testing.T, all hosts) {
	home, rest := all[0], all[1:]
	s := (hosts{home}).session()
	s.types("create -e /online")
	s.sees("Created /online")
	rest.agree("[online, sanguo, zookeeper]", "ls", "/")
	s.quit()
	rest.agree("[sanguo, zookeeper]", "ls", "/")

	watcher := rest.session()
	s = (hosts{home}).session("-t", "4000")
	moves := all.session("-t", "4000")
	moves.types("create -e /moves")
	moves.sees("Created /moves")
	s.types("create -e /online")
	s.sees("Created /online")
	watcher.types("sync /; exists -w /online")
	watcher.types("sync /")
	watcher.types("get -w /online")
	s.kill()
	home.kill()
	watcher.sees("event NodeDeleted /online")
	rest.agree("[moves, sanguo, zookeeper]", "ls", "/")
	watcher.quit()
	moves.quit()
	rest.agree("[sanguo, zookeeper]", "ls", "/")
	home.start()
	all.serving()
}

// watches: a watch of data and one of children outlive the server that has them.
func watches(t *testing.T, all hosts) {
	all.does("set", "/sanguo", "three kingdoms")
	s := all.session()
	s.types("get -w /sanguo")
	s.sees("three kingdoms")
	s.types("ls -w /sanguo")
	s.sees("[]")
	var home *host
	for _, h := range all {
		conns, err := flw.Cons(t.Context(), h.addr, nil)
		ok(t, err)
		for _, c := range conns {
			if c.Session != 0 {
				home = h
			}
		}
	}
	if home == nil {
		t.Fatal("no server has the session")
	}
	home.kill()
	s.sees("session Disconnected")
	s.sees("session SyncConnected")
	rest := all.but(home)
	rest.does("set", "/sanguo", "one empire")
	s.sees("event NodeDataChanged /sanguo")
	rest.does("create", "/sanguo/weiguo")
	s.sees("event NodeChildrenChanged /sanguo")
	s.types("get /sanguo")
	s.sees("one empire")
	s.quit()
	home.start()
	all.serving()
}

func dial(t *testing.T, addr string) *zkclient.Client {
	t.Helper()
	zk, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: addr})
	ok(t, err)
	return zk
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
