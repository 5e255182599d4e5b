package group

import (
	"slices"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// phase is whether a shard answers.
type phase int8

const (
	loading phase = iota
	active
	closed
)

// Shard is the groups of one partition of __consumer_offsets. It is for one caller at a time.
type Shard struct {
	c      Config
	phase  phase
	groups map[string]*group
	// unproven is what those hold who have never got an assignment, in bytes, see hold.go.
	unproven int
	timers   timers
	queue    []*appending
	lastID   uint64
	sweep    *timer
	loader   loader
	out      Output
}

// New returns a shard that waits to be loaded: it answers COORDINATOR_LOAD_IN_PROGRESS, or what stands for it.
func New(c Config) *Shard {
	s := &Shard{c: c, groups: map[string]*group{}}
	s.loader.init()
	s.sweep = &timer{fire: s.expireOffsets}
	return s
}

// Close makes the shard answer NOT_COORDINATOR from now on, and at once to all who wait.
func (s *Shard) Close() {
	if s.phase == closed {
		return
	}
	s.phase = closed
	for _, g := range s.sorted() {
		g.unload()
	}
	for _, a := range s.queue {
		a.done(time.Time{}, kproto.NotCoordinator)
	}
	s.groups, s.queue, s.timers, s.loader = nil, nil, nil, loader{}
	s.out.Appends = nil // the log is somebody else's
}

// Tick lets time pass.
func (s *Shard) Tick(now time.Time) { s.timers.run(now) }

// Deadline is when the next Tick is due. An early one does no harm. It is false where nothing waits for time.
func (s *Shard) Deadline() (time.Time, bool) { return s.timers.next() }

// refusal is why a request about a group is not looked at, or NoError. For all but a few requests the name of a group may
// not be empty: those few are for offsets that were stored without a group, and for who cleans up after them.
// Source: GroupCoordinator.validateGroupStatus.
func (s *Shard) refusal(name string, emptyName bool) kproto.Error {
	switch {
	case name == "" && !emptyName:
		return kproto.InvalidGroupID
	case s.phase == loading:
		return kproto.CoordinatorLoadInProgress
	case s.phase == closed:
		return kproto.NotCoordinator
	}
	return kproto.NoError
}

func (s *Shard) addGroup(name string) *group {
	g := newGroup(s, name)
	s.groups[name] = g
	return g
}

// sorted are the groups in the order of their names, so that the same inputs have the same outputs.
func (s *Shard) sorted() []*group {
	list := make([]*group, 0, len(s.groups))
	for _, g := range s.groups {
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b *group) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	return list
}

// Loading tells whether the shard still waits for its log.
func (s *Shard) Loading() bool { return s.phase == loading }
