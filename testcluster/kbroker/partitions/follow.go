package partitions

import (
	"log/slog"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/partitions/codec"
	"github.com/zoka-project/zoka/testcluster/replica"
)

// position is what a follower asks its leader for next; false if it does not follow that leader.
func (p *partition) position(leader int32) (codec.FetchItem, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.follow == nil || p.follow.Leader != leader {
		return codec.FetchItem{}, false
	}
	return codec.FetchItem{Partition: p.id, LeaderEpoch: p.follow.Epoch, Offset: p.log.EndOffset(),
		LastFetchedEpoch: p.log.LatestEpoch(), LogStart: p.log.StartOffset(), MaxBytes: p.m.o.FetchMaxBytes}, true
}

// followed takes in what the leader answered to sent, and returns what was done about it.
func (p *partition) followed(leader int32, sent *codec.FetchItem, part *codec.FetchPart) replica.Kind {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.follow == nil || p.follow.Leader != leader {
		return replica.Ignore
	}
	step := p.follow.Answered(p.log, replica.Answer{Epoch: sent.LeaderEpoch, Offset: sent.Offset, Err: kproto.Error(part.Err),
		HighWatermark: part.HighWatermark, LogStart: part.LogStart,
		Diverging: part.Diverging, EndEpoch: part.EndEpoch, End: part.End, Bytes: part.Size})
	return p.step(step, part.Records)
}

// outOfRange takes in where the leader's log begins and ends, after an offset that it does not have.
func (p *partition) outOfRange(leader int32, start, end int64) replica.Kind {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.follow == nil || p.follow.Leader != leader {
		return replica.Ignore
	}
	return p.step(p.follow.OutOfRange(p.log, start, end), nil)
}

// step does what is due to the log. Where that fails the follower waits. The caller holds the lock.
func (p *partition) step(s replica.Step, records [][]byte) replica.Kind {
	var err error
	end, epoch := p.log.EndOffset(), p.log.LatestEpoch()
	switch s.Kind {
	case replica.Append:
		for _, r := range records {
			if _, err = p.log.AppendFollower(r, p.follow.Epoch); err != nil {
				break
			}
		}
		if hw := min(s.HighWatermark, p.log.EndOffset()); hw > p.log.HighWatermark() {
			p.log.SetHighWatermark(hw)
		}
		if start := min(s.LogStart, p.log.HighWatermark()); err == nil && start > p.log.StartOffset() {
			err = p.log.SetStartOffset(start)
		}
	case replica.Truncate:
		p.logger().Info("truncating to the leader's log", slog.Any("from", end), slog.Any("to", s.Offset))
		err = p.log.Truncate(s.Offset)
		if err == nil && p.log.EndOffset() == end && p.log.LatestEpoch() == epoch {
			return replica.Wait // nothing has changed, so the next answer will be the same
		}
	case replica.Restart:
		p.logger().Warn("starting over, as the leader's log begins behind this one", slog.Any("end", end), slog.Any("start", s.Offset))
		err = p.log.TruncateFullyAndStartAt(s.Offset)
	}
	if err != nil {
		p.logger().Error("a follower's log failed", slog.String("step", s.Kind.String()), slog.Any("err", err))
		return replica.Wait
	}
	return s.Kind
}

func (p *partition) logger() *slog.Logger {
	return p.m.o.Logger.With(slog.String("topic", p.topic), slog.Any("partition", p.id))
}
