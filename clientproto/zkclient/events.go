package zkclient

import (
	"sync"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// dispatcher calls the user's functions, one at a time and in order, away from the connection:
// a slow callback delays only callbacks.
type dispatcher struct {
	wake chan struct{}
	done chan struct{} // closed when run has ended

	mu struct {
		sync.Mutex
		queue  []delivery
		closed bool
	}
}

type delivery struct {
	to func(zkproto.WatchedEvent)
	ev zkproto.WatchedEvent
}

func newDispatcher() *dispatcher {
	return &dispatcher{wake: make(chan struct{}, 1), done: make(chan struct{})}
}

func (d *dispatcher) post(to func(zkproto.WatchedEvent), ev zkproto.WatchedEvent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mu.queue = append(d.mu.queue, delivery{to, ev})
	d.kick()
}

// close ends run once the queue is empty.
func (d *dispatcher) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mu.closed = true
	d.kick()
}

func (d *dispatcher) kick() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *dispatcher) run() {
	defer close(d.done)
	for {
		d.mu.Lock()
		batch, closed := d.mu.queue, d.mu.closed
		d.mu.queue = nil
		d.mu.Unlock()
		for _, v := range batch {
			v.to(v.ev)
		}
		if len(batch) == 0 {
			if closed {
				return
			}
			<-d.wake
		}
	}
}

// notified hands an event of the server to the watches that it concerns.
func (c *Client) notified(h zkproto.ReplyHeader, r *jute.Reader) error {
	var w zkproto.WatcherEvent
	w.Decode(r)
	if err := r.Done(); err != nil {
		return &ProtocolError{"event: " + err.Error()}
	}
	ev := zkproto.WatchedEvent{Type: w.Type, State: w.State, Path: c.strip(w.Path), Zxid: max(h.Zxid, 0)}
	for _, watch := range c.watches.fire(w.Type, w.Path) {
		c.events.post(c.target(watch), ev)
	}
	return nil
}
