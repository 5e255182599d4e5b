package transport

import (
	"bufio"
	"fmt"
	"io"
	"sync"

	"github.com/zoka-project/zoka/testcluster/zab"
)

const (
	streamBuffer = 64 << 10
	// keepBuffer bounds what an idle link keeps of the memory that a rush has taken.
	keepBuffer = 256 << 10
)

// outQueue is what waits to be written, in order.
type outQueue struct {
	wake chan struct{} // has room for one
	mu   struct {
		sync.Mutex
		elements []outElement
		bytes    int    // in elements and in the writer's hands
		spare    []byte // an empty buffer to be filled next
		err      error  // the queue takes nothing any more
	}
}

// outElement is a run of encoded packets or a stream.
type outElement struct {
	packets []byte
	stream  func(io.Writer) error
}

// Send queues packets, encoded: they may be changed or used again when it returns. It never
// blocks. What goes over MaxQueued breaks the link, and an ended link takes nothing.
func (l *Link) Send(ps ...*zab.Packet) {
	if q := &l.out; q.add(l.maxQueued, ps) {
		q.signal()
		return
	}
	l.fail(fmt.Errorf("%w: more than %d bytes", ErrLinkFull, l.maxQueued))
}

// SendStream queues what run writes, behind what has been sent before and ahead of what is
// sent later. run is called by the link's writer and may take its time; its error breaks the
// link. Once the link has ended, w reports so: run must then return, for Close waits for it.
func (l *Link) SendStream(run func(w io.Writer) error) {
	q := &l.out
	q.mu.Lock()
	if q.mu.err == nil {
		q.mu.elements = append(q.mu.elements, outElement{stream: run})
	}
	q.mu.Unlock()
	q.signal()
}

// add encodes packets behind what waits, and says whether there was room.
func (q *outQueue) add(limit int, ps []*zab.Packet) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.mu.err != nil {
		return true
	}
	last := len(q.mu.elements) - 1
	if last < 0 || q.mu.elements[last].stream != nil {
		q.mu.elements = append(q.mu.elements, outElement{packets: q.mu.spare})
		q.mu.spare = nil
		last++
	}
	e := &q.mu.elements[last]
	before := len(e.packets)
	for _, p := range ps {
		e.packets = AppendPacket(e.packets, p)
	}
	q.mu.bytes += len(e.packets) - before
	return q.mu.bytes <= limit
}

func (q *outQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default: // the writer will come by anyway
	}
}

// take waits for elements and takes all of them. written are the bytes and the buffer of the
// last run, back from the writer. It returns nil when the link has ended.
func (q *outQueue) take(written int, spare []byte) []outElement {
	for {
		q.mu.Lock()
		q.mu.bytes -= written
		written = 0
		if q.mu.spare == nil && cap(spare) <= keepBuffer {
			q.mu.spare, spare = spare[:0], nil
		}
		elements, err := q.mu.elements, q.mu.err
		q.mu.elements = nil
		q.mu.Unlock()
		if err != nil {
			return nil
		}
		if elements != nil {
			return elements
		}
		<-q.wake
	}
}

// stop ends the queue. The first cause stays.
func (q *outQueue) stop(err error) (first bool, cause error) {
	q.mu.Lock()
	if first = q.mu.err == nil; first {
		q.mu.err = err
		q.mu.elements, q.mu.spare = nil, nil
	}
	cause = q.mu.err
	q.mu.Unlock()
	q.signal()
	return first, cause
}

// write is the link's writer: what has come up while it wrote goes out in one write.
func (l *Link) write() {
	var written int
	var spare []byte
	for {
		elements := l.out.take(written, spare)
		if elements == nil {
			return
		}
		written, spare = 0, nil
		for _, e := range elements {
			if err := l.writeElement(e); err != nil {
				l.fail(fmt.Errorf("write to the quorum port: %w", err))
				return
			}
			written += len(e.packets)
			spare = e.packets
		}
	}
}

func (l *Link) writeElement(e outElement) error {
	if e.stream == nil {
		_, err := l.conn.Write(e.packets)
		return err
	}
	w := bufio.NewWriterSize(l.conn, streamBuffer)
	if err := e.stream(w); err != nil {
		return err
	}
	return w.Flush()
}
