package zkserver

import (
	"fmt"
	"net"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// Apache's servers and ours take turns on one folder. Each finds everything as the one
// before left it, and adds to it.
func TestJudge_ServersTakeTurnsOnOneFolder(t *testing.T) {
	dir := t.TempDir()
	type server func(round int) (addr string, stop func())
	apache := func(start func(testing.TB, peertest.Options) *peertest.Server) server {
		return func(int) (string, func()) {
			s := start(t, peertest.Options{DataDir: dir, Config: []string{"extendedTypesEnabled=true", "snapCount=10"}})
			return s.Addr(), s.Kill
		}
	}
	ours := func(int) (string, func()) {
		s := start(t, func(c *Config) { c.FS, c.DataDir, c.SnapCount, c.PreAlloc = storage.Disk(), dir, 10, 0 })
		return s.Addr().String(), func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	turns := []server{ours, apache(peertest.StartZK39), ours, apache(peertest.StartDebian), ours, apache(peertest.StartZK39)}
	for round, turn := range turns {
		addr, stop := turn(round)
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		c := &rawConn{t: t, nc: nc}
		c.connect(&zkproto.ConnectRequest{Timeout: 30_000, Password: make([]byte, 16)})
		for before := range round {
			c.checkRound(before)
		}
		c.leaveRound(round)
		c.mustCall(zkproto.OpCloseSession, nil)
		nc.Close()
		stop()
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
	}
}

// leaveRound writes a little of everything.
func (c *rawConn) leaveRound(round int) {
	c.t.Helper()
	top := fmt.Sprintf("/round-%d", round)
	c.mustCall(zkproto.OpCreate, createAt(top, 0))
	for range 20 + round {
		c.mustCall(zkproto.OpCreate, createAt(top+"/s-", zkproto.ModePersistentSequential))
	}
	c.mustCall(zkproto.OpDelete, &zkproto.PathVersionRequest{Path: top + "/s-0000000003", Version: 0})
	c.mustCall(zkproto.OpCreate, createAt(top+"/gone", zkproto.ModeEphemeral))
	acl := []zkproto.ACL{{Perms: zkproto.PermRead, ID: zkproto.ID{Scheme: "world", ID: "anyone"}}}
	c.mustCall(zkproto.OpCreate, &zkproto.CreateRequest{Path: top + "/null", ACL: acl})
	c.mustCall(zkproto.OpCreate, &zkproto.CreateRequest{Path: top + "/empty", Data: []byte{}, ACL: zkproto.OpenACL()})
	c.mustCall(zkproto.OpCreateContainer, createAt(top+"/container", zkproto.ModeContainer))
	c.mustCall(zkproto.OpCreateTTL, &zkproto.CreateTTLRequest{CreateRequest: *createAt(top+"/ttl", zkproto.ModePersistentTTL), TTL: 1 << 35})
	c.mustCall(zkproto.OpSetData, &zkproto.SetDataRequest{Path: top, Data: fmt.Append(nil, "data of ", round), Version: 0})
	if h, _ := c.call(zkproto.OpDelete, &zkproto.PathVersionRequest{Path: top, Version: -1}); h.Err != zkproto.NotEmpty {
		c.t.Errorf("%s can be deleted: %v", top, h.Err)
	}
}

func (c *rawConn) checkRound(round int) {
	c.t.Helper()
	top := fmt.Sprintf("/round-%d", round)
	var d zkproto.DataResponse
	get := func(path string) {
		c.t.Helper()
		d = zkproto.DataResponse{}
		if err := zkproto.Decode(c.mustCall(zkproto.OpGetData, &zkproto.PathWatchRequest{Path: path}), &d); err != nil {
			c.t.Fatal(err)
		}
	}
	get(top)
	// 20+round sequential ones less one, and null, empty, container, ttl; 26+round came, 2 went.
	if want := int32(23 + round); string(d.Data) != fmt.Sprint("data of ", round) || d.Stat.NumChildren != want || d.Stat.Cversion != want+4 {
		c.t.Errorf("%s: %q %+v", top, d.Data, d.Stat)
	}
	if get(top + "/null"); d.Data != nil {
		c.t.Errorf("null became %q", d.Data)
	}
	if get(top + "/empty"); d.Data == nil || len(d.Data) > 0 {
		c.t.Errorf("empty became %v", d.Data)
	}
	if get(top + "/container"); d.Stat.EphemeralOwner != 0 {
		c.t.Errorf("the container has an owner: %+v", d.Stat)
	}
	var acl zkproto.ACLResponse
	if err := zkproto.Decode(c.mustCall(zkproto.OpGetACL, &zkproto.PathRequest{Path: top + "/null"}), &acl); err != nil || len(acl.ACL) != 1 || acl.ACL[0].Perms != zkproto.PermRead {
		c.t.Errorf("ACL %v, %v", acl.ACL, err)
	}
}
