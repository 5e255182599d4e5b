package groups_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/groups"
	"github.com/zoka-project/zoka/testcluster/klog/codec"
)

func commitOf(group, topic string, offset int64) *kmsg.OffsetCommitRequest {
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group = group
	p := kmsg.NewOffsetCommitRequestTopicPartition()
	p.Offset = offset
	req.Topics = []kmsg.OffsetCommitRequestTopic{{Topic: topic, Partitions: []kmsg.OffsetCommitRequestTopicPartition{p}}}
	return req
}

func (l *link) commit(group, topic string, offset int64) kproto.Error {
	l.t.Helper()
	r := ask(l, commitOf(group, topic, offset), kmsg.NewPtrOffsetCommitResponse(), 8)
	return kproto.Error(r.Topics[0].Partitions[0].ErrorCode)
}

func (l *link) fetch(group, topic string) (int64, kproto.Error) {
	l.t.Helper()
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group, g.Topics = group, []kmsg.OffsetFetchRequestGroupTopic{{Topic: topic, Partitions: []int32{0}}}
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Groups = append(req.Groups, g)
	r := ask(l, req, kmsg.NewPtrOffsetFetchResponse(), 8).Groups[0]
	if r.ErrorCode != 0 {
		return -1, kproto.Error(r.ErrorCode)
	}
	return r.Topics[0].Partitions[0].Offset, kproto.NoError
}

func (l *link) wantOffset(group, topic string, want int64) {
	l.t.Helper()
	if got, err := l.fetch(group, topic); got != want || err != kproto.NoError {
		l.t.Fatalf("offset of %s in %s: %d, %s; want %d", topic, group, got, err.Name(), want)
	}
}

// joinOld is a JoinGroup of a version that takes a new member in at once.
func joinOld(group string, sessionMs int32) *kmsg.JoinGroupRequest {
	req := kmsg.NewPtrJoinGroupRequest()
	req.Group, req.ProtocolType, req.SessionTimeoutMillis, req.RebalanceTimeoutMillis = group, "consumer", sessionMs, 10_000
	req.Protocols = []kmsg.JoinGroupRequestProtocol{{Name: "range"}}
	return req
}

// TestLeadershipMoves loses the partition and gets it back: who waits and who asks is sent away, and nothing is forgotten.
func TestLeadershipMoves(t *testing.T) {
	s := serve(t, config(), 1)
	l, waiter := s.dial(t), s.dial(t)
	wantCode(t, "commit", int16(l.commit("g", "t", 7)), kproto.NoError)
	first := ask(waiter, joinOld("h", 10_000), kmsg.NewPtrJoinGroupResponse(), 3)
	wantCode(t, "join", first.ErrorCode, kproto.NoError)
	l.send(joinOld("h", 10_000), 3) // waits for the first member to join again
	beat := kmsg.NewPtrHeartbeatRequest()
	beat.Group, beat.MemberID, beat.Generation = "h", first.MemberID, first.Generation
	eventually(t, func() bool {
		return ask(waiter, beat, kmsg.NewPtrHeartbeatResponse(), 4).ErrorCode == int16(kproto.RebalanceInProgress)
	})

	s.log.lead(0, false)
	wantCode(t, "the one who waits", receive(l, kmsg.NewPtrJoinGroupResponse(), 3).ErrorCode, kproto.NotCoordinator)
	wantCode(t, "who asks", ask(waiter, beat, kmsg.NewPtrHeartbeatResponse(), 4).ErrorCode, kproto.NotCoordinator)

	// While the log is read again.
	reads := make(chan struct{})
	s.log.mu.Lock()
	s.log.mu.reads = reads
	s.log.mu.Unlock()
	s.log.lead(0, true)
	_, err := l.fetch("g", "t")
	wantCode(t, "fetch", int16(err), kproto.CoordinatorLoadInProgress)
	wantCode(t, "commit", int16(l.commit("g", "t", 8)), kproto.CoordinatorLoadInProgress)
	wantCode(t, "heartbeat", ask(waiter, beat, kmsg.NewPtrHeartbeatResponse(), 4).ErrorCode, kproto.NoError)
	close(reads)
	s.loaded(t)
	l.wantOffset("g", "t", 7)
}

// TestEpochs has the partition's epoch rise. Nobody else can have led before the next one; before a later one somebody may.
func TestEpochs(t *testing.T) {
	s := serve(t, config(), 1)
	l, waiter := s.dial(t), s.dial(t)
	first := ask(l, joinOld("g", 10_000), kmsg.NewPtrJoinGroupResponse(), 3)
	waiter.send(joinOld("g", 10_000), 3)
	beat := kmsg.NewPtrHeartbeatRequest()
	beat.Group, beat.MemberID, beat.Generation = "g", first.MemberID, first.Generation
	eventually(t, func() bool {
		return ask(l, beat, kmsg.NewPtrHeartbeatResponse(), 4).ErrorCode == int16(kproto.RebalanceInProgress)
	})
	s.log.lead(0, true)
	wantCode(t, "heartbeat", ask(l, beat, kmsg.NewPtrHeartbeatResponse(), 4).ErrorCode, kproto.RebalanceInProgress)
	s.log.leadLater(0, true, 2)
	wantCode(t, "the one who waits", receive(waiter, kmsg.NewPtrJoinGroupResponse(), 3).ErrorCode, kproto.NotCoordinator)
	s.loaded(t)
	wantCode(t, "heartbeat", ask(l, beat, kmsg.NewPtrHeartbeatResponse(), 4).ErrorCode, kproto.UnknownMemberID)
}

// TestFence answers as one who leads nothing, for a while.
func TestFence(t *testing.T) {
	s := serve(t, config(), 1)
	l := s.dial(t)
	wantCode(t, "commit", int16(l.commit("g", "t", 7)), kproto.NoError)
	s.Fence(true)
	wantCode(t, "commit", int16(l.commit("g", "t", 8)), kproto.NotCoordinator)
	_, err := l.fetch("g", "t")
	wantCode(t, "fetch", int16(err), kproto.NotCoordinator)
	if r := ask(l, kmsg.NewPtrListGroupsRequest(), kmsg.NewPtrListGroupsResponse(), 4); len(r.Groups) > 0 {
		t.Errorf("%+v", r.Groups)
	}
	s.Fence(false)
	l.wantOffset("g", "t", 7)
}

// TestUnreadable has partitions that cannot be read wait until they can, and hold up no others.
func TestUnreadable(t *testing.T) {
	s := serve(t, config(), 6)
	l := s.dial(t)
	groups := map[int32]string{} // one of each partition
	for n := 0; len(groups) < 6; n++ {
		name := fmt.Sprint("g", n)
		groups[max(kproto.JavaHash(name), -kproto.JavaHash(name))%6] = name
	}
	for _, name := range groups {
		wantCode(t, "commit", int16(l.commit(name, "t", 7)), kproto.NoError)
	}
	for p := range int32(6) {
		s.log.lead(p, false)
	}
	s.log.breakReads(0, 1, 2, 3, 4)
	for p := range int32(6) {
		s.log.lead(p, true)
	}
	eventually(t, func() bool { at, _ := l.fetch(groups[5], "t"); return at == 7 })
	_, err := l.fetch(groups[0], "t")
	wantCode(t, "fetch", int16(err), kproto.CoordinatorLoadInProgress)
	s.log.breakReads()
	s.loaded(t)
	for _, name := range groups {
		l.wantOffset(name, "t", 7)
	}
}

// TestCommitsOutliveMoves has the partition come and go while clients commit, and no commit that was acknowledged is lost.
func TestCommitsOutliveMoves(t *testing.T) {
	s := serve(t, config(), 1)
	const clients, commits = 4, 150
	var work sync.WaitGroup
	done := make(chan struct{})
	for n := range clients {
		l, group := s.dial(t), fmt.Sprint("g", n)
		work.Go(func() {
			acked := int64(-1)
			for offset := int64(0); offset < commits; {
				switch err := l.commit(group, "t", offset); err {
				case kproto.NoError:
					acked, offset = offset, offset+1
				case kproto.NotCoordinator, kproto.CoordinatorLoadInProgress:
					offset++ // it may be stored, or not
				default:
					t.Errorf("commit: %s", err.Name())
					return
				}
				if got, err := l.fetch(group, "t"); err == kproto.NoError && got < acked {
					t.Errorf("%s: %d is acknowledged, and there is %d", group, acked, got)
					return
				}
			}
		})
	}
	var flaps sync.WaitGroup
	flaps.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			s.log.lead(0, false)
			s.log.lead(0, true)
			s.loaded(t)
		}
	})
	work.Wait()
	close(done)
	flaps.Wait()
}

// TestCrowd has many clients commit at the same time to the same partition.
func TestCrowd(t *testing.T) {
	s := serve(t, config(), 1)
	const clients, commits = 40, 200
	var work sync.WaitGroup
	for n := range clients {
		l, group := s.dial(t), fmt.Sprint("g", n)
		work.Go(func() {
			for offset := range int64(commits) {
				l.send(commitOf(group, "t", offset), 8) // all at once
			}
			for range commits {
				r := receive(l, kmsg.NewPtrOffsetCommitResponse(), 8)
				if code := r.Topics[0].Partitions[0].ErrorCode; code != 0 {
					t.Errorf("commit: %s", kproto.Error(code).Name())
				}
			}
			l.wantOffset(group, "t", commits-1)
		})
	}
	work.Wait()
}

// TestCompressedLog loads what another broker has compressed, and passes over what is damaged.
func TestCompressedLog(t *testing.T) {
	for _, c := range []kproto.Codec{kproto.CodecGzip, kproto.CodecSnappy, kproto.CodecLZ4, kproto.CodecZstd} {
		s := serve(t, config(), 1)
		l := s.dial(t)
		wantCode(t, "commit", int16(l.commit("g", "t", 7)), kproto.NoError)
		wantCode(t, "commit", int16(l.commit("g", "u", 8)), kproto.NoError)
		s.log.lead(0, false)
		s.log.mu.Lock()
		s.log.mu.logs[0] = compress(t, c, s.log.mu.logs[0])
		s.log.mu.Unlock()
		s.log.lead(0, true)
		s.loaded(t)
		l.wantOffset("g", "t", 7)
		l.wantOffset("g", "u", -1)
	}
}

// compress compresses the first batch of a log, and damages the second.
func compress(t *testing.T, c kproto.Codec, log []byte) []byte {
	h, err := kproto.ParseBatchHeader(log)
	if err != nil {
		t.Fatal(err)
	}
	second := bytes.Clone(log[h.Size():])
	second[kproto.BatchHeaderSize] ^= 0xff
	var coder codec.Coder
	records, err := coder.Compress(c, nil, log[kproto.BatchHeaderSize:h.Size()])
	if err != nil {
		t.Fatal(err)
	}
	h.Attributes |= int16(c)
	h.Length = int32(kproto.BatchHeaderSize - kproto.BatchOverhead + len(records))
	return append(append(h.AppendTo(nil), records...), second...)
}

// TestAppendFails maps what the log says to what clients understand.
func TestAppendFails(t *testing.T) {
	s := serve(t, config(), 1)
	l := s.dial(t)
	s.log.failWith(kproto.NotEnoughReplicas)
	wantCode(t, "commit", int16(l.commit("g", "t", 7)), kproto.CoordinatorNotAvailable)
	s.log.failWith(errors.New("no code of Kafka's"))
	wantCode(t, "commit", int16(l.commit("g", "t", 7)), kproto.UnknownServerError)
	s.log.failWith(nil)
	l.wantOffset("g", "t", -1)
}

// TestClock has sessions end and delays be over without anybody asking.
func TestClock(t *testing.T) {
	c := config()
	c.InitialRebalanceDelayMs = 30
	s := serve(t, c, partitions)
	l := s.dial(t)
	r := ask(l, joinOld("g", 100), kmsg.NewPtrJoinGroupResponse(), 3)
	wantCode(t, "join", r.ErrorCode, kproto.NoError)
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = []string{"g"}
	eventually(t, func() bool { return ask(l, req, kmsg.NewPtrDescribeGroupsResponse(), 5).Groups[0].State == "Empty" })
}

// TestTopicDeleted removes the offsets of a topic that is gone, or that another of the same name has taken the place of.
func TestTopicDeleted(t *testing.T) {
	s := serve(t, config(), partitions)
	l := s.dial(t)
	img := s.image()
	s.Apply(img)
	wantCode(t, "commit", int16(l.commit("g", "t", 7)), kproto.NoError)
	wantCode(t, "commit", int16(l.commit("g", "u", 8)), kproto.NoError)
	next, other := *img, *img.Topics["t"]
	other.Czxid++
	next.Topics = map[string]*kzk.Topic{"t": &other, "u": img.Topics["u"], groups.Topic: img.Topics[groups.Topic]}
	s.setImage(&next)
	eventually(t, func() bool { got, _ := l.fetch("g", "t"); return got == -1 })
	l.wantOffset("g", "u", 8)
}

// TestFindCoordinatorBeforeTheTopic has the topic made by who asks first.
func TestFindCoordinatorBeforeTheTopic(t *testing.T) {
	s := serve(t, config(), 0)
	l := s.dial(t)
	req := kmsg.NewPtrFindCoordinatorRequest()
	req.CoordinatorKey = "g"
	says := func(text string) func() bool {
		return func() bool {
			r := ask(l, req, kmsg.NewPtrFindCoordinatorResponse(), 3)
			wantCode(t, "find", r.ErrorCode, kproto.CoordinatorNotAvailable)
			return strings.Contains(*r.ErrorMessage, text)
		}
	}
	s.refuses.Store(kmsg.StringPtr("there are too few brokers"))
	eventually(t, says("too few brokers"))
	s.refuses.Store(nil)
	eventually(t, says("is being created"))
	wantCode(t, "commit", int16(l.commit("g", "t", 7)), kproto.NotCoordinator)
	req.CoordinatorType = 2
	wantCode(t, "find", ask(l, req, kmsg.NewPtrFindCoordinatorResponse(), 3).ErrorCode, kproto.InvalidRequest)

	next := *s.image()
	next.Topics = image(l.nc.RemoteAddr().(*net.TCPAddr), 1).Topics
	s.setImage(&next)
	req.CoordinatorType = 0
	wantCode(t, "find", ask(l, req, kmsg.NewPtrFindCoordinatorResponse(), 3).ErrorCode, kproto.NoError)
	// Whoever is asked for transactions says so himself, by InitProducerId: an error here is asked about for ever.
	req.CoordinatorType = 1
	r := ask(l, req, kmsg.NewPtrFindCoordinatorResponse(), 3)
	wantCode(t, "find", r.ErrorCode, kproto.NoError)
	if r.NodeID != 1 {
		t.Errorf("transactions are coordinated by broker %d", r.NodeID)
	}
	req.CoordinatorType = 0
	leaderless := next
	leaderless.Brokers = nil
	s.setImage(&leaderless)
	wantCode(t, "find", ask(l, req, kmsg.NewPtrFindCoordinatorResponse(), 3).ErrorCode, kproto.CoordinatorNotAvailable)
}
