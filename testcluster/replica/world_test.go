package replica_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/replica"
)

// world is one partition: its replicas, ZooKeeper's state of it, and what was ever exposed.
type world struct {
	now   time.Time
	lag   time.Duration
	zk    zkState
	nodes map[int32]*node
	told  []string

	// exposed are the records below the highest high watermark that any leader ever had.
	exposed []record
	err     error
}

// zkState is the partition's znode, with the assignment beside it.
type zkState struct {
	leader, epoch, version int32
	isr, replicas          []int32
}

// node is one replica. What its disk has survives a crash: the log, and an old high watermark.
type node struct {
	id         int32
	log        *memLog
	hw         int64
	checkpoint int64
	alive      bool
	starts     int64 // how often it has started again
	// unregistered is a node that ZooKeeper takes for dead.
	unregistered bool
	known        zkState // the last state it has learnt
	lead         *replica.Leader
	follow       *replica.Follower
	write        *replica.Proposal // on its way to ZooKeeper
	lowest       int64             // high watermark at the last look, while it leads
}

func newWorld(replicas []int32, isr []int32, lag time.Duration) *world {
	w := &world{now: time.Unix(1000, 0), lag: lag, nodes: map[int32]*node{}}
	w.zk = zkState{leader: -1, epoch: -1, version: -1, isr: isr, replicas: replicas}
	for _, id := range replicas {
		w.nodes[id] = &node{id: id, log: &memLog{}, alive: true, known: w.zk}
	}
	return w
}

func (w *world) tell(format string, args ...any) {
	w.told = append(w.told, fmt.Sprintf(format, args...))
}

func (w *world) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// elect has the controller write a new state. Nobody knows of it yet.
func (w *world) elect(leader int32, isr []int32) {
	w.zk.leader, w.zk.isr = leader, slices.Clone(isr)
	w.zk.epoch++
	w.zk.version++
}

// learn tells a node the newest state.
func (w *world) learn(n *node) {
	s := w.zk
	if !n.alive || s.leader < 0 || s.version == n.known.version && (n.lead != nil || n.follow != nil) {
		return
	}
	n.known = s
	state := replica.State{Epoch: s.epoch, Replicas: s.replicas, ISR: s.isr, Version: s.version}
	switch {
	case s.leader != n.id:
		if n.follow == nil || n.follow.Epoch != s.epoch {
			n.lead, n.write = nil, nil
			n.follow = &replica.Follower{Leader: s.leader, Epoch: s.epoch}
			w.tell("%d: follows %d in epoch %d", n.id, s.leader, s.epoch)
		}
	case n.lead != nil && n.lead.Epoch() == s.epoch:
		n.lead.Adopt(s.isr, s.version, w.now)
	case n.lead != nil:
		n.log.assign(s.epoch)
		n.lead.Renew(state, n.log.EndOffset(), w.now)
		n.write = nil
		w.tell("%d: leads in epoch %d", n.id, s.epoch)
	default:
		n.follow = nil
		n.log.assign(s.epoch)
		n.lead = replica.NewLeader(n.id, w.lag, state, n.log.EndOffset(), n.hw, w.now)
		n.lowest = n.hw
		w.tell("%d: leads in epoch %d", n.id, s.epoch)
	}
	w.look(n)
}

// hearOfNodes tells a leader who is live.
func (w *world) hearOfNodes(n *node) {
	if n.lead != nil {
		n.lead.Live(func(id int32) (int64, bool) {
			other := w.nodes[id]
			return other.starts, other.alive && !other.unregistered
		}, w.now)
		w.look(n)
	}
}

// look takes over the high watermark of a leader, and checks what it exposes.
func (w *world) look(n *node) {
	if n.lead == nil {
		return
	}
	hw := n.lead.HighWatermark()
	if hw < n.lowest {
		w.fail("%d leads, and its high watermark goes back from %d to %d", n.id, n.lowest, hw)
	}
	if hw != n.hw {
		w.tell("%d: high watermark %d", n.id, hw)
	}
	n.lowest, n.hw = hw, hw
	if hw > n.log.EndOffset() {
		w.fail("%d exposes %d records of %d", n.id, hw, n.log.EndOffset())
		return
	}
	for o := n.log.start; o < hw; o++ {
		r := n.log.at(o)
		switch {
		case o < int64(len(w.exposed)):
			if r != w.exposed[o] {
				w.fail("%d exposes %v at %d, where %v was exposed", n.id, r, o, w.exposed[o])
			}
		default:
			w.exposed = append(w.exposed, r)
		}
	}
}

// appendRecord is a produce to a node that takes itself for the leader.
func (w *world) appendRecord(n *node, value string) {
	n.log.records = append(n.log.records, record{n.lead.Epoch(), value})
	n.lead.Appended(n.log.EndOffset(), w.now)
	w.look(n)
}

// request is a follower's fetch on its way.
type request struct {
	from                    int32
	epoch, lastEpoch        int32
	offset, start           int64
	leader                  int32
	leaderStart, leaderEnds int64
}

// ask makes a follower's next fetch.
func (n *node) ask() request {
	return request{from: n.id, epoch: n.follow.Epoch, leader: n.follow.Leader, lastEpoch: n.log.LatestEpoch(),
		offset: n.log.EndOffset(), start: n.log.start}
}

// answer is the leader's.
type answer struct {
	replica.Answer
	request request
	records []record
}

// serve has a node answer a fetch, as the broker does; at most most records.
func (w *world) serve(q request, most int) answer {
	n := w.nodes[q.leader]
	a := answer{request: q, Answer: replica.Answer{Epoch: q.epoch, Offset: q.offset, HighWatermark: -1, LogStart: -1}}
	if n.lead == nil || !n.lead.Assigned(q.from) {
		a.Err = kproto.NotLeaderOrFollower
		return a
	}
	if err := replica.CheckEpoch(q.epoch, n.lead.Epoch()); err != nil {
		a.Err = err.(kproto.Error)
		return a
	}
	if q.lastEpoch >= 0 {
		epoch, end, diverges, err := replica.Diverges(n.log, q.offset, q.lastEpoch)
		if err != nil {
			a.Err = err.(kproto.Error)
			return a
		}
		a.Diverging, a.EndEpoch, a.End = diverges, epoch, end
	}
	if !a.Diverging {
		if q.offset < n.log.start || q.offset > n.log.EndOffset() {
			a.Err = kproto.OffsetOutOfRange
			return a
		}
		n.lead.Fetched(q.from, q.offset, q.start, w.now)
		w.look(n)
		upTo := min(n.log.EndOffset(), q.offset+int64(most))
		a.records = slices.Clone(n.log.records[q.offset-n.log.base : upTo-n.log.base])
		a.Bytes = len(a.records)
	}
	a.HighWatermark, a.LogStart = n.lead.HighWatermark(), n.log.start
	return a
}

// take has a follower take an answer in. It returns whether the leader's bounds are asked for.
func (w *world) take(a answer) (bounds bool) {
	n := w.nodes[a.request.from]
	if n.follow == nil || n.follow.Leader != a.request.leader {
		return false
	}
	step := n.follow.Answered(n.log, a.Answer)
	if step.Kind == replica.Append {
		for _, r := range a.records {
			n.log.learn(r.epoch, n.log.EndOffset())
			n.log.records = append(n.log.records, r)
		}
		n.hw = max(n.hw, min(step.HighWatermark, n.log.EndOffset()))
		if start := min(step.LogStart, n.hw); start > n.log.start {
			n.log.start = start
		}
	}
	if a.Err != kproto.NoError {
		w.tell("%d: is told %s", n.id, a.Err.Name())
	}
	w.do(n, step)
	return step.Kind == replica.Bounds
}

// takeBounds has a follower take in where the leader's log begins and ends.
func (w *world) takeBounds(q request) {
	if n := w.nodes[q.from]; n.follow != nil && n.follow.Leader == q.leader && n.follow.Epoch == q.epoch {
		w.do(n, n.follow.OutOfRange(n.log, q.leaderStart, q.leaderEnds))
	}
}

func (w *world) do(n *node, step replica.Step) {
	switch step.Kind {
	case replica.Append:
		w.tell("%d: has %d records, high watermark %d", n.id, n.log.EndOffset(), n.hw)
	case replica.Truncate:
		w.tell("%d: truncates to %d", n.id, step.Offset)
		n.log.truncate(step.Offset)
	case replica.Restart:
		w.tell("%d: starts over at %d", n.id, step.Offset)
		*n.log = memLog{base: step.Offset, start: step.Offset}
	default:
		w.tell("%d: %v", n.id, step.Kind)
	}
	n.hw = max(n.log.start, min(n.hw, n.log.EndOffset()))
}

// propose has a leader send the change of the ISR that is due.
func (w *world) propose(n *node) {
	if n.lead == nil || n.write != nil {
		return
	}
	p, ok := n.lead.Unsettled()
	if !ok {
		p, ok = n.lead.Propose(w.now)
	}
	if ok {
		n.write = &p
		w.tell("%d: proposes ISR %v on version %d", n.id, p.ISR, p.Version)
	}
}

// carryOut is ZooKeeper taking a conditional write, or not.
func (w *world) carryOut(p replica.Proposal) (version int32, ok bool) {
	if p.Version != w.zk.version {
		return 0, false
	}
	w.zk.version++
	w.zk.isr = slices.Clone(p.ISR)
	return w.zk.version, true
}

// settle tells a leader what became of its write.
func (w *world) settle(n *node, p replica.Proposal, version int32, ok bool) {
	if n.lead == nil {
		return
	}
	if ok {
		n.lead.Written(p, version, w.now)
		w.tell("%d: ISR is %v", n.id, n.lead.ISR())
	} else {
		n.lead.Refused(p)
		w.tell("%d: refused, the state has another version", n.id)
	}
	w.look(n)
}

func (n *node) crash() {
	n.alive, n.lead, n.follow, n.write = false, nil, nil, nil
	n.hw = max(n.log.start, min(n.checkpoint, n.log.EndOffset()))
}

func (n *node) String() string {
	role := "nothing"
	switch {
	case !n.alive:
		role = "down"
	case n.lead != nil:
		role = fmt.Sprintf("leader in epoch %d, ISR %v", n.lead.Epoch(), n.lead.ISR())
	case n.follow != nil:
		role = fmt.Sprintf("follower of %d in epoch %d", n.follow.Leader, n.follow.Epoch)
	}
	var log []string
	for i, r := range n.log.records {
		if n.log.base+int64(i) >= n.log.start {
			log = append(log, fmt.Sprintf("%s/%d", r.value, r.epoch))
		}
	}
	from := ""
	if n.log.start > 0 {
		from = fmt.Sprintf("from %d: ", n.log.start)
	}
	return fmt.Sprintf("%d: %s; log %s[%s], high watermark %d", n.id, role, from, strings.Join(log, " "), n.hw)
}
