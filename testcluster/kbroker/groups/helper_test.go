package groups_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/groups"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// memLog is a partition's log in memory, for all partitions. Acknowledgements come from other goroutines, as those of
// replicas do.
type memLog struct {
	mu struct {
		sync.Mutex
		logs   map[int32][]byte
		ends   map[int32]int64
		leads  map[int32]bool
		fail   error
		broken map[int32]bool // partitions that cannot be read
		reads  chan struct{}  // ReadLocal waits for it, where it is set
		notify func(topic string, partition, epoch int32, leads bool)
		epoch  int32
	}
	work sync.WaitGroup
}

func newMemLog() *memLog {
	l := &memLog{}
	l.mu.logs, l.mu.ends, l.mu.leads = map[int32][]byte{}, map[int32]int64{}, map[int32]bool{}
	return l
}

func (l *memLog) OnLeadership(fn func(topic string, partition, epoch int32, leads bool)) {
	l.mu.notify = fn
}

func (l *memLog) lead(partition int32, leads bool) { l.leadLater(partition, leads, 1) }

// leadLater is a change of the leader, some epochs after the last one.
func (l *memLog) leadLater(partition int32, leads bool, epochs int32) {
	l.mu.Lock()
	l.mu.leads[partition] = leads
	l.mu.epoch += epochs
	epoch := l.mu.epoch
	l.mu.Unlock()
	l.mu.notify(groups.Topic, partition, epoch, leads)
}

func (l *memLog) Append(_ string, partition int32, batch []byte, _ time.Duration, done func(int64, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.mu.leads[partition] {
		l.work.Go(func() { done(-1, kproto.NotLeaderOrFollower) })
		return
	}
	if err := l.mu.fail; err != nil {
		l.work.Go(func() { done(-1, err) })
		return
	}
	h, err := kproto.ParseBatchHeader(batch)
	if err != nil || !kproto.CheckCRC(batch) {
		panic(fmt.Sprintf("a batch that no broker would take: %v", err))
	}
	base := l.mu.ends[partition]
	kproto.SetBaseOffset(batch, base)
	l.mu.logs[partition] = append(l.mu.logs[partition], batch...)
	l.mu.ends[partition] = base + int64(h.Count)
	l.work.Go(func() { done(base, nil) })
}

func (l *memLog) ReadLocal(_ string, partition int32, from int64, limit int) ([]byte, int64, error) {
	l.mu.Lock()
	reads := l.mu.reads
	l.mu.Unlock()
	if reads != nil {
		<-reads
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.mu.leads[partition] {
		return nil, 0, kproto.NotLeaderOrFollower
	}
	if l.mu.broken[partition] {
		return nil, 0, kproto.KafkaStorageError
	}
	var out []byte
	for b := l.mu.logs[partition]; len(b) > 0; {
		h, err := kproto.ParseBatchHeader(b)
		if err != nil {
			return nil, 0, err
		}
		if h.NextOffset() > from && (len(out) == 0 || len(out)+h.Size() <= limit) {
			out = append(out, b[:h.Size()]...)
		}
		b = b[h.Size():]
	}
	return out, l.mu.ends[partition], nil
}

// breakReads has some partitions fail to be read, and no others.
func (l *memLog) breakReads(partitions ...int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.broken = map[int32]bool{}
	for _, p := range partitions {
		l.mu.broken[p] = true
	}
}

func (l *memLog) failWith(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mu.fail = err
}

// image is a cluster of this broker alone.
func image(addr *net.TCPAddr, partitions int32) *kzk.Image {
	topic := func(name string, n int32) *kzk.Topic {
		t := &kzk.Topic{Name: name, Czxid: 7, Partitions: map[int32]*kzk.Partition{}}
		for p := range n {
			t.Partitions[p] = &kzk.Partition{Replicas: []int32{1}, State: &kzk.State{Leader: 1, ISR: []int32{1}}}
		}
		return t
	}
	img := &kzk.Image{
		Brokers: map[int32]*kzk.Broker{1: {ID: 1, Endpoints: []kzk.Endpoint{
			{Listener: "OTHER", Host: "elsewhere", Port: 1},
			{Listener: "PLAINTEXT", Host: addr.IP.String(), Port: int32(addr.Port)},
		}}},
		Topics: map[string]*kzk.Topic{"t": topic("t", 4), "u": topic("u", 1)},
	}
	if partitions > 0 {
		img.Topics[groups.Topic] = topic(groups.Topic, partitions)
	}
	return img
}

func config() kconf.Groups {
	return kconf.Groups{
		MinSessionTimeoutMs: 100, MaxSessionTimeoutMs: 60_000, MaxSize: 100, OffsetMetadataMaxBytes: 100,
		OffsetsCommitTimeoutMs: 5000, OffsetsRetentionMs: 60_000, OffsetsRetentionCheckMs: 60_000,
	}
}

// service is a coordinator behind a real socket.
type service struct {
	*groups.Coordinator
	log  *memLog
	addr string
	img  struct {
		sync.Mutex
		*kzk.Image
	}
	refuses atomic.Pointer[string] // why the topic cannot be created
}

const partitions = 3

func serve(t *testing.T, c kconf.Groups, n int32) *service {
	t.Helper()
	noLeaks(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &service{log: newMemLog(), addr: ln.Addr().String()}
	s.img.Image = image(ln.Addr().(*net.TCPAddr), n)
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.Coordinator = groups.New(groups.Options{
		Self: 1, Config: c, Log: s.log, Logger: logger, Image: s.image,
		CreateTopic: func(context.Context) error {
			if why := s.refuses.Load(); why != nil {
				return errors.New(*why)
			}
			return nil
		}})
	server := wire.NewServer(wire.Options{Rows: s.Rows(), Logger: logger})
	var served sync.WaitGroup
	served.Go(func() {
		if err := server.Serve("PLAINTEXT", ln); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		s.Close()
		server.Close()
		served.Wait()
		s.log.work.Wait()
	})
	for p := range n {
		s.log.lead(p, true)
	}
	s.loaded(t)
	return s
}

// noLeaks fails the test if goroutines are left at its end.
func noLeaks(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() { eventually(t, func() bool { runtime.Gosched(); return runtime.NumGoroutine() <= before }) })
}

// loaded waits until no partition is being read.
func (s *service) loaded(t *testing.T) {
	t.Helper()
	l := s.dial(t)
	eventually(t, func() bool {
		return ask(l, kmsg.NewPtrListGroupsRequest(), kmsg.NewPtrListGroupsResponse(), 4).ErrorCode == 0
	})
}

// eventually asks again and again.
func eventually(t *testing.T, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !cond(); {
		if time.Now().After(end) {
			t.Fatal("it does not come about")
		}
	}
}

func (s *service) image() *kzk.Image {
	s.img.Lock()
	defer s.img.Unlock()
	return s.img.Image
}

func (s *service) setImage(img *kzk.Image) {
	s.img.Lock()
	s.img.Image = img
	s.img.Unlock()
	s.Apply(img)
}

// link is a client's connection, which says every request in the version it is told to.
type link struct {
	t  *testing.T
	nc net.Conn
	n  int32
}

func (s *service) dial(t *testing.T) *link {
	t.Helper()
	nc, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	return &link{t: t, nc: nc}
}

// send writes a request, of the newest version that it has or of its own.
func (l *link) send(req kmsg.Request, version int16) {
	l.t.Helper()
	l.n++
	req.SetVersion(version)
	id := "tester"
	body := kmsg.NewRequestFormatter(kmsg.FormatterClientID(id)).AppendRequest(nil, req, l.n)
	if _, err := l.nc.Write(body); err != nil {
		l.t.Fatal(err)
	}
}

// receive reads the response to the request that was sent before all others that have none.
func receive[R kmsg.Response](l *link, resp R, version int16) R {
	l.t.Helper()
	if err := l.nc.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		l.t.Fatal(err)
	}
	var size [4]byte
	if _, err := io.ReadFull(l.nc, size[:]); err != nil {
		l.t.Fatalf("%T v%d: %v", resp, version, err)
	}
	b := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(l.nc, b); err != nil {
		l.t.Fatal(err)
	}
	resp.SetVersion(version)
	_, body, err := kproto.ParseResponseHeader(b, resp.IsFlexible())
	if err == nil {
		err = resp.ReadFrom(body)
	}
	if err != nil {
		l.t.Fatalf("%T v%d: %v", resp, version, err)
	}
	if again := resp.AppendTo(nil); len(again) != len(body) {
		l.t.Fatalf("%T v%d has %d bytes, %d of them known", resp, version, len(body), len(again))
	}
	return resp
}

func ask[R kmsg.Response](l *link, req kmsg.Request, resp R, version int16) R {
	l.t.Helper()
	l.send(req, version)
	return receive(l, resp, version)
}

func wantCode(t *testing.T, what string, got int16, want kproto.Error) {
	t.Helper()
	if kproto.Error(got) != want {
		t.Fatalf("%s: %s, want %s", what, kproto.Error(got).Name(), want.Name())
	}
}
