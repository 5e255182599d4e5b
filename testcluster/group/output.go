package group

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// Ticket is the caller's name for a request that waits for its reply. It is not 0, and not used twice.
type Ticket uint64

// Client is who sent a request.
type Client struct {
	ID   string // as it names itself
	Host string // as it is shown: Kafka has a slash before the address
}

// Output is what is to be done, in this order: appends in theirs, and replies in any.
type Output struct {
	Appends []Append
	Replies []Reply
	Events  []Event
}

// Append is a batch for the log. Whoever writes it says so with [Shard.Appended].
type Append struct {
	ID      uint64
	Records []kproto.Record
}

// Reply is the response to the request of that ticket. Each ticket has one.
type Reply struct {
	Ticket   Ticket
	Response kmsg.Response
}

// Event is a line for the log.
type Event struct {
	Group string // empty: not about one
	Text  string
}

// Take hands over what has been collected since the last time.
func (s *Shard) Take() Output {
	out := s.out
	s.out = Output{}
	return out
}

func (s *Shard) reply(t Ticket, resp kmsg.Response) {
	s.out.Replies = append(s.out.Replies, Reply{t, resp})
}

func (s *Shard) event(group, format string, args ...any) {
	s.out.Events = append(s.out.Events, Event{group, fmt.Sprintf(format, args...)})
}
