package zkserver

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// witness is a connection that sends requests of all kinds without waiting, and judges the
// order of what comes back.
type witness struct {
	*rawConn
	rnd  *rand.Rand
	mu   sync.Mutex
	sent []expected // and not answered; guarded by mu

	replied zkproto.Zxid            // the highest zxid that a reply has shown
	told    zkproto.Zxid            // of the last event
	watched map[string]zkproto.Zxid // by path: the mzxid when the watch was set, 0 where the node was not there
	events  int
}

// expected is a request whose reply is to come.
type expected struct {
	xid   int32
	op    zkproto.OpCode
	path  string
	watch bool
}

const orderPaths = 5

// send sends one request of a random kind, all but pings with an xid that grows.
func (w *witness) sendAny() {
	path := fmt.Sprintf("/n%d", w.rnd.IntN(orderPaths))
	e := expected{path: path}
	var rec zkproto.Record
	switch w.rnd.IntN(8) {
	case 0:
		e.op, e.xid = zkproto.OpPing, zkproto.XidPing
	case 1, 2:
		e.op, rec = zkproto.OpSetData, &zkproto.SetDataRequest{Path: path, Data: []byte("y"), Version: -1}
	case 3:
		e.op, rec = zkproto.OpDelete, &zkproto.PathVersionRequest{Path: path, Version: -1}
	case 4:
		e.op, rec = zkproto.OpCreate, createAt(path, 0)
	default:
		e.op, e.watch = zkproto.OpGetData, w.rnd.IntN(2) == 0
		if w.rnd.IntN(3) == 0 {
			e.op = zkproto.OpExists
		}
		rec = &zkproto.PathWatchRequest{Path: path, Watch: e.watch}
	}
	if e.xid == 0 {
		w.xid++
		e.xid = w.xid
	}
	b := zkproto.RequestHeader{Xid: e.xid, Op: e.op}.AppendTo(nil)
	if rec != nil {
		b = rec.AppendTo(b)
	}
	w.mu.Lock()
	w.sent = append(w.sent, e)
	w.mu.Unlock()
	w.rawConn.send(b)
}

// next reads one frame and returns what is wrong with its place in the order. done says that
// it was a reply.
func (w *witness) next() (done bool, err error) {
	b, err := w.tryFrame()
	if err != nil {
		return false, err
	}
	var h zkproto.ReplyHeader
	r := jute.NewReader(b)
	h.Decode(r)
	if h.Xid == zkproto.XidNotification {
		var e zkproto.WatcherEvent
		if err := zkproto.Decode(r.Rest(), &e); err != nil {
			return false, err
		}
		return false, w.event(h.Zxid, &e)
	}
	return true, w.answered(h, r.Rest())
}

func (w *witness) event(zxid zkproto.Zxid, e *zkproto.WatcherEvent) error {
	w.events++
	switch _, watching := w.watched[e.Path]; {
	case zxid <= w.replied:
		return fmt.Errorf("the event of %v on %s came after a reply that shows %v", zxid, e.Path, w.replied)
	case zxid < w.told:
		return fmt.Errorf("the event of %v came after that of %v", zxid, w.told)
	case !watching:
		return fmt.Errorf("an event of %v on %s, which is not watched", zxid, e.Path)
	}
	w.told = zxid
	delete(w.watched, e.Path)
	return nil
}

// answered judges a reply. Replies come in the order of the requests; a ping's may overtake
// the others.
func (w *witness) answered(h zkproto.ReplyHeader, body []byte) error {
	w.mu.Lock()
	at := 0
	for at < len(w.sent) && (w.sent[at].xid == zkproto.XidPing) != (h.Xid == zkproto.XidPing) {
		at++
	}
	if at == len(w.sent) || w.sent[at].xid != h.Xid {
		defer w.mu.Unlock()
		return fmt.Errorf("reply %+v, with %v to come", h, w.sent)
	}
	q := w.sent[at]
	w.sent = append(w.sent[:at], w.sent[at+1:]...)
	w.mu.Unlock()
	if q.op != zkproto.OpPing && h.Zxid < w.replied && h.Zxid < w.told {
		return fmt.Errorf("%+v is answered at %v, after %v was shown", q, h.Zxid, w.replied)
	}
	w.replied = max(w.replied, h.Zxid)
	if q.op != zkproto.OpGetData && q.op != zkproto.OpExists {
		return nil
	}
	var mzxid zkproto.Zxid
	switch {
	case h.Err == zkproto.NoNode:
	case h.Err != zkproto.OK:
		return fmt.Errorf("%+v: %v", q, h.Err)
	case q.op == zkproto.OpGetData:
		var d zkproto.DataResponse
		if err := zkproto.Decode(body, &d); err != nil {
			return err
		}
		mzxid = d.Stat.Mzxid
	default:
		var st zkproto.Stat
		if err := zkproto.Decode(body, &st); err != nil {
			return err
		}
		mzxid = st.Mzxid
	}
	if was, watching := w.watched[q.path]; watching && was != mzxid {
		return fmt.Errorf("%s is shown at %v, and no event has told that it is no longer at %v", q.path, mzxid, was)
	}
	if q.watch && (mzxid != 0 || q.op == zkproto.OpExists) {
		w.watched[q.path] = mzxid
	}
	return nil
}

// An event comes before every reply that shows the change or a later one, events come in the
// order of their transactions, and what is watched never changes without one: for clients
// that do not wait, while all of them write.
func TestOrder_EventsComeBeforeWhatShowsThem(t *testing.T) {
	s := start(t, func(c *Config) { c.Logger = nil })
	const clients, requests, window = 6, 6000, 60
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var wg sync.WaitGroup
	for i := range uint64(clients) {
		w := &witness{rawConn: rawDial(t, s), rnd: rand.New(rand.NewPCG(seed, i)), watched: map[string]zkproto.Zxid{}}
		room := make(chan struct{}, window)
		stop := make(chan struct{})
		wg.Go(func() {
			for range requests {
				select {
				case room <- struct{}{}:
					w.sendAny()
				case <-stop:
					return
				}
			}
		})
		wg.Go(func() {
			defer close(stop)
			for answers := 0; answers < requests; {
				done, err := w.next()
				if err != nil {
					t.Errorf("client %d, after %d answers: %v", i, answers, err)
					return
				}
				if done {
					answers++
					<-room
				}
			}
			if w.events == 0 {
				t.Errorf("client %d was told of nothing", i)
			}
		})
	}
	wg.Wait()
}
