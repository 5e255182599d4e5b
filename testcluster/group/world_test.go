package group_test

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/group"
)

// epoch is when all traces begin.
var epoch = time.UnixMilli(1_600_000_000_000)

// world is a shard with what surrounds it: a clock, a log, and clients who remember what they were told.
type world struct {
	config  group.Config
	shard   *group.Shard
	now     time.Time
	ids     int
	out     io.Writer
	clients map[string]*client
	asked   map[group.Ticket]*client // who waits
	tickets group.Ticket

	log     []byte // batches, as they stand in a partition
	end     int64
	hold    bool
	pending []group.Append
	events  bool
}

// client is a member, or somebody else who sends requests.
type client struct {
	name, group string
	id          string
	generation  int32
	instance    *string
	version     int16 // of its JoinGroup; what follows from it for the other requests is in the verbs
	session     time.Duration
	rebalance   time.Duration
	kind        string
	protocols   []string
	topics      []string
	protocol    *string
	kindSaid    *string

	waits      string // the request it waits for
	last       kmsg.Response
	assignment string
}

func newWorld(out io.Writer) *world {
	w := &world{now: epoch, out: out, clients: map[string]*client{}, asked: map[group.Ticket]*client{}}
	w.config = group.Config{
		MinSession: 6 * time.Second, MaxSession: 30 * time.Minute, InitialDelay: 3 * time.Second, MaxSize: 1000,
		MaxMetadata: 20, MaxBatch: func() int { return 1 << 20 }, Retention: 7 * 24 * time.Hour, RetentionCheck: 10 * time.Minute,
		NewID:  func() string { w.ids++; return strconv.Itoa(w.ids) },
		Exists: func(topic string, _ int32) bool { return !strings.HasPrefix(topic, "no") },
	}
	return w
}

func (w *world) start() {
	if w.shard == nil {
		w.load(w.log)
	}
}

// load makes a shard of a log, as a new coordinator does.
func (w *world) load(log []byte) {
	w.shard = group.New(w.config)
	for len(log) > 0 {
		h, err := kproto.ParseBatchHeader(log)
		if err != nil {
			panic(err)
		}
		if err := w.shard.Load(h, log[kproto.BatchHeaderSize:h.Size()]); err != nil {
			panic(err)
		}
		log = log[h.Size():]
	}
	w.shard.Activate(w.now)
	w.collect("")
}

func (w *world) client(name string) *client {
	c := w.clients[name]
	if c == nil {
		c = &client{name: name, group: "g", generation: -1, version: 9, session: 10 * time.Second, rebalance: time.Minute,
			kind: "consumer", protocols: []string{"range"}, topics: []string{"t"}}
		w.clients[name] = c
	}
	return c
}

func (w *world) ticket(c *client, waits string) group.Ticket {
	w.tickets++
	c.waits = waits
	w.asked[w.tickets] = c
	return w.tickets
}

// collect takes what the shard wants done, does it and tells of it, until it wants no more.
func (w *world) collect(prefix string) {
	for {
		out := w.shard.Take()
		if len(out.Appends)+len(out.Replies)+len(out.Events) == 0 {
			return
		}
		if w.events {
			for _, e := range out.Events {
				w.say("%s  %s: %s", prefix, e.Group, e.Text)
			}
		}
		for _, r := range out.Replies {
			c := w.asked[r.Ticket]
			if c == nil {
				w.say("VIOLATION: a second reply, or one to nobody: %T", r.Response)
				continue
			}
			delete(w.asked, r.Ticket)
			w.say("%s%s: %s", prefix, c.name, c.hear(r.Response))
		}
		for _, a := range out.Appends {
			w.pending = append(w.pending, a)
			w.say("%sappend %d: %s", prefix, a.ID, recordTexts(a.Records))
			if !w.hold {
				w.settle(a.ID, kproto.NoError)
			}
		}
	}
}

// settle ends an append: it is in the log, or it is not.
func (w *world) settle(id uint64, err kproto.Error) {
	i := slices.IndexFunc(w.pending, func(a group.Append) bool { return a.ID == id })
	if i < 0 {
		return
	}
	if err == kproto.NoError {
		w.write(w.pending[i].Records)
	}
	w.pending = slices.Delete(w.pending, i, i+1)
	w.shard.Appended(w.now, id, err)
}

func (w *world) write(records []kproto.Record) {
	h := kproto.BatchHeader{BaseOffset: w.end, ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}
	for i := range records {
		records[i].Offset = w.end + int64(i)
	}
	w.log = kproto.AppendBatch(w.log, h, records)
	w.end += int64(len(records))
}

// run lets time pass, from one deadline to the next.
func (w *world) run(d time.Duration) {
	end := w.now.Add(d)
	for {
		at, ok := w.shard.Deadline()
		if !ok || at.After(end) {
			break
		}
		if at.After(w.now) {
			w.now = at
		}
		w.shard.Tick(w.now)
		w.collect(fmt.Sprintf("at %v ", w.now.Sub(epoch)))
	}
	w.now = end
}

// move has another broker take over: all wait in vain, and the log is read anew.
func (w *world) move() {
	w.shard.Close()
	w.collect("")
	w.pending = nil
	w.load(w.log)
}

func (w *world) say(format string, args ...any) { fmt.Fprintf(w.out, format+"\n", args...) }

func errorText(code int16) string {
	return kproto.Error(code).Name()
}
