package zkserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// create makes a znode and fails the test if it cannot.
func create(t testing.TB, z *zkclient.Client, path, data string, mode zkproto.CreateMode) string {
	t.Helper()
	name, _, err := z.Create(t.Context(), path, []byte(data), zkproto.OpenACL(), mode, 0)
	if err != nil {
		t.Fatalf("create %s: %v", path, err)
	}
	return name
}

// synced reads a znode after a sync: the latest state, whoever is asked.
func synced(t testing.TB, z *zkclient.Client, path string) (string, error) {
	t.Helper()
	if err := z.Sync(t.Context(), path); err != nil {
		return "", err
	}
	data, _, err := z.Get(t.Context(), path, nil)
	return string(data), err
}

// TestMember_WriteAnywhere: what is written by any member is read at every other one after a
// sync there, and the writer reads it at once.
func TestMember_WriteAnywhere(t *testing.T) {
	c := startCluster(t, 3, 1, nil)
	var clients []*zkclient.Client
	for _, m := range c.members {
		clients = append(clients, m.client())
	}
	for i, z := range clients {
		path := fmt.Sprintf("/by%d", i)
		create(t, z, path, "0", 0)
		for n := 1; n <= 5; n++ {
			if _, err := z.Set(t.Context(), path, fmt.Append(nil, n), int32(n-1)); err != nil {
				t.Fatal(err)
			}
			if data, _, err := z.Get(t.Context(), path, nil); err != nil || string(data) != fmt.Sprint(n) {
				t.Fatalf("its own write at server %d: %q, %v", i+1, data, err)
			}
			for j, other := range clients {
				if data, err := synced(t, other, path); err != nil || data != fmt.Sprint(n) {
					t.Fatalf("after a sync at server %d: %q, %v; want %d of server %d", j+1, data, err, n, i+1)
				}
			}
		}
	}
	for i, z := range clients {
		if err := z.Delete(t.Context(), "/none", -1); !errors.Is(err, zkproto.NoNode) {
			t.Errorf("server %d: a delete of nothing: %v", i+1, err)
		}
		if _, _, err := z.Create(t.Context(), "/by0", nil, zkproto.OpenACL(), 0, 0); !errors.Is(err, zkproto.NodeExists) {
			t.Errorf("server %d: a second create: %v", i+1, err)
		}
		if _, _, err := z.Reconfig(t.Context(), "server.9=a:1:2", "", "", -1); !errors.Is(err, zkproto.ReconfigDisabled) {
			t.Errorf("server %d: reconfig: %v", i+1, err)
		}
	}
}

// TestMember_Multi: a multi's reply has what was asked for, also where the transaction says
// something else.
func TestMember_Multi(t *testing.T) {
	c := startCluster(t, 3, 0, nil)
	for _, m := range []*clusterMember{c.leader(), c.follower()} {
		z := m.client()
		at := fmt.Sprintf("/m%d", m.id)
		ops := []zkproto.MultiOp{
			{Op: zkproto.OpCreate, Req: &zkproto.CreateRequest{Path: at, ACL: zkproto.OpenACL()}},
			{Op: zkproto.OpCreate2, Req: &zkproto.CreateRequest{Path: at + "/a", Data: []byte("x"), ACL: zkproto.OpenACL()}},
			zkclient.CreateOp(at+"/ttl", nil, zkproto.OpenACL(), zkproto.ModePersistentTTL, time.Hour),
			zkclient.CreateOp(at+"/c", nil, zkproto.OpenACL(), zkproto.ModeContainer, 0),
			{Op: zkproto.OpSetData, Req: &zkproto.SetDataRequest{Path: at + "/a", Data: []byte("y"), Version: 0}},
		}
		results, err := z.Multi(t.Context(), ops)
		if err != nil {
			t.Fatalf("%s: %v", m.mode(), err)
		}
		var kinds []string
		for _, r := range results {
			kinds = append(kinds, fmt.Sprintf("%v %s %v", r.Op, r.Path, r.Stat.Czxid != 0))
		}
		want := fmt.Sprintf("create %[1]s false|create2 %[1]s/a true|create2 %[1]s/ttl true|create2 %[1]s/c true|setData  true", at)
		if got := strings.Join(kinds, "|"); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", m.mode(), got, want)
		}
		_, err = z.Multi(t.Context(), []zkproto.MultiOp{
			{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: at + "/a", Version: -1}},
			{Op: zkproto.OpCheck, Req: &zkproto.PathVersionRequest{Path: at, Version: 7}},
		})
		if !errors.Is(err, zkproto.BadVersion) {
			t.Errorf("%s: a multi that fails: %v", m.mode(), err)
		}
		if _, err := z.Exists(t.Context(), at+"/a", nil); err != nil {
			t.Errorf("%s: the failed multi has done something: %v", m.mode(), err)
		}
	}
}

// TestMember_LargeWrites: as large as jute.maxbuffer allows, many at a time, by a follower.
func TestMember_LargeWrites(t *testing.T) {
	c := startCluster(t, 3, 0, nil)
	z := c.follower().client()
	data := bytes.Repeat([]byte("z"), 1_000_000)
	done := make(chan error)
	const writes = 6
	for i := range writes {
		go func() {
			_, _, err := z.Create(t.Context(), fmt.Sprintf("/large%d", i), data, zkproto.OpenACL(), 0, 0)
			done <- err
		}()
	}
	for range writes {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	at := c.leader().client()
	if err := at.Sync(t.Context(), "/"); err != nil {
		t.Fatal(err)
	}
	for i := range writes {
		if got, _, err := at.Get(t.Context(), fmt.Sprintf("/large%d", i), nil); err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%d: %d bytes, %v", i, len(got), err)
		}
	}
}

// TestMember_CloseSession: the end of a session by a follower removes its ephemerals
// everywhere, and its connection is closed behind the reply.
func TestMember_CloseSession(t *testing.T) {
	c := startCluster(t, 3, 0, nil)
	z := c.follower().client()
	create(t, z, "/e", "", zkproto.ModeEphemeral)
	other := c.leader().client()
	if _, err := synced(t, other, "/e"); err != nil {
		t.Fatal(err)
	}
	gone := make(chan zkproto.WatchedEvent, 1)
	if _, err := other.Exists(t.Context(), "/e", func(ev zkproto.WatchedEvent) { gone <- ev }); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ev := receive(t, gone); ev.Type != zkproto.EventNodeDeleted {
		t.Error(ev)
	}
}

// receive takes one value, soon.
func receive[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	select {
	case v := <-from:
		return v
	case <-ctx.Done():
		t.Fatal("nothing has come")
		panic("unreachable")
	}
}
