package zkserver

import (
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// quick has sessions that expire soon.
func quick(c *Config) {
	c.TickTime = 20 * time.Millisecond
	c.MinSessionTimeout, c.MaxSessionTimeout = 40*time.Millisecond, time.Minute
}

func createAt(path string, mode zkproto.CreateMode) *zkproto.CreateRequest {
	return &zkproto.CreateRequest{Path: path, Data: []byte("x"), ACL: zkproto.OpenACL(), Mode: mode}
}

func watched(path string) *zkproto.PathWatchRequest {
	return &zkproto.PathWatchRequest{Path: path, Watch: true}
}

// event reads a notification.
func (c *rawConn) event() (zkproto.WatcherEvent, zkproto.Zxid) {
	c.t.Helper()
	h, body := c.reply()
	var e zkproto.WatcherEvent
	if err := zkproto.Decode(body, &e); err != nil || h.Xid != zkproto.XidNotification {
		c.t.Fatalf("got a reply %+v %x, want an event", h, body)
	}
	return e, h.Zxid
}

func (c *rawConn) mustCall(op zkproto.OpCode, rec zkproto.Record) []byte {
	c.t.Helper()
	h, body := c.call(op, rec)
	if h.Err != zkproto.OK {
		c.t.Fatalf("%v %+v: %v", op, rec, h.Err)
	}
	return body
}

func TestSession_ExpiryRemovesEphemeralsAndTheConnection(t *testing.T) {
	s := start(t, quick)
	silent, other := rawOpen(t, s), rawDial(t, s)
	silent.connect(&zkproto.ConnectRequest{Timeout: 50, Password: make([]byte, 16)})
	if silent.session.Timeout != 50 {
		t.Errorf("negotiated %d", silent.session.Timeout)
	}
	silent.mustCall(zkproto.OpCreate, createAt("/e", zkproto.ModeEphemeral))
	other.mustCall(zkproto.OpExists, watched("/e"))
	if e, _ := other.event(); e.Type != zkproto.EventNodeDeleted || e.Path != "/e" {
		t.Errorf("event %+v", e)
	}
	silent.closed()
	again := rawOpen(t, s)
	again.connect(&zkproto.ConnectRequest{Timeout: 50, SessionID: silent.session.SessionID, Password: silent.session.Password})
	if got := again.session; got.Timeout != 0 || got.SessionID != 0 {
		t.Errorf("an expired session is answered with %+v", got)
	}
	again.closed()
}

func TestSession_PingsKeepItAlive(t *testing.T) {
	s := start(t, quick)
	c := rawOpen(t, s)
	c.connect(&zkproto.ConnectRequest{Timeout: 100, Password: make([]byte, 16)})
	for end := time.Now().Add(400 * time.Millisecond); time.Now().Before(end); {
		c.send(zkproto.RequestHeader{Xid: zkproto.XidPing, Op: zkproto.OpPing}.AppendTo(nil))
		if h, body := c.reply(); h.Xid != zkproto.XidPing || len(body) > 0 {
			t.Fatalf("ping is answered with %+v %x", h, body)
		}
		// The next ping follows a read that takes its time: 20 ms of silence.
		c.nc.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if n, err := c.nc.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Fatal("the server speaks unasked")
		}
	}
}

func TestSession_MovesToANewConnection(t *testing.T) {
	s := start(t, nil)
	first := rawDial(t, s)
	first.mustCall(zkproto.OpCreate, createAt("/e", zkproto.ModeEphemeral))
	second := rawOpen(t, s)
	second.connect(&zkproto.ConnectRequest{Timeout: 30_000, SessionID: first.session.SessionID, Password: first.session.Password})
	if second.session.SessionID != first.session.SessionID {
		t.Fatalf("re-attached as %+v", second.session)
	}
	first.closed()
	second.mustCall(zkproto.OpGetData, watched("/e"))
	wrong := rawOpen(t, s)
	wrong.connect(&zkproto.ConnectRequest{Timeout: 30_000, SessionID: first.session.SessionID + 1, Password: first.session.Password})
	if wrong.session.Timeout != 0 || wrong.session.SessionID != 0 {
		t.Errorf("a wrong password gets %+v", wrong.session)
	}
	wrong.closed()
}

func TestSession_CloseIsAnsweredAndEnds(t *testing.T) {
	s := start(t, nil)
	c, other := rawDial(t, s), rawDial(t, s)
	c.mustCall(zkproto.OpCreate, createAt("/e", zkproto.ModeEphemeral))
	other.mustCall(zkproto.OpExists, watched("/e"))
	c.mustCall(zkproto.OpCloseSession, nil)
	c.closed()
	if e, _ := other.event(); e.Type != zkproto.EventNodeDeleted {
		t.Errorf("event %+v", e)
	}
	if got := s.Stats(); got.Ephemerals != 0 || got.Sessions != 1 {
		t.Errorf("%+v", got)
	}
}

func TestHandshake_OldClientsGetNoReadOnlyByte(t *testing.T) {
	s := start(t, nil)
	for _, old := range []bool{false, true} {
		c := rawOpen(t, s)
		c.connect(&zkproto.ConnectRequest{Timeout: 30_000, Password: make([]byte, 16), Old: old})
		if c.session.Old != old {
			t.Errorf("old %v is answered with old %v", old, c.session.Old)
		}
	}
}

func TestHandshake_AClientFromTheFutureIsClosedSilently(t *testing.T) {
	s := start(t, nil)
	c := rawOpen(t, s)
	c.send(zkproto.Encode(&zkproto.ConnectRequest{Timeout: 30_000, LastZxidSeen: 99, Password: make([]byte, 16)}))
	c.closed()
}

func TestLimits(t *testing.T) {
	for name, limit := range map[string]func(*Config){
		"maxClientCnxns": func(c *Config) { c.MaxClientCnxns = 2 },
		"maxCnxns":       func(c *Config) { c.MaxCnxns = 2 },
	} {
		t.Run(name, func(t *testing.T) { testLimit(t, limit) })
	}
}

func testLimit(t *testing.T, limit func(*Config)) {
	s := start(t, limit)
	first := rawDial(t, s)
	rawDial(t, s)
	c := rawOpen(t, s)
	c.closed()
	if got := s.Stats().RejectedConns; got != 1 {
		t.Errorf("%d rejected", got)
	}
	first.mustCall(zkproto.OpCloseSession, nil)
	first.closed()
	// The place is free once the server has seen the end.
	for range 100 {
		c := rawOpen(t, s)
		c.send(zkproto.Encode(&zkproto.ConnectRequest{Timeout: 30_000, Password: make([]byte, 16)}))
		if _, err := c.tryFrame(); err == nil {
			return
		}
	}
	t.Error("a place that became free is not given to anybody")
}

// An event comes before the reply that shows the change, and the reads between two writes
// of a client that does not wait see the first and not the second.
func TestOrder_PipelinedReadsSeeTheirOwnWrites(t *testing.T) {
	s := start(t, nil)
	c, other := rawDial(t, s), rawDial(t, s)
	c.mustCall(zkproto.OpCreate, createAt("/n", 0))
	const rounds = 2000
	next := c.xid
	other.mustCall(zkproto.OpAddWatch, &zkproto.AddWatchRequest{Path: "/n", Mode: zkproto.AddWatchPersistent})
	go func() { // ends with the last request sent
		for i := range rounds {
			c.request(zkproto.OpSetData, &zkproto.SetDataRequest{Path: "/n", Data: []byte{byte(i)}, Version: int32(i)})
			for range i % 3 {
				c.request(zkproto.OpGetData, &zkproto.PathWatchRequest{Path: "/n"})
			}
		}
	}()
	zxid := zkproto.Zxid(0)
	for i := range rounds {
		for k := range 1 + i%3 {
			h, body := c.reply()
			if next++; h.Xid != next || h.Err != zkproto.OK {
				t.Fatalf("round %d: reply %+v, want xid %d", i, h, next)
			}
			if h.Zxid < zxid {
				t.Fatalf("round %d: zxid goes back from %v to %v", i, zxid, h.Zxid)
			}
			zxid = h.Zxid
			if k == 0 {
				continue
			}
			var d zkproto.DataResponse
			if err := zkproto.Decode(body, &d); err != nil {
				t.Fatal(err)
			}
			if d.Stat.Version != int32(i+1) || d.Data[0] != byte(i) {
				t.Fatalf("round %d: read version %d", i, d.Stat.Version)
			}
		}
	}
	last := zkproto.Zxid(0)
	for i := range rounds {
		e, zxid := other.event()
		if e.Type != zkproto.EventNodeDataChanged || zxid <= last {
			t.Fatalf("event %d: %+v at %v after %v", i, e, zxid, last)
		}
		last = zxid
	}
}
