package wire

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// settle ends a request: its answer leaves when those before it have left.
func (c *conn) settle(r *Request, a answer) {
	c.mu.Lock()
	if r.message.bytes > 0 {
		c.s.messages.give(&r.message)
	}
	if r.slot.done || c.ctx.Err() != nil {
		c.mu.Unlock()
		a.drop()
		return
	}
	r.slot.done, r.slot.answer = true, a
	c.countLocked(a.size)
	c.s.held.bytes.Add(-int64(r.slot.reserved))
	c.mu.expected -= r.slot.expected
	r.slot.reserved, r.slot.expected = 0, 0
	ready := c.mu.queue.ready()
	c.mu.Unlock()
	if ready {
		signal(c.wake)
	}
}

// write is the goroutine that writes answers. It closes the connection, and is the last to leave it.
func (c *conn) write() {
	defer c.s.wg.Done()
	defer c.s.drop(c)
	defer c.leave()
	var batch writeBatch
	for {
		finished := c.take(&batch)
		if len(batch.answers) == 0 {
			if finished || c.ctx.Err() != nil {
				return
			}
			select {
			case <-c.wake:
			case <-c.ctx.Done():
			}
			continue
		}
		err := c.send(&batch)
		c.written(&batch)
		if err != nil {
			c.endWriting(err)
			return
		}
	}
}

// writeBatch is what goes out in one writev, and what is to be given back after it.
type writeBatch struct {
	answers []answer
	bufs    net.Buffers
	bytes   int // what the connection's count goes down by
}

// maxWrite ends a batch: what is behind it is not held up by its memory for longer.
const maxWrite = 1 << 20

// take moves the answers whose turn it is from the queue to the batch.
func (c *conn) take(b *writeBatch) (finished bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	size := 0
	for c.mu.queue.ready() && size < maxWrite {
		r := c.mu.queue.pop()
		a := r.slot.answer
		r.slot.answer = answer{}
		b.answers = append(b.answers, a)
		b.bytes += r.slot.charge + a.size
		size += a.size
	}
	return c.mu.finished
}

func (c *conn) send(b *writeBatch) error {
	bufs := b.bufs[:0]
	for _, a := range b.answers {
		if a.head != nil {
			bufs = append(append(bufs, a.head), a.body...)
		}
	}
	if len(bufs) == 0 {
		return nil
	}
	b.bufs = bufs
	o := &c.s.o
	for last := time.Now(); ; {
		c.mu.Lock()
		finished := c.mu.finished
		if !finished { // else Close has set its own
			_ = c.nc.SetWriteDeadline(time.Now().Add(o.MaxStall)) // the write says what is wrong
		}
		c.mu.Unlock()
		n, err := bufs.WriteTo(c.nc) // what is written leaves bufs
		if err == nil || finished || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		// A consumer that works on what it has does not read for minutes. Its answer is kept as long as there is memory.
		if n > 0 {
			last = time.Now()
		}
		if n < minProgress && c.s.held.short() || o.MaxIdle > 0 && time.Since(last) >= o.MaxIdle {
			return err
		}
	}
}

// written gives back what the batch held.
func (c *conn) written(b *writeBatch) {
	for i := range b.answers {
		b.answers[i].drop()
		b.answers[i] = answer{}
	}
	clear(b.bufs)
	c.mu.Lock()
	c.countLocked(-b.bytes)
	c.mu.Unlock()
	b.answers, b.bytes = b.answers[:0], 0
	signal(c.room)
}

func (c *conn) endWriting(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.fail(fmt.Errorf("the client does not read its answers: %w", err))
		return
	}
	c.hangup(err)
}

// leave drops the answers that nobody will read.
func (c *conn) leave() {
	c.kill()
	c.mu.Lock()
	c.mu.left = true // whoever answers now is too late
	var rest []answer
	for c.mu.queue.len() > 0 {
		r := c.mu.queue.pop()
		if r.slot.done {
			rest = append(rest, r.slot.answer)
		}
		c.s.held.bytes.Add(-int64(r.slot.reserved))
		r.slot.reserved = 0
	}
	c.countLocked(-c.mu.bytes)
	c.mu.Unlock()
	for _, a := range rest {
		a.drop()
	}
}
