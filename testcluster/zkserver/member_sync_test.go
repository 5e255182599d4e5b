package zkserver

import (
	"fmt"
	"sync"
	"testing"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// TestMember_Pipeline: a client that does not wait for answers gets them in its order, reads
// what it has written so far and nothing of what it writes later, syncs among them.
func TestMember_Pipeline(t *testing.T) {
	c := startCluster(t, 3, 1, nil)
	for _, m := range c.members {
		r := rawDial(t, m.s)
		path := fmt.Sprintf("/p%d", m.id)
		var xids []int32
		r.call(zkproto.OpCreate, &zkproto.CreateRequest{Path: path, ACL: zkproto.OpenACL()})
		const rounds = 40
		for i := range rounds {
			xids = append(xids,
				r.request(zkproto.OpSetData, &zkproto.SetDataRequest{Path: path, Data: fmt.Append(nil, i), Version: -1}),
				r.request(zkproto.OpGetData, &zkproto.PathWatchRequest{Path: path}),
				r.request(zkproto.OpSync, &zkproto.PathRequest{Path: path}),
				r.request(zkproto.OpSync, &zkproto.PathRequest{Path: path}),
				r.request(zkproto.OpGetData, &zkproto.PathWatchRequest{Path: path}),
				r.request(zkproto.OpSetData, &zkproto.SetDataRequest{Path: path, Data: []byte("later"), Version: -1}),
			)
		}
		for i, xid := range xids {
			h, body := r.reply()
			if h.Xid != xid || h.Err != zkproto.OK {
				t.Fatalf("%s: answer %d: %+v, want xid %d", m.mode(), i, h, xid)
			}
			if at := i % 6; at == 1 || at == 4 {
				if got := string(jute.NewReader(body).Buffer()); got != fmt.Sprint(i/6) {
					t.Fatalf("%s: answer %d: %q, want %d", m.mode(), i, got, i/6)
				}
			}
			if at := i % 6; at == 2 || at == 3 {
				if got := jute.NewReader(body).String(); got != path {
					t.Fatalf("%s: sync answered %q", m.mode(), got)
				}
			}
		}
	}
}

// TestMember_SyncMalformed: a sync whose record is broken is refused and breaks nothing.
func TestMember_SyncMalformed(t *testing.T) {
	c := startCluster(t, 3, 0, nil)
	for _, m := range c.members {
		r := rawDial(t, m.s)
		r.xid++
		r.send(append(zkproto.RequestHeader{Xid: r.xid, Op: zkproto.OpSync}.AppendTo(nil), 0, 0))
		if h, _ := r.reply(); h.Err != zkproto.MarshallingError {
			t.Errorf("%s: %+v", m.mode(), h)
		}
		if h, _ := r.call(zkproto.OpSync, &zkproto.PathRequest{Path: "/"}); h.Err != zkproto.OK {
			t.Errorf("%s: the next one: %+v", m.mode(), h)
		}
	}
}

// TestMember_SyncSeesAll: whoever syncs after a write has been answered reads it, at any
// server, with writers and readers at work everywhere.
func TestMember_SyncSeesAll(t *testing.T) {
	c := startCluster(t, 3, 1, nil)
	for _, z := range c.members[:1] {
		create(t, z.client(), "/n", "0", 0)
	}
	var clients sync.WaitGroup
	var mu sync.Mutex
	newest := 0 // version that somebody has been told
	for range 2 {
		for _, m := range c.members {
			z := m.client()
			clients.Go(func() {
				for range 60 {
					st, err := z.Set(t.Context(), "/n", nil, -1)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					newest = max(newest, int(st.Version))
					want := newest
					mu.Unlock()
					if err := z.Sync(t.Context(), "/n"); err != nil {
						t.Error(err)
						return
					}
					_, st, err = z.Get(t.Context(), "/n", nil)
					if err != nil || int(st.Version) < want {
						t.Errorf("read version %d after a sync, %d had been answered: %v", st.Version, want, err)
						return
					}
				}
			})
		}
	}
	clients.Wait()
}

// TestMember_DeposedLeader: a leader that is cut off answers no sync, and so no client of
// its takes an old state for the latest one.
func TestMember_DeposedLeader(t *testing.T) {
	c := startCluster(t, 3, 0, nil)
	old := c.leader()
	r := rawDial(t, old.s)
	r.call(zkproto.OpCreate, &zkproto.CreateRequest{Path: "/n", ACL: zkproto.OpenACL()})
	var others []zab.ServerID
	for _, m := range c.members {
		if m != old {
			others = append(others, zab.ServerID(m.id))
			m.cuts.Set([]zab.ServerID{zab.ServerID(old.id)}, []zab.ServerID{zab.ServerID(old.id)})
		}
	}
	old.cuts.Set(others, others)
	r.request(zkproto.OpSync, &zkproto.PathRequest{Path: "/n"})
	r.closed() // without an answer
	await(t, "the others have a leader", func() bool {
		for _, m := range c.members {
			if m != old && m.mode() == "leader" {
				return true
			}
		}
		return false
	})
	var now *clusterMember
	for _, m := range c.members {
		if m != old && m.mode() == "leader" {
			now = m
		}
	}
	z := now.client()
	if _, err := z.Set(t.Context(), "/n", []byte("new"), -1); err != nil {
		t.Fatal(err)
	}
	for _, m := range c.members {
		m.cuts.Set(nil, nil)
	}
	old.awaitServing()
	if data, err := synced(t, old.client(), "/n"); err != nil || data != "new" {
		t.Errorf("%q, %v", data, err)
	}
}
