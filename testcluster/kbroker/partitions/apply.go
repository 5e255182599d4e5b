package partitions

import (
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/klog"
)

// Apply makes the replicas on this broker what img says: call it with each new image, in order, from one goroutine. It
// creates, truncates and deletes folders, but does not wait for the network. A folder is deleted only if its topic is gone
// from the image, or is another one of that name, or the partition has been given to other brokers, all in sync without it.
// Logs whose topic's configuration has changed are told. Call it again, with any image, after DirFailed. An image of another cluster than the first one's is passed over.
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

func sameBrokers(a, b *kzk.Image) bool {
	return maps.EqualFunc(a.Brokers, b.Brokers, func(*kzk.Broker, *kzk.Broker) bool { return true })
}

// live says whether a broker is registered, by the image that is being applied.
func (m *Manager) live(broker int32) bool { return m.img.Brokers[broker] != nil }

// adopt deletes the folders, found at the start, whose topics are gone or are others of the same name.
func (m *Manager) adopt(img *kzk.Image) {
	for _, d := range m.o.Dirs {
		for _, log := range d.Logs() {
			t := img.Topics[log.Topic()]
			if gone(img, log.Topic()) || t != nil && incarnationOf(log, t) == anotherTopic {
				m.deleteLog(d, log)
			}
		}
	}
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

// gone says whether ZooKeeper is known to have no topic of that name: an image also lacks topics that could not be read, and
// one without a cluster is of nobody.
func gone(img *kzk.Image, name string) bool {
	if img.Topics[name] != nil || img.ClusterID == "" {
		return false
	}
	for _, path := range []string{kzk.TopicPath(name), kzk.TopicsPath, "/brokers", "/"} {
		if _, unreadable := img.Unreadable[path]; unreadable {
			return false
		}
	}
	return true
}

// deleteLog deletes a log. In a folder that has failed it stays until the next start, which finds it to be of no topic.
func (m *Manager) deleteLog(d *klog.Dir, log *klog.Log) {
	if d.Err() != nil {
		return
	}
	m.o.Logger.Info("deleting a replica", slog.String("topic", log.Topic()), slog.Any("partition", log.Partition()), slog.String("dir", d.Path()))
	if err := d.Delete(log.Topic(), log.Partition()); err != nil {
		m.o.Logger.Error("a replica could not be deleted", slog.String("topic", log.Topic()), slog.Any("partition", log.Partition()), slog.Any("err", err))
	}
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

// makers is how many logs are made at a time: most of it is waiting for the disk.
const makers = 8

// makeLogs makes the logs of a new topic together. What fails is tried again, and told of, one by one.
func (m *Manager) makeLogs(parts []*partition, is *kzk.Topic) {
	if len(m.o.Dirs) > 1 || len(m.o.OfflineDirs) > 0 {
		return // each new log has a say in where the next one goes
	}
	var wg sync.WaitGroup
	turn := make(chan struct{}, makers)
	for _, p := range parts {
		if s := is.Partitions[p.id].State; p.log != nil || s == nil || s.Leader < 0 {
			continue
		}
		turn <- struct{}{}
		wg.Go(func() {
			_ = m.ensureLog(p, is)
			<-turn
		})
	}
	wg.Wait()
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

// drop deletes the replicas of a topic that is gone.
func (m *Manager) drop(t *topic) {
	for _, p := range t.parts {
		p.close()
	}
	for _, d := range m.o.Dirs {
		for id := range t.parts {
			if log := d.Log(t.name, id); log != nil {
				m.deleteLog(d, log)
			}
		}
	}
}

func (m *Manager) findLog(topic string, id int32) *klog.Log {
	for _, d := range m.o.Dirs {
		if log := d.Log(topic, id); log != nil {
			return log
		}
	}
	return nil
}

// ensureLog finds or creates the log of a replica, and keeps the incarnation in it up to date.
func (m *Manager) ensureLog(p *partition, is *kzk.Topic) error {
	inc := klog.Incarnation{TopicID: is.ID, Czxid: is.Czxid}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.log == nil {
		log, dir := m.lookUp(p)
		if log != nil {
			switch incarnationOf(log, is) {
			case unknownTopic:
				return errNoID
			case anotherTopic:
				// Nobody has deleted it when its topic went: its records must not come back in this one.
				m.deleteLog(dir, log)
				log, dir = nil, nil
			}
		}
		p.log, p.dir = log, dir
	}
	if p.log == nil {
		d := m.place(partitionKey{p.topic, p.id})
		log, err := d.Create(p.topic, p.id, inc)
		if err != nil {
			return err
		}
		p.log, p.dir = log, d
		return nil
	}
	if have := p.log.Incarnation(); have != inc && (is.HasID || have.Czxid != inc.Czxid) {
		return p.log.SetIncarnation(inc)
	}
	return nil
}

func (m *Manager) lookUp(p *partition) (*klog.Log, *klog.Dir) {
	for _, d := range m.o.Dirs {
		if log := d.Log(p.topic, p.id); log != nil {
			return log, d
		}
	}
	return nil, nil
}

// place is the folder for a new replica: the one that was asked for, or the one that has the fewest.
func (m *Manager) place(key partitionKey) *klog.Dir {
	if d := m.wanted.take(key); d != nil {
		return d
	}
	return slices.MinFunc(m.o.Dirs, func(a, b *klog.Dir) int {
		if a, b := a.Err() != nil, b.Err() != nil; a != b {
			if a {
				return 1
			}
			return -1
		}
		return len(a.Logs()) - len(b.Logs())
	})
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
