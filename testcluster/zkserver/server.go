package zkserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/lease"
	"github.com/zoka-project/zoka/testcluster/prep"
	"github.com/zoka-project/zoka/testcluster/txnlog"
	"github.com/zoka-project/zoka/testcluster/znode"
)

// Server is one ZooKeeper server. New loads its data, Start serves, Close ends it; Serve is
// all of Start, waiting and Close.
type Server struct {
	cfg    Config
	log    *slog.Logger
	auth   *prep.Auth
	lock   io.Closer // of the data folder
	folder *txnlog.Folder
	order  order
	member *member // nil: standalone

	treeMu  sync.RWMutex
	tree    *znode.Tree // guarded by treeMu, as are the next two
	table   *lease.Table
	applied int64 // transactions since the start

	watches  *watches
	sessions *sessions
	queue    mailbox // writes to be decided
	decided  decided
	lastZxid atomic.Int64
	flow     flow // of a standalone server
	buffers  sync.Pool
	writes   sync.Pool
	snap     snapshots

	totals       totals
	measures     measures
	authFailures atomic.Int64
	rejected     atomic.Int64
	traceMask    atomic.Int64 // of stmk, as the difference to its default

	connMu sync.Mutex
	conns  map[*conn]struct{}
	byPeer map[string]int

	quit     chan struct{} // closed when the server begins to stop
	stopOnce sync.Once
	failure  atomic.Pointer[error]
	serving  sync.WaitGroup // listeners, connections, the ticker
	decides  sync.WaitGroup // the sequencer
	applies  sync.WaitGroup // the applier
	started  bool
	ended    chan struct{} // closed when Close is done
	endOnce  sync.Once
	endErr   error
}

// New opens the data folder and loads what is there. The listeners' backlog waits for Start.
// After an error the listeners are the caller's.
func New(cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	auth, err := cfg.auth()
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, log: cfg.Logger, auth: auth,
		watches: newWatches(), sessions: newSessions(&cfg),
		conns: make(map[*conn]struct{}), byPeer: make(map[string]int),
		quit: make(chan struct{}), ended: make(chan struct{}),
	}
	s.queue.filled.L = &s.queue.mu
	s.flow.limit = int64(cfg.GlobalOutstandingLimit)
	s.snap.chance = rand.New(rand.NewPCG(cfg.Seed, 0))
	if err := cfg.FS.MkdirAll(cfg.DataDir, 0o755); err != nil && !cfg.NoCreate {
		return nil, fmt.Errorf("open the data folder: %w", err)
	}
	s.lock, err = cfg.FS.Lock(filepath.Join(cfg.DataDir, "zoka.lock"))
	if err != nil {
		return nil, fmt.Errorf("open the data folder %s: another server has it: %w", cfg.DataDir, err)
	}
	begun := cfg.Now()
	if err := s.load(); err != nil {
		return nil, errors.Join(err, s.lock.Close())
	}
	s.measures.loading.add(cfg.Now().Sub(begun))
	return s, nil
}

// Start begins to serve. It returns at once.
func (s *Server) Start() {
	s.started = true
	s.applies.Go((&applier{s: s}).run)
	if s.member != nil {
		s.member.directs.Go(s.member.direct)
	} else {
		s.startAlone()
	}
	s.serving.Go(s.tick)
	s.serving.Go(s.reapLoop)
	for _, l := range s.cfg.Listeners {
		s.serving.Go(func() { s.accept(l) })
	}
}

// startAlone begins to decide about writes.
func (s *Server) startAlone() {
	s.sessions.lead(s.table, nil)
	seq := &sequencer{s: s, queue: &s.queue, order: s.order, failed: s.fail,
		prep: prep.New(s.tree, s.sessions, s.auth, s.cfg.prepOptions())}
	s.decides.Go(seq.run)
	s.closeOrphans(nil)
	if s.Stats().SnapshotsTaken == 0 {
		s.startSnapshot() // as Apache does: the next start need not replay what this one did
	}
}

// Serve starts the server and returns when ctx has ended and everything is closed, or when
// the server had to stop, which is an error.
func (s *Server) Serve(ctx context.Context) error {
	s.Start()
	select {
	case <-ctx.Done():
	case <-s.quit:
	}
	return s.Close()
}

// Wait returns when the server is closed, or when it had to stop; then with the reason.
func (s *Server) Wait() error {
	<-s.quit
	return s.reason()
}

// Addr is the address of the first listener.
func (s *Server) Addr() net.Addr { return s.cfg.Listeners[0].Addr() }

// Close ends all connections, makes durable what is under way and waits for everything the
// server has started. Sessions live on in the data folder. Closing again waits and returns
// the same error: why the server had to stop, or what went wrong at its end.
func (s *Server) Close() error {
	s.endOnce.Do(func() {
		s.endErr = s.close()
		close(s.ended)
	})
	<-s.ended
	return s.endErr
}

func (s *Server) close() error {
	s.stop()
	s.serving.Wait()
	s.queue.close()
	s.decides.Wait()
	if s.member != nil {
		s.member.close()
	}
	err := s.order.Close()
	if errors.Is(err, errEnding) {
		err = nil // an installation was given up; the next start has the leader send it again
	}
	s.decided.close()
	s.applies.Wait()
	s.snap.running.Wait()
	if reason := s.reason(); reason != nil {
		err = reason // closing a failed log only says so again
	}
	return errors.Join(err, s.lock.Close())
}

// fail stops the server: nothing that is not durable may be acknowledged any more.
func (s *Server) fail(err error) {
	if s.failure.CompareAndSwap(nil, &err) {
		s.log.Error("the server stops serving", "err", err)
	}
	s.stop()
}

func (s *Server) reason() error {
	if err := s.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// stop has every listener and connection end, without waiting for them.
func (s *Server) stop() {
	s.stopOnce.Do(func() {
		close(s.quit)
		for _, l := range s.cfg.Listeners {
			_ = l.Close() // accept reports what else goes wrong
		}
		for _, c := range s.connections() {
			c.endNow()
		}
		s.decided.nudge()
		if s.member != nil {
			s.member.stop()
		}
	})
}

func (s *Server) stopped() bool {
	select {
	case <-s.quit:
		return true
	default:
		return false
	}
}

// zxid is the last transaction that everybody has been told of who watches.
func (s *Server) zxid() zkproto.Zxid { return zkproto.Zxid(s.lastZxid.Load()) }

// treeZxid is the last transaction applied: events of it may be under way, so that a client
// can have seen it before zxid tells.
func (s *Server) treeZxid() zkproto.Zxid {
	s.treeMu.RLock()
	defer s.treeMu.RUnlock()
	return s.tree.LastZxid()
}
