package mirror

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// pass brings the image up to date with everything that was reported before. An error leaves all of it to the next pass.
func (m *Mirror) pass(ctx context.Context) error {
	m.mu.Lock()
	dirty, waiting := m.mu.dirty, m.mu.waiting
	m.mu.dirty, m.mu.waiting = map[string]struct{}{}, nil
	m.mu.Unlock()

	err := m.read(ctx, dirty)
	if err != nil {
		m.mu.Lock()
		maps.Copy(m.mu.dirty, dirty)
		m.mu.waiting = append(waiting, m.mu.waiting...)
		m.mu.Unlock()
		return err
	}
	m.publish()
	for _, done := range waiting {
		close(done)
	}
	return nil
}

// read takes in the znodes of dirty, or everything where the connection is not the one of the last time: a server that
// takes a session back sets its watches again, but what they missed is never reported.
func (m *Mirror) read(ctx context.Context, dirty map[string]struct{}) error {
	for {
		connection, read := m.zk.Connections(), m.readAll
		if connection == m.connection {
			read = func(ctx context.Context) error { return m.readSome(ctx, dirty) }
		} else if err := m.zk.Connected(ctx); err != nil {
			return err
		} else {
			connection = m.zk.Connections()
		}
		if err := read(ctx); err != nil {
			return err
		}
		if m.zk.Connections() == connection {
			m.connection = connection
			return nil
		}
	}
}

func (m *Mirror) readSome(ctx context.Context, dirty map[string]struct{}) error {
	if err := m.readCounters(ctx, dirty); err != nil {
		return err
	}
	s := m.newScan(ctx)
	for _, path := range slices.Sorted(maps.Keys(dirty)) {
		s.get(path)
	}
	return s.run()
}

// counters are the znodes whose versions count changes below them.
var counters = []string{kzk.BrokerIDsPath, kzk.TopicsPath}

// readCounters reads those of dirty first, and adds to dirty what has been reported until then: who is told of a change by
// a version is told which it was, as the event of that has come before the reply. What counts more changes meanwhile is for
// the next pass, so that an image comes also where they do not end.
func (m *Mirror) readCounters(ctx context.Context, dirty map[string]struct{}) error {
	s := m.newScan(ctx)
	for _, path := range counters {
		if _, ok := dirty[path]; ok {
			s.get(path)
		}
	}
	if len(s.queue) == 0 {
		return nil
	}
	if err := errors.Join(s.run(), m.zk.Settle(ctx)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for path := range m.mu.dirty {
		if !slices.Contains(counters, path) {
			dirty[path] = struct{}{}
			delete(m.mu.dirty, path)
		}
	}
	for _, path := range counters {
		delete(dirty, path)
	}
	return nil
}

// readAll sets the watches, if they are not those of this session, and only then reads. Nothing that was acknowledged before
// may be missing, as what is not there is taken to be deleted; but the server may lag behind. A session of its own, which
// other servers have not heard of, does not make it catch up: a sync does.
func (m *Mirror) readAll(ctx context.Context) error {
	if err := m.watch(ctx); err != nil {
		return err
	}
	if err := m.zk.Sync(ctx, "/"); err != nil {
		return fmt.Errorf("having the server catch up: %w", err)
	}
	s := m.newScan(ctx)
	s.seen = map[string]struct{}{}
	for _, path := range counters {
		s.get(path) // before what is below: none of that is older than the version
	}
	s.list(kzk.BrokerIDsPath, s.get)
	s.list(kzk.TopicsPath, func(topic string) {
		s.get(topic)
		s.list(topic+"/partitions", func(partition string) { s.get(partition + "/state") })
	})
	s.list(kzk.ConfigPath, func(kind string) {
		if kind == kzk.ConfigChangesPath {
			return
		}
		s.list(kind, func(entity string) {
			s.get(entity)
			if kind == kzk.ConfigPath+"/"+kzk.UserEntity {
				s.list(entity+"/"+kzk.ClientEntity, s.get)
			}
		})
	})
	s.list(kzk.DeleteTopicsPath, s.get)
	for _, path := range []string{kzk.ControllerPath, kzk.ControllerEpochPath, kzk.ClusterIDPath, kzk.ReassignmentPath, kzk.PreferredElectionPath} {
		s.get(path)
	}
	if err := s.run(); err != nil {
		return err
	}
	m.builder.Retain(func(path string) bool { _, ok := s.seen[path]; return ok })
	return nil
}

// watch sets the watches that this session has not yet. On a new connection of the same session the client does so.
func (m *Mirror) watch(ctx context.Context) error {
	if id := m.zk.Session().ID; id != m.session {
		m.session, m.watched = id, 0
	}
	for m.watched < len(roots) {
		root := roots[m.watched]
		if err := m.zk.AddWatch(ctx, root, zkproto.AddWatchPersistentRecursive, m.onChange); err != nil {
			return fmt.Errorf("watching %s and all below it, which takes ZooKeeper 3.6 or later: %w", root, err)
		}
		m.watched++
	}
	return nil
}
