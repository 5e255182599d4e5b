package zkserver

import (
	"sync"
	"sync/atomic"
	"time"
)

// Summary is a series of whole numbers in short.
type Summary struct{ Count, Sum, Min, Max int64 }

// Avg is the mean, 0 where there was nothing.
func (s Summary) Avg() float64 {
	if s.Count == 0 {
		return 0
	}
	return float64(s.Sum) / float64(s.Count)
}

func (l *latency) summary() Summary { return Summary{l.count, l.total, l.min, l.max} }

// Measured is the part of Stats that only programs look at. Times are in milliseconds, sizes in bytes.
type Measured struct {
	BytesReceived int64
	// Handshakes are connections that asked for a session, Expired sessions that fell silent.
	Handshakes, Expired int64
	// SlowSyncs are syncs of the log that took longer than fsync.warningthresholdms.
	SlowSyncs int64
	// LastResponse is the size of the last reply; its series is Responses.
	LastResponse int64
	Responses    Summary
	// Reads and Updates are times from a request to its reply.
	Reads, Updates Summary
	// Syncs, Snapshots and Loading are times of the disk's work.
	Syncs, Snapshots, Loading Summary
}

// measures are what is counted apart from connections.
type measures struct {
	handshakes, expired, slow atomic.Int64
	sync, snapshot, loading   spans
}

// spans is a series of times.
type spans struct {
	mu sync.Mutex
	l  latency
}

func (s *spans) add(took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.l.add(took.Milliseconds(), 1)
}

func (s *spans) summary() Summary {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.l.summary()
}

func (s *spans) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.l = latency{}
}

// synced is what the log tells of each sync.
func (m *measures) synced(slow time.Duration) func(time.Duration) {
	if slow == 0 {
		slow = time.Second // as the log has it
	}
	return func(took time.Duration) {
		m.sync.add(took)
		if slow > 0 && took >= slow {
			m.slow.Add(1)
		}
	}
}

func (m *measures) reset() {
	m.handshakes.Store(0)
	m.expired.Store(0)
	m.slow.Store(0)
	for _, s := range []*spans{&m.sync, &m.snapshot, &m.loading} {
		s.reset()
	}
}

// measured begins Stats with what requests and the disk were counted by.
func (s *Server) measured() Stats {
	s.totals.mu.Lock()
	t := s.totals.news
	all := s.totals.all()
	s.totals.mu.Unlock()
	if t.size.count == 0 {
		t.lastSize, t.size.min, t.size.max = -1, -1, -1 // as ZooKeeper begins
	}
	m := &s.measures
	return Stats{
		Received: t.received, Sent: t.sent,
		MinLatency: all.min, MaxLatency: all.max, AvgLatency: all.avg(),
		Measured: Measured{
			BytesReceived: t.bytesReceived, LastResponse: t.lastSize, Responses: t.size.summary(),
			Reads: t.latency[aRead].summary(), Updates: t.latency[anUpdate].summary(),
			Handshakes: m.handshakes.Load(), Expired: m.expired.Load(), SlowSyncs: m.slow.Load(),
			Syncs: m.sync.summary(), Snapshots: m.snapshot.summary(), Loading: m.loading.summary(),
		},
	}
}
