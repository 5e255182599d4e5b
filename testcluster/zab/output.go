package zab

// outbox collects what the next Ready will say.
type outbox struct {
	role      *Role
	dial      *ServerID
	notes     slab[Notification]
	close     slab[LinkID]
	send      slab[Outgoing]
	disk      slab[DiskOp]
	commit    slab[Entry]
	confirmed slab[uint64]
	probe     slab[Probe]
	some      bool
}

// slab hands out slices that stay the caller's, cut one after the other from arrays of slabSize, so that a Ready with
// one element costs no array of its own.
type slab[T any] struct {
	array []T
	taken int
}

const slabSize = 32

func (s *slab[T]) add(v T) {
	if len(s.array) == cap(s.array) {
		waiting := s.array[s.taken:]
		s.array = append(make([]T, 0, max(slabSize, 2*len(waiting))), waiting...)
		s.taken = 0
	}
	s.array = append(s.array, v)
}

// take returns what has been added since the last take; nil if nothing.
func (s *slab[T]) take() []T {
	n := len(s.array)
	if n == s.taken {
		return nil
	}
	out := s.array[s.taken:n:n]
	s.taken = n
	if cap(s.array) > slabSize {
		s.array, s.taken = nil, 0 // a whole history perhaps, not to be kept because of the rest
	}
	return out
}

// drop forgets what has not been taken.
func (s *slab[T]) drop() {
	clear(s.array[s.taken:])
	s.array = s.array[:s.taken]
}

// Ready takes what has come up since the last call; ok is false where there is nothing. Its slices are the caller's.
func (c *Core) Ready() (r Ready, ok bool) {
	o := &c.out
	if !o.some {
		return Ready{}, false
	}
	r = Ready{Role: o.role, Dial: o.dial, Notifications: o.notes.take(), Close: o.close.take(), Send: o.send.take(),
		Disk: o.disk.take(), Commit: o.commit.take(), Confirmed: o.confirmed.take(), Probe: o.probe.take()}
	o.role, o.dial, o.some = nil, nil, false
	return r, true
}

// setRole changes the role and shows it.
func (c *Core) setRole(r Role) {
	c.role = r
	c.out.role, c.out.some = &r, true
}

// send puts a packet on a link.
func (c *Core) send(l LinkID, p Packet) { c.sendOut(Outgoing{Link: l, Packet: p}) }

func (c *Core) sendOut(o Outgoing) {
	c.out.send.add(o)
	c.out.some = true
}

func (c *Core) closeLink(l LinkID) {
	c.out.close.add(l)
	c.out.some = true
}

func (c *Core) notify(n Notification) {
	c.out.notes.add(n)
	c.out.some = true
}

// give hands out the first entry of the tail to be applied.
func (c *Core) give() Entry {
	e := c.log.apply()
	c.out.commit.add(e)
	c.out.some = true
	return e
}

// forgetRole takes back what a role that has ended wanted said: its links are closed, its questions moot. What is to be
// written is written, and what is committed is committed.
func (o *outbox) forgetRole() {
	o.dial = nil
	o.send.drop()
	o.confirmed.drop()
	o.probe.drop()
}
