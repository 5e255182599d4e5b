package zkclient_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// The tests of this file need faults at an exact byte or an exact time, which no server can
// be asked for: the other end is a script that plays frames captured from Apache's server.

// What the server of 3.9.4 and a read-only one of 3.8.0 answered.
const (
	// timeout 6000, session 0x100001879490000, its password
	granted = "00000025 00000000 00001770 0100001879490000 00000010 5dc7ce6d26a279c403fa8006df6def4f 00"
	// the same, to a client that sent no read-only byte
	grantedOld = "00000024 00000000 00001770 0100001879490000 00000010 5dc7ce6d26a279c403fa8006df6def4f"
	expired    = "00000025 00000000 00000000 0000000000000000 00000010 00000000000000000000000000000000 00"
	// a reply's header in place of a ConnectResponse: err NotReadOnly
	headerOnly = "00000010 00000000 0000000000000000 ffffff89"
	syncReply1 = "00000015 00000001 0000000000000005 00000000 00000001 2f"
	syncReply7 = "00000015 00000007 0000000000000005 00000000 00000001 2f"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// script plays one connection from the server's side.
type script func(conn net.Conn)

// network has one script for each connection to an address, in order; the last one stays.
type network struct {
	t       *testing.T
	wg      sync.WaitGroup
	mu      sync.Mutex
	scripts map[string][]script
	dialled []string
	conns   []net.Conn
}

func newNetwork(t *testing.T, scripts map[string][]script) *network {
	return &network{t: t, scripts: scripts}
}

func (n *network) dial(_ context.Context, _, addr string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dialled = append(n.dialled, addr)
	list := n.scripts[addr]
	if len(list) == 0 {
		return nil, errors.New("connection refused")
	}
	if len(list) > 1 {
		n.scripts[addr] = list[1:]
	}
	client, server := net.Pipe()
	n.conns = append(n.conns, server)
	n.wg.Go(func() {
		defer server.Close()
		list[0](server)
	})
	return client, nil
}

// close ends the scripts.
func (n *network) close() {
	n.mu.Lock()
	for _, c := range n.conns {
		_ = c.Close()
	}
	n.mu.Unlock()
	n.wg.Wait()
}

// frame reads one frame of the client; nil at the end of the connection.
func frame(conn net.Conn) []byte {
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return nil
	}
	body := make([]byte, int(head[2])<<8|int(head[3]))
	if _, err := io.ReadFull(conn, body); err != nil {
		return nil
	}
	return body
}

// handshake reads the ConnectRequest and answers it.
func handshake(answer string) script {
	return func(conn net.Conn) {
		if frame(conn) != nil {
			_, _ = conn.Write(unhex(answer))
		}
	}
}

// holding answers the handshake and then nothing more.
func holding(answer string) script {
	return func(conn net.Conn) {
		handshake(answer)(conn)
		for frame(conn) != nil {
		}
	}
}

// serving grants the session, answers pings and closeSession, and hands other frames to reply.
func serving(reply func(conn net.Conn, request []byte)) script {
	return func(conn net.Conn) {
		handshake(granted)(conn)
		for req := frame(conn); req != nil; req = frame(conn) {
			switch {
			case bytes.Equal(req, unhex("fffffffe 0000000b")):
				_, _ = conn.Write(unhex("00000010 fffffffe 0000000000000005 00000000"))
			case bytes.Equal(req[4:], unhex("fffffff5")):
				answerClose(conn, req)
				return
			case reply != nil:
				reply(conn, req)
			}
		}
	}
}

// answerClose answers a closeSession.
func answerClose(conn net.Conn, req []byte) {
	_, _ = conn.Write(slices.Concat(unhex("00000010"), req[:4], unhex("0000000000000006 00000000")))
}

// within runs f in a bubble of fake time, with a client on the network.
func within(t *testing.T, scripts map[string][]script, cfg zkclient.Config, f func(t *testing.T, c *zkclient.Client, n *network, seen *events)) {
	synctest.Test(t, func(t *testing.T) {
		n, seen := newNetwork(t, scripts), newEvents()
		cfg.Dialer, cfg.OnEvent = n.dial, seen.take
		c, err := zkclient.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		f(t, c, n, seen)
		_ = c.Close(context.Background()) // whether it can tell a server is part of other tests
		n.close()
	})
}

func TestHandshake(t *testing.T) {
	for _, tt := range []struct {
		name   string
		first  script
		reason string // why a:2181 was passed over; "" if it was not
	}{
		{"37 bytes", serving(nil), ""},
		{"36 bytes", holding(grantedOld), ""},
		{"a reply's header", handshake(headerOnly), "read-only"},
		{"too short", handshake("00000005 0000000000"), "malformed"},
		{"left-over bytes", handshake("00000027" + granted[8:] + "0102"), "malformed"},
		{"end before the answer", handshake(""), "closed the connection during the handshake"},
		{"end in the answer", handshake(granted[:43]), "closed the connection during the handshake"},
		{"another protocol", handshake(hex.EncodeToString([]byte("HTTP/1.1 400 Bad Request"))), `not a ZooKeeper server: it answers "HTTP"`},
		{"a negative length", handshake("ffffffff"), "not a ZooKeeper server"},
		{"read-only though not asked for", holding(granted[:len(granted)-2] + "01"), "read-only"},
		{"silence", func(conn net.Conn) { frame(conn); _ = frame(conn) }, "no answer in time"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			scripts := map[string][]script{"a:2181": {tt.first}, "b:2181": {serving(nil)}}
			within(t, scripts, zkclient.Config{Servers: "a,b", SessionTimeout: 6 * time.Second},
				func(t *testing.T, c *zkclient.Client, n *network, _ *events) {
					if err := c.Connected(t.Context()); err != nil {
						t.Fatal(err)
					}
					want := "b:2181"
					if tt.reason == "" {
						want = "a:2181"
					}
					if got := c.Server(); got != want || n.dialled[0] != "a:2181" {
						t.Errorf("connected to %s, want %s", got, want)
					}
					if s := c.Session(); s.ID != 0x100001879490000 || len(s.Password) != zkproto.PasswordLen {
						t.Errorf("session %+v", s)
					}
				})
			if tt.reason == "" {
				return
			}
			// Alone, the server's reason is the client's error.
			within(t, map[string][]script{"a:2181": {tt.first}}, zkclient.Config{Servers: "a"},
				func(t *testing.T, c *zkclient.Client, _ *network, _ *events) {
					err := c.ConnectOnce(t.Context())
					var ce *zkclient.ConnectError
					if !errors.As(err, &ce) || len(ce.Attempts) != 1 || !strings.Contains(err.Error(), tt.reason) {
						t.Errorf("error %v, want %q in it", err, tt.reason)
					}
				})
		})
	}
}

// A ConnectResponse with timeout 0, and one with another session, both mean that the session
// asked for is gone.
func TestHandshake_SessionIsGone(t *testing.T) {
	for name, answer := range map[string]string{"timeout 0": expired, "another session": granted} {
		t.Run(name, func(t *testing.T) {
			cfg := zkclient.Config{Servers: "a", Session: zkclient.Session{ID: 5, Password: make([]byte, 16)}}
			within(t, map[string][]script{"a:2181": {handshake(answer)}}, cfg,
				func(t *testing.T, c *zkclient.Client, _ *network, seen *events) {
					seen.state(t, zkproto.StateExpired)
					if err := c.Connected(t.Context()); !errors.Is(err, zkproto.SessionExpired) {
						t.Errorf("connected: %v", err)
					}
				})
		})
	}
}

// TestBrokenReplies: whatever the server sends, the call on the way ends, and the client
// connects again.
func TestBrokenReplies(t *testing.T) {
	for _, tt := range []struct{ name, answer string }{
		{"wrong xid", syncReply7},
		{"a frame of 2 GiB", "7fffffff 00000001"},
		{"a negative length", "80000000 00000001"},
		{"no header", "00000003 000000"},
		{"end in the frame", syncReply1[:20]},
		{"left-over bytes", "00000016" + syncReply1[8:] + "00"},
		{"a path longer than the frame", "00000015 00000001 0000000000000005 00000000 7fffffff 2f"},
		{"an event that is none", "00000012 ffffffff ffffffffffffffff 00000000 0000"},
		{"auth reply to no request", "00000010 fffffffc 0000000000000000 00000000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			broken := func(conn net.Conn) {
				handshake(granted)(conn)
				frame(conn)
				_, _ = conn.Write(unhex(tt.answer))
			}
			good := serving(func(conn net.Conn, req []byte) {
				// The reply of the first request, with the xid of this one.
				_, _ = conn.Write(append(append(unhex("00000015"), req[:4]...), unhex(syncReply1)[8:]...))
			})
			within(t, map[string][]script{"a:2181": {broken, good}}, zkclient.Config{Servers: "a", SessionTimeout: 6 * time.Second},
				func(t *testing.T, c *zkclient.Client, _ *network, seen *events) {
					if err := c.Sync(t.Context(), "/"); err == nil {
						t.Error("the call succeeded")
					}
					seen.state(t, zkproto.StateDisconnected)
					if err := c.Sync(t.Context(), "/"); err != nil {
						t.Errorf("the next call: %v", err)
					}
				})
		})
	}
}

// TestSilence: the silent connection is given up after 2/3 of the timeout, and without any
// server the session ends itself 4/3 of the timeout after the last word.
func TestSilence(t *testing.T) {
	silent := holding(granted)
	within(t, map[string][]script{"a:2181": {silent, func(net.Conn) {}}}, zkclient.Config{Servers: "a", SessionTimeout: 6 * time.Second},
		func(t *testing.T, c *zkclient.Client, n *network, seen *events) {
			began := time.Now()
			seen.state(t, zkproto.StateSyncConnected)
			seen.state(t, zkproto.StateDisconnected)
			if took := time.Since(began); took != 4*time.Second {
				t.Errorf("given up after %s, want 4s", took)
			}
			seen.state(t, zkproto.StateExpired)
			if took := time.Since(began); took != 8*time.Second {
				t.Errorf("expired after %s, want 8s", took)
			}
			if tries := len(n.dialled); tries < 5 || tries > 20 {
				t.Errorf("%d attempts in 4 s", tries)
			}
		})
}

// TestPing: an idle connection lives as long as the server answers pings.
func TestPing(t *testing.T) {
	within(t, map[string][]script{"a:2181": {serving(nil)}}, zkclient.Config{Servers: "a", SessionTimeout: 6 * time.Second},
		func(t *testing.T, c *zkclient.Client, n *network, seen *events) {
			seen.state(t, zkproto.StateSyncConnected)
			<-time.After(time.Hour)
			seen.none(t)
			if len(n.dialled) != 1 {
				t.Errorf("%d connections in an hour", len(n.dialled))
			}
		})
}

// A server that grants the session and hangs up at once is not called in a tight loop.
func TestReconnect_BacksOff(t *testing.T) {
	within(t, map[string][]script{"a:2181": {handshake(granted)}}, zkclient.Config{Servers: "a", SessionTimeout: 6 * time.Second},
		func(t *testing.T, c *zkclient.Client, n *network, seen *events) {
			<-time.After(time.Minute)
			n.mu.Lock()
			defer n.mu.Unlock()
			if tries := len(n.dialled); tries < 30 || tries > 150 {
				t.Errorf("%d connections in a minute", tries)
			}
		})
}

// TestConnectOnce_NamesEveryServer is the one line that a person gets when nobody is there.
func TestConnectOnce_NamesEveryServer(t *testing.T) {
	within(t, map[string][]script{"b:2182": {handshake("")}}, zkclient.Config{Servers: "a,b:2182"},
		func(t *testing.T, c *zkclient.Client, _ *network, _ *events) {
			began := time.Now()
			err := c.ConnectOnce(t.Context())
			want := "no ZooKeeper server: a:2181: connection refused; b:2182: closed the connection during the handshake: " +
				"it is not serving (no quorum?), or has too many connections"
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if took := time.Since(began); took != zkclient.ElectionPatience {
				t.Errorf("it took %s", took)
			}
		})
}

// A client that cannot get back says why, once.
func TestOnUnreachable(t *testing.T) {
	told := make(chan error, 10)
	cfg := zkclient.Config{Servers: "a", SessionTimeout: 30 * time.Second, Rand: rand.New(rand.NewPCG(1, 2)),
		OnUnreachable: func(why *zkclient.ConnectError) { told <- why }}
	electing := []script{func(conn net.Conn) {
		handshake(granted)(conn)
		<-time.After(3 * time.Second) // an idle session is one whose server has said nothing for some time
	}}
	for range 13 { // which take more than ElectionPatience, and less than the session has
		electing = append(electing, handshake(""))
	}
	within(t, map[string][]script{"a:2181": append(electing, serving(nil))}, cfg,
		func(t *testing.T, c *zkclient.Client, _ *network, seen *events) {
			seen.state(t, zkproto.StateSyncConnected)
			seen.state(t, zkproto.StateDisconnected)
			<-time.After(zkclient.ElectionPatience - time.Second)
			if len(told) != 0 {
				t.Errorf("told after a second: %v", <-told)
			}
			<-time.After(10 * time.Second)
			seen.state(t, zkproto.StateSyncConnected)
			if len(told) != 1 {
				t.Fatalf("told %d times", len(told))
			}
			if why := <-told; !strings.Contains(why.Error(), "it is not serving (no quorum?)") {
				t.Errorf("told %v", why)
			}
		})
}

// Where nobody listens there is nothing to wait for.
func TestConnectOnce_FailsAtOnceWhenRefused(t *testing.T) {
	within(t, nil, zkclient.Config{Servers: "a,b:2182"}, func(t *testing.T, c *zkclient.Client, _ *network, _ *events) {
		began := time.Now()
		if err := c.ConnectOnce(t.Context()); err == nil || time.Since(began) != 0 {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}

// A server that hangs up is probably in an election, and serves soon.
func TestConnectOnce_OutlastsAnElection(t *testing.T) {
	electing := []script{handshake(""), handshake(""), handshake(""), serving(nil)}
	within(t, map[string][]script{"a:2181": electing}, zkclient.Config{Servers: "a"},
		func(t *testing.T, c *zkclient.Client, _ *network, _ *events) {
			if err := c.ConnectOnce(t.Context()); err != nil {
				t.Error(err)
			}
		})
}

// TestConnect_Soon: a client that is there before its servers waits for them little longer than they take.
func TestConnect_Soon(t *testing.T) {
	const takes, clients = 60 * time.Millisecond, 50
	var all time.Duration
	for seed := range uint64(clients) {
		cfg := zkclient.Config{Servers: "a,b,c", Rand: rand.New(rand.NewPCG(seed, 0))}
		within(t, map[string][]script{}, cfg, func(t *testing.T, c *zkclient.Client, n *network, _ *events) {
			began := time.Now()
			time.AfterFunc(takes, func() {
				n.mu.Lock()
				defer n.mu.Unlock()
				n.scripts["b:2181"] = []script{serving(nil)}
			})
			if err := c.Connected(t.Context()); err != nil {
				t.Error(err)
			}
			all += time.Since(began)
		})
	}
	if mean := all / clients; mean < takes || mean > takes*3/2 {
		t.Errorf("connected after %s", mean)
	}
}

// TestReadOnly_FindsAWriter: a client on a read-only server asks the others, and moves.
func TestReadOnly_FindsAWriter(t *testing.T) {
	readOnly := holding(granted[:len(granted)-2] + "01")
	isro := func(answer string) script {
		return func(conn net.Conn) {
			word := make([]byte, 4)
			if _, err := io.ReadFull(conn, word); err == nil && string(word) == "isro" {
				_, _ = io.WriteString(conn, answer)
			}
		}
	}
	scripts := map[string][]script{
		"a:2181": {readOnly, isro("ro"), isro("ro")},
		"b:2181": {isro("null"), isro("rw"), serving(nil)},
	}
	within(t, scripts, zkclient.Config{Servers: "a,b", SessionTimeout: time.Minute, ReadOnly: true},
		func(t *testing.T, c *zkclient.Client, n *network, seen *events) {
			seen.state(t, zkproto.StateConnectedReadOnly)
			seen.state(t, zkproto.StateDisconnected)
			seen.state(t, zkproto.StateSyncConnected)
			if c.Server() != "b:2181" {
				t.Errorf("connected to %s", c.Server())
			}
			if want := "a:2181 b:2181 a:2181 b:2181 b:2181"; strings.Join(n.dialled, " ") != want {
				t.Errorf("dialled %v, want %s", n.dialled, want)
			}
		})
}

// TestLost_KeepsWhatWasNotSent: the writer is stuck in the middle of a request when the
// connection is given up. That one is lost; the one behind it goes out on the next connection.
func TestLost_KeepsWhatWasNotSent(t *testing.T) {
	stuck := func(conn net.Conn) {
		handshake(granted)(conn)
		_, _ = conn.Read(make([]byte, 1))
		<-time.After(time.Minute)
	}
	good := serving(func(conn net.Conn, req []byte) {
		_, _ = conn.Write(append(append(unhex("00000015"), req[:4]...), unhex(syncReply1)[8:]...))
	})
	within(t, map[string][]script{"a:2181": {stuck, good}}, zkclient.Config{Servers: "a", SessionTimeout: 6 * time.Second},
		func(t *testing.T, c *zkclient.Client, _ *network, seen *events) {
			seen.state(t, zkproto.StateSyncConnected)
			write := c.Start(t.Context(), zkproto.OpSetData, &zkproto.SetDataRequest{Path: "/"}, new(zkproto.Stat))
			synctest.Wait()
			behind := c.Start(t.Context(), zkproto.OpSync, &zkproto.PathRequest{Path: "/"}, new(zkproto.PathResponse))
			if err := write.Wait(t.Context()); !errors.Is(err, zkproto.ConnectionLoss) || !zkclient.OutcomeUnknown(err) {
				t.Errorf("the write: %v", err)
			}
			if err := behind.Wait(t.Context()); err != nil {
				t.Errorf("the request behind it: %v", err)
			}
		})
}

// TestClose_DuringTheHandshake: the server has been asked for a session, so there will be one;
// Close waits for it, to end it.
func TestClose_DuringTheHandshake(t *testing.T) {
	var asked, answer chan struct{}
	ended := false
	slow := func(conn net.Conn) {
		frame(conn)
		close(asked)
		<-answer
		_, _ = conn.Write(unhex(granted))
		last := frame(conn)
		if ended = len(last) == 8 && bytes.Equal(last[4:], unhex("fffffff5")); ended {
			answerClose(conn, last)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		asked, answer = make(chan struct{}), make(chan struct{})
		n := newNetwork(t, map[string][]script{"a:2181": {slow}})
		c, err := zkclient.New(zkclient.Config{Servers: "a", Dialer: n.dial})
		if err != nil {
			t.Fatal(err)
		}
		<-asked
		closed := make(chan error)
		go func() { closed <- c.Close(context.Background()) }()
		synctest.Wait()
		close(answer)
		err = <-closed
		n.close()
		if err != nil || !ended {
			t.Errorf("close: %v; closeSession was sent: %v", err, ended)
		}
	})
}

// TestClose_AHangUpIsNoAnswer: a server that is killed when it has read the closeSession has not
// carried it out. Close asks again, and what it is told then is true.
func TestClose_AHangUpIsNoAnswer(t *testing.T) {
	killed := func(conn net.Conn) { handshake(granted)(conn); frame(conn) }
	const gone = "00000025 00000000 00000000 0000000000000000 00000010 00000000000000000000000000000000 00"
	asked := 0
	restarted := func(conn net.Conn) {
		handshake(granted)(conn)
		if req := frame(conn); req != nil && bytes.Equal(req[4:], unhex("fffffff5")) {
			asked++
			answerClose(conn, req)
		}
	}
	for name, test := range map[string]struct {
		then  script
		asked int
		ok    bool
	}{
		"it had not":                 {restarted, 1, true},
		"it had":                     {handshake(gone), 0, true},
		"it is killed once more":     {killed, 0, false},
		"it does not come back soon": {handshake(""), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked = 0
				n := newNetwork(t, map[string][]script{"a:2181": {killed, test.then}})
				c, err := zkclient.Dial(t.Context(), zkclient.Config{Servers: "a", Dialer: n.dial})
				if err != nil {
					t.Fatal(err)
				}
				err = c.Close(t.Context())
				n.close()
				if (err == nil) != test.ok || asked != test.asked {
					t.Errorf("close: %v; the session was ended %d times", err, asked)
				}
			})
		})
	}
}

// Calls that are given up while no server answers do not stay in memory.
func TestQueue_ForgetsWhatWasGivenUp(t *testing.T) {
	within(t, nil, zkclient.Config{Servers: "a"}, func(t *testing.T, c *zkclient.Client, _ *network, _ *events) {
		kept, stop := context.WithCancel(t.Context())
		defer stop()
		call := c.Start(kept, zkproto.OpSync, &zkproto.PathRequest{Path: "/"}, new(zkproto.PathResponse))
		for range 1000 {
			brief, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			if err := c.Sync(brief, "/"); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			cancel()
		}
		if n := c.Queued(); n < 1 || n > 3 {
			t.Errorf("%d calls in the queue, 1 is live", n)
		}
		select {
		case <-call.Done():
			t.Error("the live call has ended")
		default:
		}
	})
}
