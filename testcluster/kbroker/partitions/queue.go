package partitions

// node is a place in a queue. It is part of what waits, so parking allocates nothing.
type node[T any] struct {
	prev, next *node[T]
	in         *queue[T]
	value      *T
}

// queue is a list of what waits for one partition. The partition's lock guards it and its nodes.
type queue[T any] struct{ first, last *node[T] }

func (q *queue[T]) push(n *node[T]) { q.pushAfter(n, q.last) }

// pushAfter puts n behind after, or first for nil.
func (q *queue[T]) pushAfter(n, after *node[T]) {
	n.in, n.prev = q, after
	if after == nil {
		n.next, q.first = q.first, n
	} else {
		n.next, after.next = after.next, n
	}
	if n.next == nil {
		q.last = n
	} else {
		n.next.prev = n
	}
}

// remove takes n out of the queue it is in; false if it is in none.
func (n *node[T]) remove() bool {
	q := n.in
	if q == nil {
		return false
	}
	if n.prev == nil {
		q.first = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		q.last = n.prev
	} else {
		n.next.prev = n.prev
	}
	n.in, n.prev, n.next = nil, nil, nil
	return true
}

// pop takes out the first; nil if there is none.
func (q *queue[T]) pop() *T {
	n := q.first
	if n == nil {
		return nil
	}
	n.remove()
	return n.value
}
