package zkserver

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// javaDate is the layout of java.util.Date.toString.
const javaDate = "Mon Jan 02 15:04:05 MST 2006"

// wordDump prints sessions, their ephemerals and the connections. Source: DumpCommand, SessionTrackerImpl,
// ExpiryQueue.dump.
func wordDump(s *Server, _ []byte, out io.Writer) {
	d := s.DumpSessions()
	fmt.Fprintln(out, "SessionTracker dump:")
	if _, leads := s.leads(); leads {
		writeBuckets(out, "Session", d.Expiry, func(id zkproto.SessionID) string { return id.String() })
	} else {
		writeGlobalSessions(out, s.GlobalSessions())
	}
	fmt.Fprintf(out, "ephemeral nodes dump:\nSessions with Ephemerals (%d):\n", len(d.Ephemerals))
	for _, id := range slices.Sorted(maps.Keys(d.Ephemerals)) {
		fmt.Fprintf(out, "%v:\n", id)
		for _, path := range d.Ephemerals[id] {
			fmt.Fprintf(out, "\t%s\n", path)
		}
	}
	fmt.Fprintln(out, "Connections dump:")
	writeBuckets(out, "Connections", s.connExpiry(), func(c ConnStats) string {
		return fmt.Sprintf("ip: %s sessionId: 0x%x", javaAddr(c.Addr), uint64(c.Session))
	})
}

// writeGlobalSessions prints what a learner knows of sessions. Source: LearnerSessionTracker.
func writeGlobalSessions(out io.Writer, timeouts map[zkproto.SessionID]int32) {
	fmt.Fprintf(out, "Global Sessions(%d):\n", len(timeouts))
	for _, id := range slices.Sorted(maps.Keys(timeouts)) {
		fmt.Fprintf(out, "%v\t%dms\n", id, timeouts[id])
	}
}

// writeBuckets prints what expires when, the earliest first.
func writeBuckets[T any](out io.Writer, what string, buckets map[time.Time][]T, line func(T) string) {
	n := 0
	for _, all := range buckets {
		n += len(all)
	}
	fmt.Fprintf(out, "%s Sets (%d)/(%d):\n", what, len(buckets), n)
	for _, at := range slices.SortedFunc(maps.Keys(buckets), time.Time.Compare) {
		fmt.Fprintf(out, "%d expire at %s:\n", len(buckets[at]), at.Format(javaDate))
		for _, each := range buckets[at] {
			fmt.Fprintf(out, "\t%s\n", line(each))
		}
	}
}

// connExpiry is when connections that stay silent are closed: their session's time-out behind the last packet, or the
// limit for a handshake, rounded up to whole buckets as ZooKeeper's queue has them.
func (s *Server) connExpiry() map[time.Time][]ConnStats {
	buckets := map[time.Time][]ConnStats{}
	for _, c := range s.Conns() {
		at := c.Established.Add(s.cfg.SessionlessTimeout)
		if c.Session != 0 {
			at = c.LastReply.Add(c.Timeout)
		}
		at = at.Round(0).Truncate(s.cfg.SessionlessTimeout).Add(s.cfg.SessionlessTimeout)
		buckets[at] = append(buckets[at], c)
	}
	return buckets
}

// WatchSummary counts the data table: connections that watch, paths that are watched, and watches.
func (s *Server) WatchSummary() (conns, paths, watches int) {
	s.treeMu.RLock()
	defer s.treeMu.RUnlock()
	s.watches.mu.Lock()
	defer s.watches.mu.Unlock()
	t := &s.watches.data
	return len(t.conns), len(t.paths), t.count
}

// wordWchs: source WatchCommand, WatchManager.toString.
func wordWchs(s *Server, _ []byte, out io.Writer) {
	conns, paths, watches := s.WatchSummary()
	fmt.Fprintf(out, "%d connections watching %d paths\nTotal watches:%d\n", conns, paths, watches)
}

// wordWchc prints the paths of each session, wordWchp the sessions of each path. Source: WatchManager.dumpWatches.
func wordWchc(s *Server, _ []byte, out io.Writer) {
	by := s.WatchedBy()
	for _, id := range slices.SortedFunc(maps.Keys(by), cmp.Compare) {
		fmt.Fprintf(out, "%v\n", id)
		for _, path := range by[id] {
			fmt.Fprintf(out, "\t%s\n", path)
		}
	}
	fmt.Fprintln(out)
}

func wordWchp(s *Server, _ []byte, out io.Writer) {
	by := s.WatchersOf()
	for _, path := range slices.Sorted(maps.Keys(by)) {
		fmt.Fprintln(out, path)
		for _, id := range by[path] {
			fmt.Fprintf(out, "\t%v\n", id)
		}
	}
	fmt.Fprintln(out)
}

// WatchersOf is WatchedBy the other way round: the sessions that watch each path.
func (s *Server) WatchersOf() map[string][]zkproto.SessionID {
	of := map[string][]zkproto.SessionID{}
	for id, paths := range s.WatchedBy() {
		for _, path := range paths {
			of[path] = append(of[path], id)
		}
	}
	for _, ids := range of {
		slices.Sort(ids)
	}
	return of
}
