package partitions

import (
	"log/slog"
	"slices"
	"sync"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/klog"
)

// What follows finds, makes and deletes the logs of replicas. It is for the goroutine that applies images.

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
