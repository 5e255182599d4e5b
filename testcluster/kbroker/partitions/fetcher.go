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

// fetchRound is what one request asked for.
type fetchRound struct {
	parts []*fetching
	items []codec.FetchItem // as sent, for each of parts
}

// run copies until the fetcher has no partitions, or ctx ends.
func (f *fetcher) run(ctx context.Context) {
	var link *leaderLink
	defer func() { link.close() }()
	var delay time.Duration
	for {
		round, wait, retired := f.plan()
		if retired || ctx.Err() != nil {
			return
		}
		if len(round.parts) == 0 {
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
		if err := f.round(link, round); err != nil {
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

// plan finds the partitions that are due, and where each one stands; or how long until the next one is.
func (f *fetcher) plan() (round fetchRound, wait time.Duration, retired bool) {
	f.mu.Lock()
	parts := f.parts
	f.added = false
	retired = f.retired
	f.mu.Unlock()
	now := time.Now()
	wait = time.Hour
	for _, x := range parts {
		if rest := x.until.Sub(now); rest > 0 {
			wait = min(wait, rest)
			continue
		}
		if it, ok := x.p.position(f.leader); ok {
			it.Topic = x.topic
			round.parts, round.items = append(round.parts, x), append(round.items, it)
		}
	}
	return round, wait, retired
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

// round asks for everything that is due, and appends what comes. The error is one of the connection.
func (f *fetcher) round(link *leaderLink, round fetchRound) error {
	// What came in since the plan is asked for in the next round, at once.
	f.mu.Lock()
	if f.added || f.retired {
		f.mu.Unlock()
		return nil
	}
	f.hangup = link.hangup
	f.mu.Unlock()
	resp, err := link.fetch(f.m, round)
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
	return f.takeIn(link, round, resp)
}

// takeIn hands each partition its part of an answer.
func (f *fetcher) takeIn(link *leaderLink, round fetchRound, resp *codec.FetchResponse) error {
	at := make(map[partitionKey]int, len(round.parts))
	for i, x := range round.parts {
		at[partitionKey{x.p.topic, x.p.id}] = i
	}
	for i := range resp.Parts {
		part := &resp.Parts[i]
		n, ok := at[partitionKey{part.Topic, part.Partition}]
		if !ok {
			continue
		}
		x, sent := round.parts[n], &round.items[n]
		kind := x.p.followed(f.leader, sent, part)
		if kind == replica.Bounds {
			start, end, code, err := link.bounds(f.m, x.p, sent)
			if err != nil {
				return err
			}
			kind = replica.Wait
			if code == kproto.NoError {
				kind = x.p.outOfRange(f.leader, start, end)
			}
		}
		if kind == replica.Wait {
			x.delay = f.later(x.delay)
			x.until = time.Now().Add(x.delay)
		} else {
			x.delay = 0
		}
	}
	return nil
}
