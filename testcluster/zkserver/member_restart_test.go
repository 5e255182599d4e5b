package zkserver

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/zab"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// dump is all of a server's state in words: what members must have alike once they have
// applied everything up to the same zxid.
func (m *clusterMember) dump() (zkproto.Zxid, []string) {
	m.s.treeMu.RLock()
	defer m.s.treeMu.RUnlock()
	var lines []string
	var walk func(path string)
	walk = func(path string) {
		n, _ := m.s.tree.Find(path)
		data, st := m.s.tree.Data(n), m.s.tree.Stat(n)
		if path == znode.ConfigPath {
			data, st.Mtime = nil, 0 // each writes its own
		}
		lines = append(lines, fmt.Sprintf("%s %d %x %+v %v", path, len(data), crc32.ChecksumIEEE(data), st, m.s.tree.ACL(n)))
		for name := range m.s.tree.Children(n) {
			walk(strings.TrimSuffix(path, "/") + "/" + string(name))
		}
	}
	walk("/")
	for id, timeout := range m.s.table.All() {
		lines = append(lines, fmt.Sprintf("session %v %d", id, timeout))
	}
	slices.Sort(lines)
	return m.s.tree.LastZxid(), lines
}

// awaitAlike waits until all that run have the same state, the leader's.
func (c *cluster) awaitAlike() {
	c.t.Helper()
	leader := c.leader()
	for _, m := range c.members {
		if m.s == nil {
			continue
		}
		m.awaitServing()
		var got, want []string
		await(c.t, fmt.Sprintf("server %d has caught up", m.id), func() bool {
			var at, leaderAt zkproto.Zxid
			leaderAt, want = leader.dump()
			at, got = m.dump()
			return at == leaderAt
		})
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				c.t.Fatalf("server %d differs from its leader, server %d, in line %d of %d and %d:\n%q\nwant\n%q",
					m.id, leader.id, i, len(got), len(want), got[i:min(i+1, len(got))], want[i:min(i+1, len(want))])
			}
		}
	}
}

// fill writes some of everything: nodes of all kinds, ACLs, deletions.
func fill(t testing.TB, z *zkclient.Client, name string, count int) {
	t.Helper()
	create(t, z, "/"+name, "", 0)
	for i := range count {
		path := create(t, z, "/"+name+"/n", fmt.Sprint(i), zkproto.ModePersistentSequential)
		switch i % 5 {
		case 0:
			if err := z.Delete(t.Context(), path, -1); err != nil {
				t.Fatal(err)
			}
		case 1:
			if _, err := z.SetACL(t.Context(), path, []zkproto.ACL{{Perms: zkproto.PermRead, ID: zkproto.ID{Scheme: "ip", ID: fmt.Sprintf("10.0.0.%d", i%200)}}}, -1); err != nil {
				t.Fatal(err)
			}
		}
	}
	create(t, z, "/"+name+"/c", "", zkproto.ModeContainer)
}

// TestMember_Restart: whoever comes back has what the others have, however it is brought up
// to date.
func TestMember_Restart(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Config)
	}{
		{"diff", nil},
		{"log", func(cfg *Config) { cfg.Ensemble.CommitLogCount = 5; cfg.Ensemble.SnapshotSizeFactor = 1000 }},
		{"snap", func(cfg *Config) { cfg.Ensemble.ForceSnapshot = true }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := startCluster(t, 3, 1, tt.change)
			z := c.leader().client()
			fill(t, z, "before", 20)
			down := []*clusterMember{c.follower(), c.members[3]}
			for _, m := range down {
				m.stop()
			}
			fill(t, z, "meanwhile", 60)
			create(t, z, "/e", "", zkproto.ModeEphemeral)
			for _, m := range down {
				m.start()
			}
			c.awaitAlike()
			fill(t, down[0].client(), "after", 20)
			c.awaitAlike()
			for _, m := range c.members {
				m.crash()
			}
			for _, m := range c.members {
				m.start()
			}
			c.awaitAlike()
			if data, err := synced(t, c.members[0].client(), "/after/c"); err != nil || data != "" {
				t.Error(err)
			}
		})
	}
}

// TestMember_Truncated: what an isolated leader has logged and nobody else has is undone when
// it comes back, also in its tree, which has replayed it.
func TestMember_Truncated(t *testing.T) {
	c := startCluster(t, 3, 0, nil)
	old := c.leader()
	create(t, old.client(), "/n", "0", 0)
	r := rawDial(t, old.s)
	c.awaitAlike()
	for _, m := range c.members {
		if m != old {
			m.cuts.Set([]zab.ServerID{zab.ServerID(old.id)}, []zab.ServerID{zab.ServerID(old.id)})
		}
	}
	for i := range 5 {
		r.request(zkproto.OpCreate, &zkproto.CreateRequest{Path: fmt.Sprintf("/lost%d", i), ACL: zkproto.OpenACL()})
	}
	await(t, "they are in its log", func() bool {
		st := old.s.member.node.Status()
		return st.Persisted.Epoch() == st.Role.Epoch && st.Persisted.Counter() >= st.Committed.Counter()+5
	})
	old.crash()
	create(t, c.leader().client(), "/kept", "1", 0)
	for _, m := range c.members {
		m.cuts.Set(nil, nil)
	}
	old.start()
	if old.s.treeZxid().Counter() < 5 {
		t.Error("its log was lost: nothing to truncate")
	}
	c.awaitAlike()
	z := old.client()
	if _, err := synced(t, z, "/kept"); err != nil {
		t.Error(err)
	}
	if names, _, err := z.Children(t.Context(), "/", nil); err != nil || strings.Contains(strings.Join(names, " "), "lost") {
		t.Errorf("%v, %v", names, err)
	}
}

// TestMember_LeaderKilled: sessions, ephemerals and what was answered outlive a leader, time
// and again.
func TestMember_LeaderKilled(t *testing.T) {
	c := startCluster(t, 3, 0, nil)
	z := c.client(c.connectString(c.leader()), 8*time.Second)
	create(t, z, "/e", "", zkproto.ModeEphemeral)
	create(t, z, "/n", "", 0)
	session := z.Session().ID
	for round := range 3 {
		dead := c.leader()
		dead.crash()
		await(t, "the client is connected again", func() bool {
			_, err := z.Set(t.Context(), "/n", []byte(fmt.Sprint(round)), -1)
			return err == nil
		})
		if z.Session().ID != session {
			t.Fatal("the session is another one")
		}
		if _, err := z.Exists(t.Context(), "/e", nil); err != nil {
			t.Errorf("round %d: the ephemeral: %v", round, err)
		}
		dead.start()
		dead.awaitServing()
		if data, err := synced(t, dead.client(), "/n"); err != nil || data != fmt.Sprint(round) {
			t.Errorf("round %d: at server %d, which is back: %q, %v", round, dead.id, data, err)
		}
		c.awaitAlike()
	}
}

// TestMember_ConfigNode: each member shows the configuration that it has been given.
func TestMember_ConfigNode(t *testing.T) {
	c := startCluster(t, 3, 0, func(cfg *Config) { cfg.Ensemble.ForceSnapshot = true })
	for _, m := range c.members {
		data, st, err := m.client().Config(t.Context(), nil)
		want := "server.1=s1:1:2:participant\nserver.2=s2:1:2:participant\nserver.3=s3:1:2:participant\nversion=0"
		if err != nil || string(data) != want || st.Version != -1 || st.Mzxid != 0 || st.Aversion != -1 {
			t.Errorf("%s: %q, %+v, %v", m.mode(), data, st, err)
		}
	}
}

// TestMember_Snapshots: a member that serves takes them as it goes, and starts from them.
func TestMember_Snapshots(t *testing.T) {
	c := startCluster(t, 3, 0, func(cfg *Config) { cfg.SnapCount = 20 })
	z := c.follower().client()
	fill(t, z, "n", 100)
	for _, m := range c.members {
		await(t, "there are snapshots", func() bool { return m.s.Stats().SnapshotsTaken > 1 })
	}
	for _, m := range c.members {
		m.stop()
	}
	for _, m := range c.members {
		m.start()
	}
	c.awaitAlike()
	var b bytes.Buffer
	if err := c.leader().s.member.WriteSnapshot(&b, 0); err != nil || b.Len() == 0 {
		t.Error(err)
	}
}
