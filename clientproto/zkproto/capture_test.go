package zkproto_test

import (
	"context"
	"encoding/binary"
	"flag"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

var rewrite = flag.Bool("rewrite", false, "capture testdata anew, from Apache's server and zkCli.sh 3.9.4")

// capture records what zkCli.sh and the server say to each other, and, for the operations that
// zkCli.sh does not have, what our client and the server say.
func capture(t *testing.T) {
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	s := peertest.StartZK39(t, peertest.Options{Config: []string{"extendedTypesEnabled=true"}})
	rec := startRecorder(t, s.Addr())
	rec.from = "Apache's zkCli.sh 3.9.4 asks its server."
	runZkCli(t, rec)
	rec.from = "Our client asks Apache's server 3.9.4, which takes it."
	runClient(t, rec)
	rec.write(t)
}

// runZkCli types commands. Where a line begins with "cut", the connection is cut and zkCli.sh
// has to set its watches again.
func runZkCli(t *testing.T, rec *recorder) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), peertest.ZkCli(t), "-timeout", "6000", "-server", rec.l.Addr().String())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	rec.await(t, "connected")
	for line := range strings.Lines(`addauth digest u:p
create /c hi
create -s -e /c/s- x
create -c /c/con
create -t 60000 /c/ttl data
get -s -w /c
set /c two
stat -w /c/none
create /c/none
ls -s -w /c
ls /c
get -w /c
cut setWatches
setAcl /c world:anyone:cdrwa
getAcl -s /c
sync /c
addWatch -m PERSISTENT_RECURSIVE /c
cut setWatches2
getEphemerals /c
getAllChildrenNumber /c
whoami
removewatches /c
delete /c/none
delete -v 7 /c
get /nowhere
reconfig -remove 3
quit
`) {
		if op, ok := strings.CutPrefix(strings.TrimSpace(line), "cut "); ok {
			// The commands before must be through, or they fail with the connection.
			if _, err := io.WriteString(in, "getAllChildrenNumber /mark"+op+"\n"); err != nil {
				t.Fatal(err)
			}
			rec.await(t, "getAllChildrenNumber /mark"+op)
			rec.cut()
			rec.await(t, op)
			continue
		}
		if _, err := io.WriteString(in, line); err != nil {
			t.Fatal(err)
		}
	}
	_ = cmd.Wait() // its exit code tells of the last command alone
}

func runClient(t *testing.T, rec *recorder) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := zkclient.Dial(ctx, zkclient.Config{Servers: rec.l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	check := zkproto.MultiOp{Op: zkproto.OpCheck, Req: &zkproto.PathVersionRequest{Path: "/c", Version: -1}}
	set := zkproto.MultiOp{Op: zkproto.OpSetData, Req: &zkproto.SetDataRequest{Path: "/c", Data: []byte("m"), Version: -1}}
	del := zkproto.MultiOp{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: "/m", Version: 0}}
	get := zkproto.MultiOp{Op: zkproto.OpGetData, Req: &zkproto.PathWatchRequest{Path: "/c"}}
	getNone := zkproto.MultiOp{Op: zkproto.OpGetData, Req: &zkproto.PathWatchRequest{Path: "/none"}}
	list := zkproto.MultiOp{Op: zkproto.OpGetChildren, Req: &zkproto.PathWatchRequest{Path: "/zookeeper"}}
	create := zkclient.CreateOp("/m", nil, nil, zkproto.ModePersistent, 0)
	create1 := zkproto.MultiOp{Op: zkproto.OpCreate, Req: &zkproto.CreateRequest{Path: "/m/n", Data: []byte{}, ACL: zkproto.OpenACL()}}
	delChild := zkproto.MultiOp{Op: zkproto.OpDelete, Req: &zkproto.PathVersionRequest{Path: "/m/n", Version: -1}}
	if _, err := c.Multi(ctx, []zkproto.MultiOp{create, create1, check, set, delChild, del}); err != nil {
		t.Error(err)
	}
	rec.rename("multi-failed", func() {
		if _, err := c.Multi(ctx, []zkproto.MultiOp{check, create, del, create1, set}); err == nil {
			t.Error("the multi did not fail")
		}
	})
	if _, err := c.MultiRead(ctx, []zkproto.MultiOp{get, getNone, list}); err != nil {
		t.Error(err)
	}
	if err := c.Start(ctx, zkproto.OpCreate, create.Req, new(zkproto.PathResponse)).Wait(ctx); err != nil {
		t.Error(err)
	}
	events := make(chan zkproto.WatchedEvent, 2)
	watch := func(ev zkproto.WatchedEvent) { events <- ev }
	if _, err := c.Exists(ctx, "/m", watch); err != nil {
		t.Error(err)
	}
	if _, _, err := c.Children(ctx, "/", watch); err != nil {
		t.Error(err)
	}
	if err := c.Delete(ctx, "/m", -1); err != nil {
		t.Error(err)
	}
	<-events
	<-events
	if _, _, err := c.Create(ctx, "/m", nil, nil, zkproto.ModeEphemeralSequential, 0); err != nil {
		t.Error(err)
	}
	if err := c.Start(ctx, zkproto.OpGetChildren, &zkproto.PathWatchRequest{Path: "/"}, new(zkproto.StringsResponse)).Wait(ctx); err != nil {
		t.Error(err)
	}
	if err := c.CheckWatches(ctx, "/c", zkproto.WatcherChildren); err == nil {
		t.Error("a watch that is none was found")
	}
	if err := c.Close(ctx); err != nil {
		t.Error(err)
	}
}

// recorder is a proxy that knows frames.
type recorder struct {
	l      net.Listener
	target string
	from   string // the comment of what is recorded now
	wg     sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{}
	conns   []net.Conn
	name    string // the name of the next exchanges, "" for the operation's
	files   map[string]exchange
	seen    map[string]bool
}

type exchange struct {
	comment string
	frames  []captured
}

// pending is a request on a connection whose reply is to come.
type pending struct {
	name string
	req  captured
}

func startRecorder(t *testing.T, target string) *recorder {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{l: l, target: target, changed: make(chan struct{}), files: map[string]exchange{}, seen: map[string]bool{}}
	r.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			r.serve(conn)
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		r.cut()
		r.wg.Wait()
	})
	return r
}

func (r *recorder) serve(client net.Conn) {
	server, err := net.Dial("tcp", r.target)
	if err != nil {
		_ = client.Close()
		return
	}
	r.mu.Lock()
	r.conns = append(r.conns, client, server)
	r.mu.Unlock()
	var queue []pending // under the lock
	first := true
	r.wg.Go(func() { r.pass(server, client, func(frame []byte) { r.request(&queue, frame) }) })
	r.wg.Go(func() {
		r.pass(client, server, func(frame []byte) {
			r.reply(&queue, first, frame)
			first = false
		})
	})
}

// pass hands on frame by frame; each is noted before the other side can have seen it.
func (r *recorder) pass(to, from net.Conn, note func([]byte)) {
	defer to.Close()
	defer from.Close()
	for {
		var head [4]byte
		if _, err := io.ReadFull(from, head[:]); err != nil {
			return
		}
		frame := make([]byte, binary.BigEndian.Uint32(head[:]))
		if _, err := io.ReadFull(from, frame); err != nil {
			return
		}
		note(frame)
		if _, err := to.Write(append(head[:], frame...)); err != nil {
			return
		}
	}
}

func (r *recorder) request(queue *[]pending, frame []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var h zkproto.RequestHeader
	if err := zkproto.Decode(frame[:8], &h); err != nil {
		return
	}
	// A ConnectRequest begins with the protocol version, 0, and half of a zxid.
	if h.Xid == 0 && len(frame) == 45 {
		*queue = append(*queue, pending{"connect", captured{kind: "connect", frame: frame}})
		return
	}
	name := r.name
	if name == "" {
		name = h.Op.String()
	}
	*queue = append(*queue, pending{name, captured{kind: "request", op: h.Op.String(), frame: frame}})
}

func (r *recorder) reply(queue *[]pending, first bool, frame []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if first {
		r.keep("connect", (*queue)[0].req, captured{kind: "connected", frame: frame})
		*queue = (*queue)[1:]
		r.note("connected")
		return
	}
	var h zkproto.ReplyHeader
	if err := zkproto.Decode(frame[:zkproto.ReplyHeaderLen], &h); err != nil {
		return
	}
	if h.Xid == zkproto.XidNotification {
		var w zkproto.WatcherEvent
		if err := zkproto.Decode(frame[zkproto.ReplyHeaderLen:], &w); err == nil {
			r.keep("event-"+w.Type.String(), captured{kind: "event", frame: frame})
		}
		return
	}
	for i, p := range *queue {
		if int32(binary.BigEndian.Uint32(p.req.frame)) != h.Xid {
			continue
		}
		*queue = append((*queue)[:i:i], (*queue)[i+1:]...)
		name := p.name
		if h.Err != zkproto.OK {
			name += "-refused"
		}
		r.keep(name, p.req, captured{kind: "reply", op: p.req.op, frame: frame})
		r.note(p.req.op)
		var path zkproto.PathRequest
		if zkproto.Decode(p.req.frame[8:], &path) == nil {
			r.note(p.req.op + " " + path.Path)
		}
		return
	}
}

// keep takes the first exchange of a name.
func (r *recorder) keep(name string, frames ...captured) {
	if _, ok := r.files[name]; !ok {
		r.files[name] = exchange{r.from, frames}
	}
}

func (r *recorder) note(what string) {
	r.seen[what] = true
	close(r.changed)
	r.changed = make(chan struct{})
}

// await waits until what has been seen since the last await of it.
func (r *recorder) await(t *testing.T, what string) {
	t.Helper()
	timeout := time.NewTimer(time.Minute)
	defer timeout.Stop()
	for {
		r.mu.Lock()
		ok, changed := r.seen[what], r.changed
		delete(r.seen, what)
		r.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-timeout.C:
			t.Fatalf("no %s came", what)
		}
	}
}

func (r *recorder) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		_ = c.Close()
	}
	r.conns = nil
}

// rename records what happens in f under another name.
func (r *recorder) rename(name string, f func()) {
	r.mu.Lock()
	r.name = name
	r.mu.Unlock()
	f()
	r.mu.Lock()
	r.name = ""
	r.mu.Unlock()
}

func (r *recorder) write(t *testing.T) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, e := range r.files {
		store(t, "testdata/"+name+".txt", e.comment, e.frames)
	}
}
