package partitions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/replica"
)

// isrWriter writes changes of ISRs to ZooKeeper, by one goroutine: each on condition that the state znode has the version
// the change was made for, and that no topic was deleted meanwhile: another one of the name has the same versions.
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

// errDeletions says that a topic was deleted that the image still has.
var errDeletions = errors.New("a topic was deleted meanwhile")

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
	p        *partition
	proposal replica.Proposal
	call     *zkclient.Call
	resp     zkproto.MultiResponse
}

// wait returns the version that the write has left.
func (wr *isrWrite) wait(ctx context.Context) (version int32, err error) {
	if err := wr.call.Wait(ctx); err != nil {
		return 0, err
	}
	for i, result := range wr.resp.Results {
		switch {
		case result.Op != zkproto.OpError || result.Err == zkproto.OK:
		case i == 0 && errors.Is(result.Err, zkproto.BadVersion):
			return 0, errDeletions
		default:
			return 0, result.Err
		}
	}
	if len(wr.resp.Results) != 2 {
		return 0, fmt.Errorf("%d results of 2 operations", len(wr.resp.Results))
	}
	return wr.resp.Results[1].Stat.Version, nil
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
			version, err := wr.wait(ctx)
			w.finish(wr, version, err)
		}
	}
}

// start sends a partition's change; nil if there is none any more.
func (w *isrWriter) start(ctx context.Context, p *partition) *isrWrite {
	proposal, controllerEpoch, ok := p.propose()
	if !ok {
		return nil
	}
	state := &kzk.State{Leader: w.m.o.Self, LeaderEpoch: proposal.Epoch, ControllerEpoch: controllerEpoch, ISR: proposal.ISR}
	wr := &isrWrite{p: p, proposal: proposal}
	// The version is that of an image no newer than the one that p leads by.
	deletions := &zkproto.PathVersionRequest{Path: kzk.TopicsPath, Version: w.m.table.Load().img.TopicsVersion}
	change := &zkproto.SetDataRequest{Path: kzk.StatePath(p.topic, p.id), Data: kzk.EncodeState(state), Version: proposal.Version}
	wr.call = w.m.o.ZK.Start(ctx, zkproto.OpMulti, &zkproto.MultiRequest{
		Ops: []zkproto.MultiOp{{Op: zkproto.OpCheck, Req: deletions}, {Op: zkproto.OpSetData, Req: change}}}, &wr.resp)
	return wr
}

// propose returns the change of the ISR that is due: one whose outcome is not known once more, or a new one.
func (p *partition) propose() (proposal replica.Proposal, controllerEpoch int32, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.leader(); l != nil {
		if proposal, ok = l.Unsettled(); !ok {
			proposal, ok = l.Propose(p.m.o.Now())
		}
	}
	p.proposing = ok
	return proposal, p.controllerEpoch, ok
}

// finish tells the leader what became of a write.
func (w *isrWriter) finish(wr *isrWrite, version int32, err error) {
	p := wr.p
	var again time.Duration
	var ws wakes
	p.mu.Lock()
	p.proposing = false
	switch l := p.lead; {
	case l == nil:
	case err == nil:
		if l.Written(wr.proposal, version, w.m.o.Now()) {
			p.moved(&ws)
		}
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
		if failures == 0 && !errors.Is(err, errDeletions) {
			log.Warn("the ISR could not be written, which is tried again", slog.Any("err", err))
		}
		w.m.timers.start(&timer{fire: func() { w.push(p) }}, again)
	case err != nil:
		log.Info("the ISR was changed by somebody else", slog.Any("err", err))
	default:
		log.Info("ISR changed", slog.Any("version", version))
	}
}

// isrDelay is how long a write rests that has failed, after so many failures before.
func isrDelay(err error, failures int) time.Duration {
	for _, passing := range []error{zkproto.ConnectionLoss, zkproto.SessionExpired, zkproto.SessionMoved, errDeletions} {
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
