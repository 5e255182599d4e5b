package partitions

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions/codec"
)

// leaderLink is a follower's connection to a leader: one request at a time, and a fetch session, which lives as long.
type leaderLink struct {
	conn        net.Conn
	timeout     time.Duration // how much later than it said the leader may answer
	clientID    string
	correlation int32
	out         []byte

	session int32
	epoch   int32
	members map[partitionKey]*fetching // of the session
	asked   codec.FetchRequest
	parts   []codec.FetchPart
	names   map[string]string
}

// maxAnswer bounds a frame. Batches may be larger than what was asked for, but not larger than a request that brings one.
const maxAnswer = 256 << 20

func (f *fetcher) dial(ctx context.Context) (*leaderLink, error) {
	timeout := time.Duration(f.m.o.SocketTimeoutMs) * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := f.m.o.Dial(ctx, f.leader)
	if err != nil {
		return nil, err
	}
	l := &leaderLink{conn: conn, timeout: timeout, names: make(map[string]string),
		clientID: "broker-" + strconv.Itoa(int(f.m.o.Self)) + "-fetcher-" + strconv.Itoa(int(f.leader))}
	l.forget()
	return l, nil
}

// close is for nil too.
func (l *leaderLink) close() {
	if l != nil {
		l.conn.Close()
	}
}

// hangup ends the wait for an answer, from another goroutine.
func (l *leaderLink) hangup() { l.conn.Close() }

// forget begins the session anew with the next request.
func (l *leaderLink) forget() {
	l.session, l.epoch = 0, 0
	for _, x := range l.members {
		x.link = nil
	}
	l.members = make(map[partitionKey]*fetching)
}

// fetch asks for all that is due: of what the session knows already it names only what has changed. Without news the leader
// answers after wait.
func (l *leaderLink) fetch(m *Manager, due []*fetching, wait time.Duration) (*codec.FetchResponse, error) {
	q := &l.asked
	*q = codec.FetchRequest{Replica: m.o.Self, MaxWaitMs: int32((wait + time.Millisecond - 1) / time.Millisecond), MinBytes: m.o.FetchMinBytes,
		MaxBytes: m.o.FetchResponseMaxBytes, SessionID: l.session, SessionEpoch: l.epoch, Items: q.Items[:0]}
	l.name(q, due)
	body, err := l.call(int16(kmsg.Fetch), codec.FetchMax, true, wait,
		func(b []byte) []byte { return codec.AppendFetchRequest(b, q) })
	if err != nil {
		return nil, err
	}
	resp, err := codec.ParseFetchResponse(body, l.parts[:0], l.intern)
	if err != nil {
		return nil, fmt.Errorf("answer to a fetch: %w", err)
	}
	l.parts = resp.Parts
	switch {
	case l.epoch == 0:
		l.session, l.epoch = resp.SessionID, 1
	default:
		l.epoch = nextEpoch(l.epoch)
	}
	return &resp, nil
}

// name fills in the partitions of a request, and makes them members of the session.
func (l *leaderLink) name(q *codec.FetchRequest, due []*fetching) {
	for _, x := range due {
		if x.link != l {
			x.link = l
			l.members[partitionKey{x.p.topic, x.p.id}] = x
			q.Items = append(q.Items, x.at)
		}
	}
	if len(l.members) == len(due) {
		return
	}
	stay := make(map[*fetching]bool, len(due))
	for _, x := range due {
		stay[x] = true
	}
	for key, x := range l.members {
		if !stay[x] {
			delete(l.members, key)
			x.link = nil
			q.Forgotten = append(q.Forgotten, codec.Forgotten{Topic: x.topic, Partition: x.p.id})
		}
	}
}

func (l *leaderLink) intern(b []byte) string {
	s, ok := l.names[string(b)]
	if !ok {
		s = string(b)
		l.names[s] = s
	}
	return s
}

// bounds asks where the leader's log begins and ends.
func (l *leaderLink) bounds(m *Manager, p *partition, sent *codec.FetchItem) (start, end int64, code kproto.Error, err error) {
	if start, code, err = l.listOffset(m, p, sent, -2); err == nil && code == kproto.NoError {
		end, code, err = l.listOffset(m, p, sent, -1)
	}
	return start, end, code, err
}

func (l *leaderLink) listOffset(m *Manager, p *partition, sent *codec.FetchItem, timestamp int64) (int64, kproto.Error, error) {
	const version = 5
	q := kmsg.NewPtrListOffsetsRequest()
	q.Version, q.ReplicaID = version, m.o.Self
	part := kmsg.NewListOffsetsRequestTopicPartition()
	part.Partition, part.CurrentLeaderEpoch, part.Timestamp = p.id, sent.LeaderEpoch, timestamp
	topic := kmsg.NewListOffsetsRequestTopic()
	topic.Topic, topic.Partitions = p.topic, append(topic.Partitions, part)
	q.Topics = append(q.Topics, topic)
	body, err := l.call(q.Key(), version, false, 0, q.AppendTo)
	if err != nil {
		return 0, 0, err
	}
	var resp kmsg.ListOffsetsResponse
	resp.SetVersion(version)
	if err := resp.ReadFrom(body); err != nil {
		return 0, 0, fmt.Errorf("answer to ListOffsets: %w", err)
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return 0, 0, fmt.Errorf("answer to ListOffsets: not of the partition asked for")
	}
	got := resp.Topics[0].Partitions[0]
	return got.Offset, kproto.Error(got.ErrorCode), nil
}

// call sends a request and returns the body of its answer, which is the caller's. The leader takes no longer than patience
// by intention.
func (l *leaderLink) call(key, version int16, flexible bool, patience time.Duration, appendBody func([]byte) []byte) ([]byte, error) {
	l.correlation++
	b := append(l.out[:0], 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(key))
	b = binary.BigEndian.AppendUint16(b, uint16(version))
	b = binary.BigEndian.AppendUint32(b, uint32(l.correlation))
	b = binary.BigEndian.AppendUint16(b, uint16(len(l.clientID)))
	b = append(b, l.clientID...)
	if flexible {
		b = append(b, 0)
	}
	b = appendBody(b)
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	l.out = b
	if err := l.conn.SetDeadline(time.Now().Add(patience + l.timeout)); err != nil {
		return nil, err
	}
	if _, err := l.conn.Write(b); err != nil {
		return nil, err
	}
	return l.answer(flexible)
}

// answer reads one frame: length, correlation id, tags if flexible, body.
func (l *leaderLink) answer(flexible bool) ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(l.conn, head[:]); err != nil {
		return nil, err
	}
	size := int64(int32(binary.BigEndian.Uint32(head[:])))
	if size < 4 || size > maxAnswer {
		return nil, fmt.Errorf("an answer of %d bytes", size)
	}
	if got := int32(binary.BigEndian.Uint32(head[4:])); got != l.correlation {
		return nil, fmt.Errorf("an answer to request %d, not %d", got, l.correlation)
	}
	body, err := readBody(l.conn, int(size-4))
	if err != nil {
		return nil, err
	}
	if flexible {
		if len(body) == 0 || body[0] != 0 {
			return nil, fmt.Errorf("an answer with tags in its header")
		}
		body = body[1:]
	}
	return body, nil
}

// bodyStep is how much memory is taken at most before the bytes for it have come.
const bodyStep = 16 << 20

func readBody(r io.Reader, size int) ([]byte, error) {
	body := make([]byte, 0, min(size, bodyStep))
	for len(body) < size {
		if len(body) == cap(body) {
			body = append(make([]byte, 0, min(size, 2*cap(body))), body...)
		}
		n, err := io.ReadFull(r, body[len(body):min(cap(body), size)])
		body = body[:len(body)+n]
		if err != nil {
			return nil, err
		}
	}
	return body, nil
}
