package partitions

import (
	"log/slog"
	"maps"
	"slices"

	"github.com/zoka-project/zoka/clientproto/kzk"
)

// Apply makes the replicas on this broker what img says: call it with each new image, in order, from one goroutine. It
// creates, truncates and deletes folders, but does not wait for the network. A folder is deleted only if its topic is gone
// from the image, or is another one of that name, or the partition has been given to other brokers, all in sync without it.
// Logs whose topic's configuration has changed are told. Call it again, with any image, after DirFailed. An image of another
// cluster than the first one's is passed over.
func (m *Manager) Apply(img *kzk.Image) {
	old := m.table.Load()
	first := old == noTable
	if m.foreign(img) {
		return
	}
	if first {
		m.adopt(img)
	}
	m.applied.Add(1)
	m.img = img
	next := &table{topics: make(map[string]*topic, len(old.topics)), img: img}
	registered := registration(img, m.o.Self)
	// Who may take over from replicas that are offline depends on more than their topics.
	fresh := first || m.impaired() || registered != registration(old.img, m.o.Self)
	m.resigning = nil
	for name, is := range img.Topics {
		was := old.topics[name]
		if was != nil && !was.is(is) {
			m.drop(was)
			was = nil
		}
		if was != nil && !fresh && old.img.Topics[name] == is && !m.unfinished[name] {
			next.topics[name] = was
			continue
		}
		if t := m.applyTopic(was, is, registered); len(t.parts) > 0 {
			next.topics[name] = t
		}
	}
	for name, was := range old.topics {
		switch {
		case img.Topics[name] != nil:
		case gone(img, name):
			delete(m.unfinished, name)
			m.drop(was)
		default:
			next.topics[name] = was
		}
	}
	m.table.Store(next)
	m.resigner.set(img, m.resigning)
	if !sameBrokers(old.img, img) {
		m.each(func(p *partition) { p.hearOfBrokers() })
	}
	m.announce(next)
	m.reconfigure(old.img, img)
	m.fetchers.settle()
}

// registration is the first epoch of self's process, -1 where it is not registered.
func registration(img *kzk.Image, self int32) int64 {
	if b := img.Brokers[self]; b != nil {
		return b.FirstEpoch
	}
	return -1
}

// sameBrokers says whether the same processes are registered.
func sameBrokers(a, b *kzk.Image) bool {
	return maps.EqualFunc(a.Brokers, b.Brokers, func(a, b *kzk.Broker) bool { return a.FirstEpoch == b.FirstEpoch })
}

// process says whether a broker is registered, and by which process, by the image that is being applied.
func (m *Manager) process(broker int32) (firstEpoch int64, live bool) {
	if b := m.img.Brokers[broker]; b != nil {
		return b.FirstEpoch, true
	}
	return 0, false
}

// foreign says whether an image is of another cluster than those before: of a ZooKeeper that was set up anew, in which all
// topics are gone, or others. No log is to be deleted for that.
func (m *Manager) foreign(img *kzk.Image) bool {
	if m.cluster == "" {
		m.cluster = img.ClusterID
	}
	if img.ClusterID == "" || img.ClusterID == m.cluster {
		return false
	}
	m.o.Logger.Error("ZooKeeper is another cluster's now: nothing of it is taken over", slog.String("cluster", img.ClusterID), slog.String("was", m.cluster))
	return true
}

// applyTopic returns the replicas of a topic that are on this broker. was is nil for a topic that is new here.
func (m *Manager) applyTopic(was *topic, is *kzk.Topic, registered int64) *topic {
	delete(m.unfinished, is.Name)
	t := &topic{name: is.Name, czxid: is.Czxid, id: is.ID, parts: make(map[int32]*partition)}
	if was == nil {
		t.shared = new(topicShared)
	} else {
		t.shared = was.shared
		if t.id.IsZero() {
			t.id = was.id // dropped by an old tool
		}
		maps.Copy(t.parts, was.parts)
	}
	var mine []*partition
	for id, part := range is.Partitions {
		p := t.parts[id]
		if !slices.Contains(part.Replicas, m.o.Self) {
			if p != nil || m.findLog(is.Name, id) != nil {
				if m.depart(p, is, id, part) {
					delete(t.parts, id)
				}
			}
			continue
		}
		if p == nil {
			p = &partition{m: m, topic: is.Name, id: id, shared: t.shared, epoch: -1}
			m.made++
			p.moves.Store(m.made << 40) // no other partition of that name had, or will have, such a count
			t.parts[id] = p
		}
		mine = append(mine, p)
	}
	m.makeLogs(mine, is)
	for _, p := range mine {
		m.applyState(p, is, is.Partitions[p.id], registered)
	}
	return t
}

// depart takes leave of a partition that is assigned to others, and says whether the replica is gone: as long as the others
// may need its records they stay.
func (m *Manager) depart(p *partition, is *kzk.Topic, id int32, part *kzk.Partition) bool {
	s := part.State
	needed := s == nil || s.Leader < 0 || s.Leader == m.o.Self || len(s.ISR) == 0 || slices.Contains(s.ISR, m.o.Self)
	if p != nil {
		p.rest()
	}
	if needed {
		return false
	}
	if p != nil {
		p.close()
	}
	for _, d := range m.o.Dirs {
		if log := d.Log(is.Name, id); log != nil {
			m.deleteLog(d, log)
		}
	}
	return true
}

// applyState makes a replica what the partition's state says.
func (m *Manager) applyState(p *partition, is *kzk.Topic, part *kzk.Partition, registered int64) {
	s := part.State
	switch {
	case s == nil || s.LeaderEpoch < p.epoch:
		return
	case m.offline(p, is, part, registered):
		m.goOffline(p, part)
		return
	case s.Leader < 0:
		p.rest()
		p.epoch = s.LeaderEpoch
		return
	}
	if err := m.ensureLog(p, is); err != nil {
		m.unfinished[is.Name] = true // until the next image
		m.o.Logger.Error("no log for a replica", slog.String("topic", p.topic), slog.Any("partition", p.id), slog.Any("err", err))
		return
	}
	switch {
	case s.Leader != m.o.Self:
		p.becomeFollower(s)
	case registered >= 0 && s.Mzxid >= registered:
		p.becomeLeader(part)
	default:
		// The controller has yet to elect this process, which the state does not know of.
		p.rest()
	}
}

// reconfigure tells the logs of topics whose configuration may have changed.
func (m *Manager) reconfigure(old, img *kzk.Image) {
	all := false
	for entity, conf := range img.Configs {
		if isBrokers(entity) && !maps.Equal(conf, old.Configs[entity]) {
			all = true
		}
	}
	for entity := range old.Configs {
		if isBrokers(entity) && img.Configs[entity] == nil {
			all = true
		}
	}
	for name := range m.table.Load().topics {
		if all || !maps.Equal(img.TopicConfig(name), old.TopicConfig(name)) {
			for _, d := range m.o.Dirs {
				d.ConfigChanged(name)
			}
		}
	}
}

// isBrokers says whether a configuration is of brokers, which gives defaults to topics.
func isBrokers(entity string) bool { return len(entity) > 8 && entity[:8] == "brokers/" }
