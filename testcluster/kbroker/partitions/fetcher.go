package partitions

import (
	"context"
	"log/slog"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions/codec"
	"github.com/zoka-project/zoka/testcluster/replica"
)

// firstDelay is how long a partition rests after an error at first. It doubles up to replica.fetch.backoff.ms: most errors
// are of brokers that learn of a new leader one after another, within a moment.
const firstDelay = 5 * time.Millisecond

// refresh is how often a follower says anew where its logs begin, which retention moves.
const refresh = time.Second

// run copies until the fetcher has no partitions, or ctx ends.
func (f *fetcher) run(ctx context.Context) {
	var link *leaderLink
	defer func() { link.close() }()
	var delay time.Duration
	for {
		parts, wait, retired := f.plan()
		if retired || ctx.Err() != nil {
			return
		}
		if len(parts) == 0 {
			f.sleep(ctx, wait)
			continue
		}
		if link == nil {
			var err error
			if link, err = f.dial(ctx); err != nil {
				delay = f.later(delay)
				f.m.o.Logger.Info("cannot fetch from a leader", slog.Any("leader", f.leader), slog.Any("err", err), slog.Duration("again in", delay))
				f.sleep(ctx, delay)
				continue
			}
		}
		if err := f.round(link, parts, wait); err != nil {
			link.close()
			link = nil
			if f.interrupted() {
				continue
			}
			delay = f.later(delay)
			f.m.o.Logger.Info("lost the connection to a leader", slog.Any("leader", f.leader), slog.Any("err", err), slog.Duration("again in", delay))
			f.sleep(ctx, delay)
			continue
		}
		delay = 0
	}
}

func (f *fetcher) later(delay time.Duration) time.Duration {
	return min(max(2*delay, firstDelay), time.Duration(f.m.o.FetchBackoffMs)*time.Millisecond)
}

// plan finds the partitions that are due, and where each one stands; or how long until the next one is. What it returns is
// good until the next plan.
func (f *fetcher) plan() (due []*fetching, wait time.Duration, retired bool) {
	f.mu.Lock()
	parts := f.parts
	f.added = false
	retired = f.retired
	f.mu.Unlock()
	now := time.Now()
	anew := now.Sub(f.refreshed) >= refresh
	if anew {
		f.refreshed = now
	}
	wait = time.Hour
	due = f.due[:0]
	for _, x := range parts {
		if x.delay > 0 {
			if rest := x.until.Sub(now); rest > 0 {
				wait = min(wait, rest)
				continue
			}
		}
		if (x.known && !anew) || x.locate(f.leader) {
			due = append(due, x)
		}
	}
	f.due = due
	return due, wait, retired
}

// locate finds out where the partition stands; false if it does not follow that leader any more.
func (x *fetching) locate(leader int32) bool {
	at, ok := x.p.position(leader)
	if !ok {
		x.known = false
		return false
	}
	at.Topic = x.topic
	if !x.known || !same(&x.at, &at) {
		x.at, x.known, x.link = at, true, nil
	}
	return true
}

func same(a, b *codec.FetchItem) bool {
	return a.Offset == b.Offset && a.LeaderEpoch == b.LeaderEpoch && a.LastFetchedEpoch == b.LastFetchedEpoch &&
		a.LogStart == b.LogStart && a.MaxBytes == b.MaxBytes
}

func (f *fetcher) sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-f.wake:
	case <-ctx.Done():
	}
}

// interrupted says whether the fetcher itself has cut the connection, as it has new partitions.
func (f *fetcher) interrupted() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.added || f.retired
}

// round asks for everything that is due, and appends what comes. Others come due after wait, so the leader is not to hold the
// request longer. The error is one of the connection.
func (f *fetcher) round(link *leaderLink, due []*fetching, wait time.Duration) error {
	// What came in since the plan is asked for in the next round, at once.
	f.mu.Lock()
	if f.added || f.retired {
		f.mu.Unlock()
		return nil
	}
	f.hangup = link.hangup
	f.mu.Unlock()
	resp, err := link.fetch(f.m, due, min(wait, time.Duration(f.m.o.FetchWaitMs)*time.Millisecond))
	f.mu.Lock()
	f.hangup = nil
	f.mu.Unlock()
	if err != nil {
		return err
	}
	if code := kproto.Error(resp.Err); code != kproto.NoError {
		link.forget()
		if code == kproto.FetchSessionIDNotFound || code == kproto.InvalidFetchSessionEpoch {
			return nil
		}
		return code
	}
	for i := range resp.Parts {
		part := &resp.Parts[i]
		if x := link.members[partitionKey{part.Topic, part.Partition}]; x != nil {
			if err := f.takeIn(link, x, part); err != nil {
				return err
			}
		}
	}
	if resp.SessionID == 0 {
		link.forget()
	}
	return nil
}

// takeIn hands a partition its part of an answer.
func (f *fetcher) takeIn(link *leaderLink, x *fetching, part *codec.FetchPart) error {
	kind := x.p.followed(f.leader, &x.at, part)
	if kind == replica.Bounds {
		start, end, code, err := link.bounds(f.m, x.p, &x.at)
		if err != nil {
			return err
		}
		kind = replica.Wait
		if code == kproto.NoError {
			kind = x.p.outOfRange(f.leader, start, end)
		}
	}
	switch kind {
	case replica.Wait:
		x.delay = f.later(x.delay)
		x.until = time.Now().Add(x.delay)
	default:
		x.delay = 0
	}
	x.known = x.locate(f.leader)
	return nil
}
