package wire

// answer is what is written for a request.
type answer struct {
	head    []byte   // nil for a request without an answer
	body    [][]byte // behind the head
	size    int      // bytes of both
	release func()
}

func (a answer) drop() {
	if a.release != nil {
		a.release()
	}
}

// slot is a request's place in the queue; it belongs to the connection's lock.
type slot struct {
	done   bool
	charge int // bytes of the request in the connection's count
	// expected and reserved are bytes of the answer while there is none: in the connection's count, and in the server's.
	expected, reserved int
	answer             answer
}

// queue holds the requests that have no answer yet, or whose answer waits for those before it, oldest first.
type queue struct {
	items []*Request // from head on
	head  int
}

func (q *queue) len() int { return len(q.items) - q.head }

func (q *queue) push(r *Request) {
	if q.head > 0 && len(q.items) == cap(q.items) {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, r)
}

// ready says whether the oldest request has its answer.
func (q *queue) ready() bool { return q.len() > 0 && q.items[q.head].slot.done }

func (q *queue) pop() *Request {
	r := q.items[q.head]
	q.items[q.head] = nil
	if q.head++; q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return r
}
