package zkserver

import (
	"bytes"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// TestMember_Flood: clients that send far more than may be under way, and do not wait, are
// held back, by a follower and by the leader; nothing breaks, and nothing is lost.
func TestMember_Flood(t *testing.T) {
	dir := t.TempDir()
	c := startCluster(t, 3, 0, func(cfg *Config) {
		cfg.GlobalOutstandingLimit, cfg.MaxSessionTimeout = 40, time.Minute
		cfg.FS, cfg.DataDir, cfg.NoSync = storage.Disk(), filepath.Join(dir, fmt.Sprint(cfg.ServerID)), true
	})
	const each, size, rounds = 40, 256 << 10, 8 // 8 clients: 80 MiB
	data := bytes.Repeat([]byte("f"), size)
	var most int64
	ended := make(chan struct{})
	var watcher, clients sync.WaitGroup
	watcher.Go(func() {
		for {
			select {
			case <-ended:
				return
			case <-time.After(time.Millisecond):
			}
			for _, m := range c.members {
				if term := m.s.member.open(); term != nil {
					most = max(most, term.flow.bytes.Load())
				}
			}
		}
	})
	for i := range rounds {
		m := []*clusterMember{c.leader(), c.follower()}[i%2]
		r := rawDial(t, m.s)
		clients.Go(func() {
			for n := range each {
				r.request(zkproto.OpCreate, &zkproto.CreateRequest{Path: fmt.Sprintf("/f%d-%d", i, n), Data: data, ACL: zkproto.OpenACL()})
			}
		})
		clients.Go(func() {
			for range each {
				if h, _ := r.reply(); h.Err != zkproto.OK {
					t.Errorf("client %d: %v", i, h.Err)
					return
				}
			}
		})
	}
	clients.Wait()
	close(ended)
	watcher.Wait()
	c.awaitAlike()
	if n := c.leader().s.Stats().Nodes; n < rounds*each {
		t.Errorf("%d nodes, want %d", n, rounds*each)
	}
	// The leader has its own clients' and the follower's.
	if limit := int64(2*maxTermBytes + rounds*2*size); most == 0 || most > limit {
		t.Errorf("%d bytes were under way at once, want at most %d", most, limit)
	}
	t.Logf("%d bytes were under way at once", most)
}

// TestMember_ForeignClient: go-zookeeper's client, with all servers in its list, keeps its
// session and its ephemeral while servers come and go.
func TestMember_ForeignClient(t *testing.T) {
	c := startCluster(t, 3, 0, nil)
	var servers []string
	for _, m := range c.members {
		servers = append(servers, m.addr)
	}
	z, _, err := zk.Connect(servers, 8*time.Second, zk.WithLogInfo(false))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	acl := zk.WorldACL(zk.PermAll)
	if _, err := z.Create("/e", nil, zk.FlagEphemeral, acl); err != nil {
		t.Fatal(err)
	}
	if _, err := z.Create("/q", nil, 0, acl); err != nil {
		t.Fatal(err)
	}
	results, err := z.Multi(&zk.CreateRequest{Path: "/q/m", Acl: acl}, &zk.SetDataRequest{Path: "/q", Data: []byte("m"), Version: 0})
	if err != nil || len(results) != 2 || results[0].String != "/q/m" || results[1].Stat.Version != 1 {
		t.Fatalf("%+v, %v", results, err)
	}
	session := z.SessionID()
	made := 0
	for round, m := range append(append([]*clusterMember{}, c.members...), c.leader()) {
		m.crash()
		await(t, "a write goes through", func() bool {
			_, err := z.Create("/q/n-", []byte(fmt.Sprint(round)), zk.FlagSequence, acl)
			return err == nil
		})
		made++
		m.start()
		m.awaitServing()
		c.leader()
	}
	if _, err := z.Sync("/q"); err != nil {
		t.Fatal(err)
	}
	names, _, err := z.Children("/q")
	if err != nil || len(names) < made+1 {
		t.Errorf("%v, %v: want at least %d", names, err, made+1)
	}
	if ok, st, err := z.Exists("/e"); err != nil || !ok || st.EphemeralOwner != session {
		t.Errorf("the ephemeral: %v, %+v, %v; the session is %x, was %x", ok, st, err, z.SessionID(), session)
	}
	c.awaitAlike()
}
