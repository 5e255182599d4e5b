package wire

import (
	"bufio"
	"errors"
	"fmt"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// readBuffer holds a burst of small requests; the rest of a larger one goes straight into its own memory. Every
// connection has one, also those that are idle.
const readBuffer = 4 << 10

// read is the goroutine that reads frames and hands requests to their rows.
func (c *conn) read() {
	defer c.s.wg.Done()
	in := frames{conn: c, r: bufio.NewReaderSize(c.nc, readBuffer), proven: firstChunk}
	defer in.done()
	for first := true; ; first = false {
		frame, err := in.next()
		if err != nil {
			c.endReading(err)
			return
		}
		ok := c.handle(frame, first)
		in.done()
		if !ok || !c.waitForRoom() {
			return
		}
	}
}

// endReading decides whether the end of the input is worth a line.
func (c *conn) endReading(err error) {
	var bad *frameError
	switch {
	case errors.Is(err, errFinished):
		signal(c.wake) // the writer closes when it has written what is there
	case errors.As(err, &bad):
		c.fail(err)
	default:
		c.hangup(err)
	}
}

// handle gives a frame's request to its row; it returns false when the connection is to be read no more.
func (c *conn) handle(frame []byte, first bool) bool {
	if first && isZooKeeperConnect(frame) {
		c.fail(errors.New("a ZooKeeper client, on Kafka's port"))
		return false
	}
	h, body, err := kproto.ParseRequestHeader(frame, c.s.apis.flexible)
	if err != nil {
		c.fail(fmt.Errorf("bad request header: %w", err))
		return false
	}
	a := c.s.apis.get(h.Key)
	if a == nil || h.Version < a.Min || h.Version > a.Max && h.Key != apiVersionsKey {
		c.fail(fmt.Errorf("%s version %d of client %q is not served here", apiName(h.Key), h.Version, short(h.ClientID)))
		return false
	}
	r := &Request{
		Key: h.Key, Version: h.Version, CorrelationID: h.CorrelationID, ClientID: h.ClientID,
		Listener: c.listener, RemoteHost: c.host, Body: body, Ctx: c.ctx,
		conn: c, flexible: h.Version >= a.flexibleFrom, slot: slot{charge: len(frame)},
	}
	if !c.enter(r) {
		return false
	}
	a.Handle(r)
	return true
}

// enter puts a request into the queue; false when the connection has been left.
func (c *conn) enter(r *Request) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.left {
		return false
	}
	c.mu.served = true
	c.mu.queue.push(r)
	c.countLocked(r.slot.charge)
	return true
}

// countLocked counts bytes that the connection holds from now on, or no longer.
func (c *conn) countLocked(n int) {
	c.mu.bytes += n
	c.s.held.bytes.Add(int64(n))
}

// fullLocked says whether the connection has as much in flight as it may. Where memory is short that is anything at all.
func (c *conn) fullLocked() bool {
	return c.mu.queue.len() >= c.s.o.MaxInFlight || c.mu.bytes+c.mu.expected > c.s.o.MaxConnBytes ||
		c.mu.bytes > 0 && c.s.held.short()
}

// shortPause is how often a connection that is held to one request looks whether there is memory again.
const shortPause = 100 * time.Millisecond

// waitForRoom waits until the connection has less in flight than its bounds; false when it has ended.
func (c *conn) waitForRoom() bool {
	for {
		c.mu.Lock()
		full := c.fullLocked()
		finished := c.mu.finished
		c.mu.Unlock()
		switch {
		case finished || c.ctx.Err() != nil:
			return false
		case !full:
			return true
		}
		var again <-chan time.Time
		if c.s.held.short() { // whose end is not signalled
			again = time.After(shortPause)
		}
		select {
		case <-c.room:
		case <-again:
		case <-c.ctx.Done():
		}
	}
}
