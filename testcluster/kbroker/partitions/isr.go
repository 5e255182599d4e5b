package partitions

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/replica"
)

// isrWriter writes changes of ISRs to ZooKeeper, by one goroutine.
type isrWriter struct {
	m    *Manager
	wake chan struct{}

	mu  sync.Mutex
	due []*partition // guarded by mu
}

// isrRetry is how long after a write of unknown outcome it is repeated. One that is refused again and again, as for want of
// rights, is repeated less and less often, down to every isrRest.
const (
	isrRetry = 100 * time.Millisecond
	isrRest  = 10 * time.Second
)

// push has a change of the ISR of p written. Each partition is there once at most, see partition.proposing.
func (w *isrWriter) push(p *partition) {
	w.mu.Lock()
	w.due = append(w.due, p)
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *isrWriter) take() []*partition {
	w.mu.Lock()
	defer w.mu.Unlock()
	due := w.due
	w.due = nil
	return due
}

// isrWrite is one write under way.
type isrWrite struct {
	*stateWrite
	p        *partition
	proposal replica.Proposal
}

// run writes what is due until ctx ends. All that is due at a time is on its way together.
func (w *isrWriter) run(ctx context.Context) {
	for {
		select {
		case <-w.wake:
		case <-ctx.Done():
			return
		}
		var writes []*isrWrite
		for _, p := range w.take() {
			if wr := w.start(ctx, p); wr != nil {
				writes = append(writes, wr)
			}
		}
		for _, wr := range writes {
			stat, err := wr.wait(ctx)
			w.finish(wr, stat, err)
		}
	}
}

// start sends a partition's change; nil if there is none any more, or if it has to wait.
func (w *isrWriter) start(ctx context.Context, p *partition) *isrWrite {
	img := w.m.table.Load().img // no newer than the one that p leads by
	p.mu.Lock()
	proposal, ok := p.propose()
	early := ok && (p.keepsRenewed(img, proposal.ISR) || p.knowsOthers(img, proposal.ISR))
	controllerEpoch := p.controllerEpoch
	p.mu.Unlock()
	if !ok {
		return nil
	}
	if early {
		w.m.timers.start(&timer{fire: func() { w.push(p) }}, isrRetry)
		return nil
	}
	state := &kzk.State{Leader: w.m.o.Self, LeaderEpoch: proposal.Epoch, ControllerEpoch: controllerEpoch, ISR: proposal.ISR}
	return &isrWrite{w.m.writeState(ctx, img, p, state, proposal.Version), p, proposal}
}

// propose returns the change of the ISR that is due: one whose outcome is not known once more, or a new one. The caller holds
// the lock.
func (p *partition) propose() (proposal replica.Proposal, ok bool) {
	if l := p.leader(); l != nil {
		if proposal, ok = l.Unsettled(); !ok {
			proposal, ok = l.Propose(p.m.o.Now())
		}
	}
	p.proposing = ok
	return proposal, ok
}

// keepsRenewed says whether isr has a member of the present ISR that has started anew since the state was written, and may
// have lost records. The controller takes it out, which it could not tell any more from a state that is written now. The caller
// holds the lock, and p leads.
func (p *partition) keepsRenewed(img *kzk.Image, isr []int32) bool {
	return slices.ContainsFunc(isr, func(id int32) bool {
		b := img.Brokers[id]
		return b != nil && b.FirstEpoch > p.stateMzxid && slices.Contains(p.lead.ISR(), id)
	})
}

// knowsOthers says whether isr has a member whose process is another one by img than the leader has been told of. What the leader
// knows is of the one, and the write would be allowed for the other: it waits until the leader knows as much as img, or img as
// much as the leader. The caller holds the lock, and p leads.
func (p *partition) knowsOthers(img *kzk.Image, isr []int32) bool {
	return slices.ContainsFunc(isr, func(id int32) bool {
		b := img.Brokers[id]
		return b != nil && !p.lead.Knows(id, b.FirstEpoch)
	})
}

// finish tells the leader what became of a write.
func (w *isrWriter) finish(wr *isrWrite, stat zkproto.Stat, err error) {
	p := wr.p
	var again time.Duration
	var ws wakes
	p.mu.Lock()
	p.proposing = false
	switch l := p.lead; {
	case l == nil:
	case err == nil:
		if l.Written(wr.proposal, stat.Version, w.m.o.Now()) {
			p.moved(&ws)
		}
		p.stateMzxid = max(p.stateMzxid, int64(stat.Mzxid))
		p.due(&ws)
	case errors.Is(err, zkproto.BadVersion), errors.Is(err, zkproto.NoNode):
		// Somebody else changed the state: the image will show it.
		l.Refused(wr.proposal)
	default:
		p.proposing = true
		again = isrDelay(err, p.isrFailures)
	}
	failures := p.isrFailures
	p.isrFailures++
	if again == 0 {
		p.isrFailures = 0
	}
	p.mu.Unlock()
	ws.run()
	log := p.logger().With(slog.Any("isr", wr.proposal.ISR))
	switch {
	case again > 0:
		if failures == 0 && !errors.Is(err, errBehind) {
			log.Warn("the ISR could not be written, which is tried again", slog.Any("err", err))
		}
		w.m.timers.start(&timer{fire: func() { w.push(p) }}, again)
	case err != nil:
		log.Info("the ISR was changed by somebody else", slog.Any("err", err))
	default:
		log.Info("ISR changed", slog.Any("version", stat.Version))
	}
}

// isrDelay is how long a write rests that has failed, after so many failures before.
func isrDelay(err error, failures int) time.Duration {
	for _, passing := range []error{zkproto.ConnectionLoss, zkproto.SessionExpired, zkproto.SessionMoved, errBehind} {
		if errors.Is(err, passing) {
			return isrRetry
		}
	}
	return min(isrRetry<<min(failures, 10), isrRest)
}

// watchLag looks for replicas that lag behind, often enough, until ctx ends.
func (m *Manager) watchLag(ctx context.Context) {
	every := time.NewTicker(max(time.Duration(m.o.ReplicaLagMs)*time.Millisecond/2, time.Millisecond))
	defer every.Stop()
	for {
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
		for _, t := range m.table.Load().topics {
			for _, p := range t.parts {
				p.lookForLag()
			}
		}
	}
}

func (p *partition) lookForLag() {
	var w wakes
	p.mu.Lock()
	if l := p.leader(); l != nil {
		if l.Retry(p.m.o.Now()) {
			p.moved(&w)
		}
		p.due(&w)
	}
	p.mu.Unlock()
	w.run()
}
