package tutorial

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMistakes: what is wrong in zoo.cfg or myid, zkServer.sh start says, with file and line.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		make func(h *host)
		want string
	}{
		{"no myid", func(h *host) { h.remove("data/myid") },
			"DIR/data/myid: is missing: it holds the number of this server, one of 1, 2, 3"},
		{"empty myid", func(h *host) { h.write("data/myid", "") }, `DIR/data/myid:1: "" is not the number of a server`},
		{"myid in words", func(h *host) { h.write("data/myid", "one\n") }, `DIR/data/myid:1: "one" is not the number of a server`},
		{"unreadable myid", func(h *host) { h.remove("data/myid"); h.write("data/myid/x", "") }, "DIR/data/myid: cannot be read: "},
		{"unlisted myid", func(h *host) { h.write("data/myid", "9\n") }, "DIR/data/myid:1: there is no server.9 in DIR/conf/zoo.cfg, only 1, 2, 3"},
		{"no port number", func(h *host) { h.add("server.4=hadoop105:x:3888") }, `DIR/conf/zoo.cfg:21: server.4: "x" is not a port number`},
		{"one port", func(h *host) { h.add("server.4=hadoop105:2888") }, `DIR/conf/zoo.cfg:21: server.4: "hadoop105:2888" does not have the form host:port:port`},
		{"no role", func(h *host) { h.add("server.4=hadoop105:2888:3888:watcher") }, `DIR/conf/zoo.cfg:21: server.4: "watcher" is neither participant nor observer`},
		{"no id", func(h *host) { h.add("server.four=hadoop105:2888:3888") }, `DIR/conf/zoo.cfg:21: server.four: "four" is not a number`},
		{"no number", func(h *host) { h.add("initLimit=ten") }, `DIR/conf/zoo.cfg:21: initLimit: "ten" is not a whole number`},
		{"client port taken", func(h *host) { h.take(h.client) }, "DIR/conf/zoo.cfg:12: client port: listen tcp 127.0.0.1:CLIENT: bind: address already in use"},
		{"election port taken", func(h *host) { h.take(h.election) },
			"DIR/conf/zoo.cfg:18: join the ensemble as server 1: election port of server 1: listen tcp 127.0.0.1:ELECTION: bind: address already in use"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHosts(t, 3, 0)[0]
			tt.make(h)
			want := strings.NewReplacer("DIR", h.dir, "CLIENT", fmt.Sprint(h.client), "ELECTION", fmt.Sprint(h.election)).Replace(tt.want)
			got := h.zkServer("start")
			if got.code != 1 || got.stdout != "Starting zookeeper ... FAILED TO START\n" || !strings.Contains(got.stderr, want) {
				t.Errorf("got %+v, want %s", got, want)
			}
		})
	}
}

// TestQuorumPortTaken: who is elected and cannot listen for the others says so, and leads once it can.
func TestQuorumPortTaken(t *testing.T) {
	t.Parallel()
	all := newHosts(t, 3, 0)
	l := all[1].take(all[1].quorum)
	all[:2].start()
	all[1].eventually("to say that its quorum port is taken", func() bool {
		return strings.Contains(strings.Join(all[1].log(), "\n"),
			fmt.Sprintf("this server was elected but cannot listen on its quorum port; trying again addr=127.0.0.1:%d err=listen tcp", all[1].quorum))
	})
	l.Close()
	all.await("follower", "leader")
}

func (h *host) remove(name string) { ok(h.t, os.Remove(filepath.Join(h.dir, name))) }

// add adds a line to zoo.cfg, which is its line 21 of an ensemble of three.
func (h *host) add(line string) {
	h.t.Helper()
	text, err := os.ReadFile(h.cfg)
	ok(h.t, err)
	h.write("conf/zoo.cfg", string(text)+line+"\n")
}

// take listens on a port that the server wants.
func (h *host) take(port int) net.Listener {
	h.t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	ok(h.t, err)
	h.t.Cleanup(func() { _ = l.Close() }) // it may be closed
	return l
}
