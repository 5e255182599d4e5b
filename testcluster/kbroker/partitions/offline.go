package partitions

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/klog"
)

// A replica whose log folder has failed is offline: it neither leads nor follows until the broker starts anew. So that
// others lead, and acks=all waits for others only, the broker takes itself out of the partition's ISR, and says that the
// partition has no leader if it was the leader itself; the controller then elects one. The write is on the conditions of
// every change of an ISR, and makes a leader epoch of its own, as the controller's does.
//
// Where nobody else is in sync it stays in the ISR, but leads no more: the state says that it is offline, so that the
// controller elects another if the topic allows that, and does not elect this process again.
//
// Kafka 2.7 asks the controller to do it, by /log_dir_event_notification, which then sends LeaderAndIsr and learns from
// the answer which replicas are offline. Here nobody sends that request, and the broker knows best.
//
// Source: ReplicaManager.handleLogDirFailure, KafkaController.processLogDirEventNotification.

// DirFailed has a value when a log folder has failed: then Apply is to be called, with the last image if there is no
// other.
func (m *Manager) DirFailed() <-chan struct{} { return m.dirFailed }

// watchDir waits for the end of a folder.
func (m *Manager) watchDir(ctx context.Context, d *klog.Dir) {
	select {
	case <-ctx.Done():
		return
	case <-d.Failed():
	}
	select {
	case m.dirFailed <- struct{}{}:
	default:
	}
}

// impaired says whether any log folder is offline.
func (m *Manager) impaired() bool {
	return len(m.o.OfflineDirs) > 0 || slices.ContainsFunc(m.o.Dirs, func(d *klog.Dir) bool { return d.Err() != nil })
}

// offline says whether the replica's log is in a folder that has failed, or may be in one that could not be opened: to
// begin an empty log, and lead with it, would lose the records in that one.
func (m *Manager) offline(p *partition, is *kzk.Topic, part *kzk.Partition, registered int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	log, dir := p.log, p.dir
	if log == nil {
		log, dir = m.lookUp(p)
	}
	s := part.State
	created := registered >= 0 && (is.Czxid > registered || s.Version == 0 && s.Mzxid > registered)
	offline := log == nil && len(m.o.OfflineDirs) > 0 && !created && !slices.Contains(part.Adding, m.o.Self) ||
		log != nil && dir.Err() != nil
	if offline && !p.offline {
		p.logger().Warn("this replica is offline, as its log folder is")
	}
	p.offline = offline
	return offline
}

// goOffline makes the replica neither leader nor follower, and remembers to take it out of the ISR. It is for the
// goroutine that applies images.
func (m *Manager) goOffline(p *partition, part *kzk.Partition) {
	s := part.State
	p.rest()
	p.epoch = s.LeaderEpoch
	if next, ok := m.without(s); ok {
		m.resigning = append(m.resigning, resignation{p: p, state: next})
	}
}

// without is the successor of a state in which this broker has no part; false if it has none already. A broker that has
// started anew since the state was written may have lost records: the new state would hide that, so it leaves as well.
func (m *Manager) without(s *kzk.State) (kzk.State, bool) {
	next := kzk.State{Leader: s.Leader, LeaderEpoch: s.LeaderEpoch + 1, ControllerEpoch: s.ControllerEpoch, Version: s.Version}
	for _, id := range s.ISR {
		b := m.img.Brokers[id]
		if id != m.o.Self && (b == nil || b.FirstEpoch <= s.Mzxid) {
			next.ISR = append(next.ISR, id)
		}
	}
	if !slices.Contains(next.ISR, next.Leader) {
		next.Leader = -1
	}
	if len(next.ISR) == 0 {
		return m.leaderless(s)
	}
	return next, slices.Contains(s.ISR, m.o.Self)
}

// leaderless is the successor of a state in which this broker leads alone in the ISR; false if it does not: of others that
// are gone, or have started anew, the controller takes note first. The state keeps what other replicas have said, so that
// each is elected once. To whoever elects this process again it is not said twice.
func (m *Manager) leaderless(s *kzk.State) (kzk.State, bool) {
	self, registered := m.o.Self, registration(m.img, m.o.Self)
	first, said := s.Offline[self]
	if registered < 0 || s.Leader != self || !slices.Equal(s.ISR, []int32{self}) || said && first == registered {
		return kzk.State{}, false
	}
	next := *s
	next.Leader, next.LeaderEpoch = -1, s.LeaderEpoch+1
	next.Offline = map[int32]int64{}
	maps.Copy(next.Offline, s.Offline)
	next.Offline[self] = registered
	return next, true
}

// resignation is a state to be written. Its Version is that of the state that it replaces.
type resignation struct {
	p     *partition
	state kzk.State
}

// resigner writes resignations, by one goroutine. Each Apply says anew which are due.
type resigner struct {
	m    *Manager
	wake chan struct{}

	mu  sync.Mutex
	img *kzk.Image // by which due was found
	due []resignation
}

// set replaces what is due.
func (r *resigner) set(img *kzk.Image, due []resignation) {
	r.mu.Lock()
	r.img, r.due = img, due
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run writes what is due until ctx ends. What was overtaken by somebody else's change, the next image brings up again.
func (r *resigner) run(ctx context.Context) {
	again := time.NewTimer(0)
	defer again.Stop()
	for failures := 0; ; {
		select {
		case <-r.wake:
		case <-again.C:
		case <-ctx.Done():
			return
		}
		r.mu.Lock()
		img, due := r.img, r.due
		r.mu.Unlock()
		if err := r.write(ctx, img, due, failures == 0); err != nil {
			again.Reset(isrDelay(err, failures))
			failures++
		} else {
			again.Stop()
			failures = 0
		}
	}
}

// write sends all at once, and returns an error of one that was not answered, or was refused for a reason that may pass. It
// tells of all such if it shall.
func (r *resigner) write(ctx context.Context, img *kzk.Image, due []resignation, tell bool) (failed error) {
	writes := make([]*stateWrite, len(due))
	for i := range due {
		x := &due[i]
		writes[i] = r.m.writeState(ctx, img, x.p, &x.state, x.state.Version)
	}
	for i, x := range due {
		switch _, err := writes[i].wait(ctx); {
		case err == nil:
			x.p.logger().Info("resigned", slog.Any("isr", x.state.ISR), slog.Any("leader", x.state.Leader))
		case errors.Is(err, zkproto.BadVersion), errors.Is(err, zkproto.NoNode), errors.Is(err, errBehind):
		default:
			failed = err
			if tell {
				x.p.logger().Warn("cannot leave the ISR yet, which is tried again", slog.Any("err", err))
			}
		}
	}
	return failed
}
