package group_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/group"
)

var (
	seeds = flag.Int("seeds", 80, "how many storms TestStorm has")
	seed  = flag.Uint64("seed", 0, "the one storm that TestStorm has, with its course; 0 is all")
)

// TestStorm lets members of groups come, go, fall silent and come back at random, with appends that are late, fail or seem
// to, and a coordinator that moves, and looks whether the rules hold:
//   - all members of a generation hear of the same protocol, and the same leader;
//   - a member is assigned what the leader of its generation decided for it, and nothing else;
//   - who waits for an answer is not thrown out for its silence;
//   - what has been acknowledged is never lost, nor anything seen that nobody committed;
//   - every request has one answer;
//   - when the storm is over, all members that are left get a common generation.
func TestStorm(t *testing.T) {
	if *seed != 0 {
		s := newStorm(*seed)
		s.tell = t.Logf
		s.blow(1000)
		if s.broken != "" {
			t.Error(s.broken)
		}
		return
	}
	for n := range *seeds {
		s := newStorm(uint64(n + 1))
		if s.blow(1000); s.broken != "" {
			t.Fatalf("go test -run TestStorm -v -seed %d: %s", n+1, s.broken)
		}
	}
}

// written is a batch in the storm's log.
type written struct {
	records []kproto.Record
	safe    bool // acknowledged: it, and all before it, survive
}

// late is an append whose outcome has not been told yet. Index is its place in the log, -1 if it is not there.
type late struct {
	id    uint64
	index int
	err   kproto.Error
}

// storm is a shard among clients and a log that make its life hard.
type storm struct {
	rng     *rand.Rand
	config  group.Config
	shard   *group.Shard
	now     time.Time
	log     []written
	late    []late
	clients []*sailor
	asked   map[group.Ticket]*sailor
	tickets group.Ticket
	ids     int
	calm    bool // the storm is over

	protocols map[string]string // by group and generation
	leaders   map[string]string
	broken    string
	tell      func(format string, args ...any)
}

func newStorm(seed uint64) *storm {
	s := &storm{
		rng: rand.New(rand.NewPCG(seed, 1)), now: epoch, asked: map[group.Ticket]*sailor{},
		protocols: map[string]string{}, leaders: map[string]string{}, tell: func(string, ...any) {},
	}
	s.config = group.Config{
		MinSession: time.Second, MaxSession: time.Hour, InitialDelay: time.Duration(s.rng.IntN(3)) * time.Second, MaxSize: 100,
		MaxMetadata: 100, MaxBatch: func() int { return 1 << 20 }, Retention: time.Hour, RetentionCheck: 10 * time.Minute,
		NewID:  func() string { s.ids++; return fmt.Sprint(s.ids) },
		Exists: func(string, int32) bool { return true },
	}
	if s.rng.IntN(4) == 0 {
		s.config.MaxSize = 3
	}
	for n := range 2 + s.rng.IntN(6) {
		c := &sailor{s: s, name: fmt.Sprint("c", n), group: fmt.Sprint("g", s.rng.IntN(2)), version: int16(s.rng.IntN(10)),
			partition: int32(n), acked: -1, tried: -1}
		if s.rng.IntN(3) == 0 {
			c.version = 5 + int16(s.rng.IntN(5))
			c.instance = kmsg.StringPtr("i" + c.name)
		}
		s.clients = append(s.clients, c)
	}
	s.load()
	return s
}

func (s *storm) breaks(format string, args ...any) {
	if s.broken == "" {
		s.broken = fmt.Sprintf(format, args...)
	}
}

// blow is the storm, and the calm after it.
func (s *storm) blow(steps int) {
	for range steps {
		if s.broken != "" {
			return
		}
		s.step()
	}
	s.calm = true
	s.tell("--- calm")
	for range 400 {
		for _, c := range s.clients {
			c.act()
		}
		for len(s.late) > 0 {
			s.settleOne()
		}
		s.run(250 * time.Millisecond)
	}
	s.checkCalm()
	s.shard.Close()
	s.collect()
	if len(s.asked) > 0 {
		s.breaks("%d requests without an answer", len(s.asked))
	}
}

func (s *storm) step() {
	switch n := s.rng.IntN(100); {
	case n < 30:
		s.run(time.Duration(s.rng.IntN(1500)) * time.Millisecond)
	case n < 31:
		s.run(time.Duration(s.rng.IntN(40)) * time.Second)
	case n < 55:
		s.settleOne()
	case n < 56:
		s.move()
	default:
		s.clients[s.rng.IntN(len(s.clients))].act()
	}
}

func (s *storm) run(d time.Duration) {
	end := s.now.Add(d)
	for {
		at, ok := s.shard.Deadline()
		if !ok || at.After(end) {
			break
		}
		if at.After(s.now) {
			s.now = at
		}
		s.shard.Tick(s.now)
		s.collect()
	}
	s.now = end
}

// collect takes the shard's output: appends get into the log or not, and their outcome is told later.
func (s *storm) collect() {
	if counted, anew := s.shard.Held(); counted != anew {
		s.breaks("held and unproven are counted as %d, and are %d", counted, anew)
	}
	for {
		out := s.shard.Take()
		if len(out.Appends)+len(out.Replies)+len(out.Events) == 0 {
			return
		}
		for _, e := range out.Events {
			s.tell("    %s: %s", e.Group, e.Text)
		}
		for _, a := range out.Appends {
			l := late{id: a.ID, index: len(s.log)}
			switch n := s.rng.IntN(20); {
			case s.calm || n > 1:
				s.log = append(s.log, written{records: a.Records})
			case n == 0:
				l.index, l.err = -1, kproto.NotEnoughReplicas
			default:
				l.err = kproto.RequestTimedOut // it is there, but nobody knows
				s.log = append(s.log, written{records: a.Records})
			}
			s.tell("    append %d: %s", a.ID, recordTexts(a.Records))
			s.late = append(s.late, l)
		}
		for _, r := range out.Replies {
			c := s.asked[r.Ticket]
			if c == nil {
				s.breaks("a second reply, or one to nobody: %T", r.Response)
				return
			}
			delete(s.asked, r.Ticket)
			c.hear(r.Response)
		}
	}
}

// settleOne tells the outcome of an append, not always that of the oldest.
func (s *storm) settleOne() {
	if len(s.late) == 0 {
		return
	}
	i := s.rng.IntN(min(3, len(s.late)))
	l := s.late[i]
	s.late = append(s.late[:i:i], s.late[i+1:]...)
	if l.err == kproto.NoError {
		s.log[l.index].safe = true
	}
	s.tell("%v append %d: %v", s.now.Sub(epoch), l.id, l.err.Name())
	s.shard.Appended(s.now, l.id, l.err)
	s.collect()
}

// move makes another broker the coordinator. It has all that is safe, and of the rest it may have some.
func (s *storm) move() {
	s.tell("%v --- move", s.now.Sub(epoch))
	s.shard.Close()
	s.collect()
	keep := 0
	for i, w := range s.log {
		if w.safe {
			keep = i + 1
		}
	}
	s.log = s.log[:keep+s.rng.IntN(len(s.log)-keep+1)]
	for i := range s.log {
		s.log[i].safe = true
	}
	s.late = nil
	clear(s.protocols) // generations that were not stored come again
	clear(s.leaders)
	s.load()
}

func (s *storm) load() {
	s.shard = group.New(s.config)
	for i, w := range s.log {
		h := kproto.BatchHeader{BaseOffset: int64(i), ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}
		b := kproto.AppendBatch(nil, h, w.records)
		h, err := kproto.ParseBatchHeader(b)
		if err == nil {
			err = s.shard.Load(h, b[kproto.BatchHeaderSize:])
		}
		if err != nil {
			s.breaks("load: %v", err)
		}
	}
	s.shard.Activate(s.now)
	s.collect()
}

// checkCalm wants all members in a generation with an assignment. Those who found no room stay outside.
func (s *storm) checkCalm() {
	generations := map[string]int32{}
	for _, c := range s.clients {
		if c.full {
			continue
		}
		if c.waits != "" || c.assigned == "" {
			s.breaks("%s is in the calm still waiting for %q, assigned %q", c.name, c.waits, c.assigned)
			return
		}
		if g, ok := generations[c.group]; ok && g != c.generation {
			s.breaks("%s has generation %d, others of %s have %d", c.name, c.generation, c.group, g)
			return
		}
		generations[c.group] = c.generation
	}
	for name := range generations {
		if d := s.shard.Describe(name, false); d.State != "Stable" {
			s.breaks("%s is %s", name, d.State)
		}
	}
}
