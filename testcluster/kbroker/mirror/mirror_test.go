package mirror_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/kbroker/mirror"
)

func TestStart_LoadsEverything(t *testing.T) {
	r := newRig(t, server(t, 1), (*rig).everything)
	image := r.m.Image()
	if want := r.truth(); !reflect.DeepEqual(image, want) {
		t.Fatalf("loaded\n%+v\nwhere ZooKeeper has\n%+v", image, want)
	}
	if len(image.Topics) != 2 || image.Partition("a", 1).State.Leader != 1 || image.Reassign == nil || len(image.Configs) != 3 {
		t.Errorf("%+v", image)
	}
}

func TestStart_EmptyZooKeeper(t *testing.T) {
	zk := dial(t, zkclient.Config{Servers: server(t, 1)})
	m, err := mirror.Start(t.Context(), mirror.Options{ZK: zk})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if image := m.Image(); len(image.Topics)+len(image.Brokers) != 0 || image.Controller != -1 || image.ClusterID != "" {
		t.Errorf("%+v", image)
	}
}

func TestChanges_AreSeen(t *testing.T) { seesChanges(t, server(t, 1)) }

func seesChanges(t *testing.T, addr string) {
	r := newRig(t, addr, nil)
	r.everything()
	before := r.equal()
	r.otherwise()
	after := r.equal()
	if after == before || before.Topics["a"].Czxid == after.Topics["a"].Czxid {
		t.Error("nothing has changed")
	}
	if again := r.equal(); again != after {
		t.Error("the image is another one although nothing has changed")
	}
}

// What happens while there is no connection is never reported: the mirror must look.
func TestReconnect_ReadsWhatTheWatchesMissed(t *testing.T) { survivesReconnect(t, server(t, 1)) }

func survivesReconnect(t *testing.T, addr string) {
	r := newRig(t, addr, (*rig).everything)
	session := r.client.Session().ID
	before := r.m.Image()
	r.link.cut(true)
	r.otherwise()
	want := r.truth()
	if r.m.Image() != before {
		t.Fatal("the connection was not cut")
	}
	r.link.cut(false)
	// No call from here: the new connection alone must do.
	image, err := r.m.Wait(t.Context(), func(i *kzk.Image) bool { return reflect.DeepEqual(i, want) })
	if err != nil {
		t.Fatal(err)
	}
	if r.client.Session().ID != session {
		t.Error("the session did not survive, and this was to be about one that does")
	}
	r.set(kzk.StatePath("c", 0), state(2, 1)) // and the watches are there
	if _, err := r.m.Wait(t.Context(), func(i *kzk.Image) bool { return i.Partition("c", 0).State.Leader == 2 }); err != nil {
		t.Fatal(err)
	}
	if r.m.Image() == image {
		t.Error("Changed lies")
	}
}

func TestSessionRenewal_SetsWatchesAndReadsAgain(t *testing.T) { survivesRenewal(t, server(t, 1)) }

func survivesRenewal(t *testing.T, addr string) {
	r := newRig(t, addr, (*rig).everything)
	session := r.client.Session()
	r.link.cut(true)
	// Another client takes the session and ends it.
	thief, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: r.addr, Session: session})
	if err != nil {
		t.Fatal(err)
	}
	if err := thief.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.otherwise()
	want := r.truth()
	r.link.cut(false)
	if _, err := r.m.Wait(t.Context(), func(i *kzk.Image) bool { return reflect.DeepEqual(i, want) }); err != nil {
		t.Fatal(err)
	}
	if id := r.client.Session().ID; id == session.ID || id == 0 {
		t.Errorf("the session is %x, as before", id)
	}
	r.set(kzk.StatePath("c", 0), state(2, 1))
	if _, err := r.m.Wait(t.Context(), func(i *kzk.Image) bool { return i.Partition("c", 0).State.Leader == 2 }); err != nil {
		t.Fatal(err)
	}
}

// The same on Apache's ZooKeeper.
func TestOnApache(t *testing.T) {
	zk := peertest.StartZK39(t, peertest.Options{})
	for name, test := range map[string]func(*testing.T, string){
		"changes": seesChanges, "reconnect": survivesReconnect, "renewal": survivesRenewal,
	} {
		t.Run(name, func(t *testing.T) { test(t, zk.Addr()+"/"+name) })
	}
}

// Random changes and cuts: once fresh the mirror always shows the truth.
func TestRandomChangesAndCuts(t *testing.T) {
	r := newRig(t, server(t, 3), nil)
	random := rand.New(rand.NewPCG(7, 8))
	there := map[string]bool{}
	for i := range 150 {
		name := fmt.Sprintf("t%d", random.IntN(8))
		switch n := random.IntN(10); {
		case n == 0:
			r.link.cut(false)
		case !there[name]:
			r.topic(name, 2)
			there[name] = true
		case n < 4:
			r.dropTopic(name, 2)
			there[name] = false
		default:
			r.set(kzk.StatePath(name, 1), state(int32(n), int32(i)))
		}
		if i%10 == 0 {
			r.equal()
		}
	}
	r.equal()
}

// Fresh has what was acknowledged before, also on another server than the one that was written to.
func TestFresh_HasWhatWasAcknowledged(t *testing.T) {
	r := newRig(t, server(t, 3), func(r *rig) { r.topic("a", 1) })
	for i := range int32(100) {
		r.set(kzk.StatePath("a", 0), state(i, i))
		image, err := r.m.Fresh(t.Context())
		if err != nil || image.Partition("a", 0).State.Leader != i {
			t.Fatalf("%d: %+v, %v", i, image.Partition("a", 0).State, err)
		}
	}
}

// A burst of changes costs few images, and none of them goes back in time.
func TestBurst_IsCoalesced(t *testing.T) {
	r := newRig(t, server(t, 1), nil)
	const topics = 300
	stop := make(chan struct{})
	published := make(chan int)
	go func() {
		n, image, last := 0, r.m.Image(), 0
		for {
			select {
			case <-r.m.Changed(image):
				image = r.m.Image()
				if len(image.Topics) < last {
					r.t.Errorf("%d topics became %d", last, len(image.Topics))
				}
				last = len(image.Topics)
				n++
			case <-stop:
				published <- n
				return
			}
		}
	}()
	for i := range topics {
		r.topic(fmt.Sprintf("t-%d", i), 3)
	}
	image := r.equal()
	close(stop)
	if n := <-published; n > topics*4 || n == 0 {
		t.Errorf("%d images of %d changes", n, topics*8)
	}
	if len(image.Topics) != topics || image.Partition("t-299", 2).State == nil {
		t.Errorf("%d topics", len(image.Topics))
	}
}

func TestMalformed_LeavesTheRestAndIsTold(t *testing.T) {
	r := newRig(t, server(t, 1), func(r *rig) {
		r.topic("a", 1)
		r.create(kzk.TopicPath("bad"), []byte("{"))
	})
	if image := r.m.Image(); image.Unreadable[kzk.TopicPath("bad")] == "" || image.Topics["a"] == nil || image.Topics["bad"] != nil {
		t.Errorf("%+v", image)
	}
	r.set(kzk.StatePath("a", 0), []byte("nonsense"))
	image, err := r.m.Fresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s := image.Partition("a", 0).State; s == nil || s.Leader != 1 || image.Unreadable[kzk.StatePath("a", 0)] == "" {
		t.Errorf("%+v, %v", s, image.Unreadable)
	}
	if got := r.log.String(); !strings.Contains(got, kzk.StatePath("a", 0)) || !strings.Contains(got, kzk.TopicPath("bad")) {
		t.Errorf("the log says\n%s", got)
	}
	r.set(kzk.StatePath("a", 0), state(3, 3))
	r.delete(kzk.TopicPath("bad"))
	if image := r.equal(); len(image.Unreadable) != 0 {
		t.Errorf("%v", image.Unreadable)
	}
}

func TestUnreadable_NoPermission(t *testing.T) {
	r := newRig(t, server(t, 1), func(r *rig) {
		acl := []zkproto.ACL{{Perms: zkproto.PermAll, ID: zkproto.ID{Scheme: "digest", ID: "x:y"}}}
		if _, _, err := r.writer.Create(r.t.Context(), kzk.TopicPath("secret"), nil, acl, zkproto.ModePersistent, 0); err != nil {
			r.t.Fatal(err)
		}
		r.topic("a", 1)
	})
	if image := r.m.Image(); image.Unreadable[kzk.TopicPath("secret")] == "" || image.Topics["a"] == nil {
		t.Errorf("%+v", image)
	}
}

func TestEnds(t *testing.T) {
	r := newRig(t, server(t, 1), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	never := func(*kzk.Image) bool { return false }
	if _, err := r.m.Wait(ctx, never); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait: %v", err)
	}
	if _, err := r.m.Fresh(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Fresh: %v", err)
	}
	if _, err := mirror.Start(ctx, mirror.Options{ZK: r.client}); !errors.Is(err, context.Canceled) {
		t.Errorf("Start: %v", err)
	}
	r.m.Close()
	if _, err := r.m.Wait(t.Context(), never); !errors.Is(err, mirror.ErrClosed) {
		t.Errorf("Wait after Close: %v", err)
	}
	if _, err := r.m.Fresh(t.Context()); !errors.Is(err, mirror.ErrClosed) {
		t.Errorf("Fresh after Close: %v", err)
	}
	if r.m.Image() == nil {
		t.Error("the last image is gone")
	}
	r.topic("after", 1) // its events find nobody
	if err := r.client.Settle(t.Context()); err != nil {
		t.Error(err)
	}
	closed := dial(t, zkclient.Config{Servers: r.addr})
	if err := closed.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := mirror.Start(t.Context(), mirror.Options{ZK: closed}); !errors.Is(err, zkclient.ErrClosed) {
		t.Errorf("Start on a closed client: %v", err)
	}
}
