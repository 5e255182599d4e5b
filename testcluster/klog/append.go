package klog

import (
	"errors"
	"fmt"
	"math"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// AppendOptions say how [Log.AppendLeader] treats a batch. The zero value is a client's batch.
type AppendOptions struct {
	// Internal is a batch of the broker's own: it may have any size, be a control batch, and stays as it is.
	Internal bool
	// NoZstd refuses zstd, for requests older than Produce version 7.
	NoZstd bool
}

// Appended says what an append did.
type Appended struct {
	Base, Last    int64 // offsets; Last < Base when nothing was appended
	LogAppendTime int64 // ms; -1 unless the topic has LogAppendTime
	Duplicate     bool  // the batch was there already, at these offsets
	LogStart      int64
	Records       int64 // how many records, Size how many bytes were appended
	Size          int64
	LeaderEpoch   int32 // of the last batch; -1 if there was none
}

// placed is a batch within a buffer.
type placed struct {
	h   kproto.BatchHeader
	off int
}

// AppendLeader appends one batch of a producer: it validates it, and gives it its offsets, the
// leader's epoch and, if the topic says so, its time and codec. A batch that was appended before is not appended
// again: Duplicate, with the old offsets.
//
// The log takes the batch over: it is changed in place, and readers may see it long after. An error
// wraps the [kproto.Error] for the client: a [*BatchError] or [kproto.MalformedError] if it is the batch's fault.
func (l *Log) AppendLeader(batch []byte, epoch int32, o AppendOptions) (Appended, error) {
	cfg := l.config.Load()
	now := l.nowMs()
	p, err := prepare(batch, cfg, o, now, &l.shared.coders)
	if err != nil {
		return nothing, err
	}
	l.mu.Lock()
	a, err := l.appendLeaderLocked(p, epoch, cfg, now)
	l.mu.Unlock()
	if err != nil || a.Duplicate {
		return a, err
	}
	return a, l.flushIfDue(a.Last+1, cfg)
}

var nothing = Appended{Base: 0, Last: -1, LogAppendTime: -1, LeaderEpoch: -1}

func (l *Log) appendLeaderLocked(p prepared, epoch int32, cfg *Config, now int64) (Appended, error) {
	if err := l.usableLocked(); err != nil {
		return nothing, err
	}
	if latest := l.epochs.latest(); epoch < latest {
		return nothing, fmt.Errorf("append to %s in epoch %d, but it has epoch %d: %w", l, epoch, latest, kproto.FencedLeaderEpoch)
	}
	if p.h.ProducerID >= 0 && !p.h.Control() {
		if base, last, found := l.producers.duplicate(p.h); found {
			return Appended{Base: base, Last: last, LogAppendTime: p.time, Duplicate: true,
				LogStart: l.start.Load(), LeaderEpoch: epoch}, nil
		}
		if err := l.producers.check(p.h); err != nil {
			return nothing, err
		}
	}
	p.h.BaseOffset = l.end.Load()
	p.h.PartitionLeaderEpoch = epoch
	if p.h.BaseOffset > math.MaxInt64-int64(p.h.LastOffsetDelta)-1 {
		return nothing, refuse(kproto.InvalidRecord, "there are no offsets left")
	}
	kproto.SetBaseOffset(p.batch, p.h.BaseOffset)
	kproto.SetLeaderEpoch(p.batch, epoch)
	l.scratch = append(l.scratch[:0], placed{p.h, 0})
	if err := l.writeLocked(p.batch, l.scratch, cfg, now); err != nil {
		return nothing, err
	}
	return Appended{Base: p.h.BaseOffset, Last: p.h.LastOffset(), LogAppendTime: p.time, LogStart: l.start.Load(),
		Records: int64(p.h.Count), Size: int64(len(p.batch)), LeaderEpoch: epoch}, nil
}

// AppendFollower appends batches as they came from the leader of an epoch, with their offsets and epochs. The last
// one may be torn, and is then left out. Batches that are below the end, or of a later epoch, are an error, and nothing is
// appended: what a later leader has written may not fit what this one has. The log takes the bytes over.
func (l *Log) AppendFollower(batches []byte, epoch int32) (Appended, error) {
	cfg := l.config.Load()
	l.mu.Lock()
	a, err := l.appendFollowerLocked(batches, epoch, cfg, l.nowMs())
	l.mu.Unlock()
	if err != nil || a.Last < a.Base {
		return a, err
	}
	return a, l.flushIfDue(a.Last+1, cfg)
}

func (l *Log) appendFollowerLocked(batches []byte, epoch int32, cfg *Config, now int64) (Appended, error) {
	if err := l.usableLocked(); err != nil {
		return nothing, err
	}
	run, err := split(l.scratch[:0], batches, l.end.Load(), epoch)
	l.scratch = run[:0]
	if err != nil {
		return nothing, fmt.Errorf("append from the leader to %s: %w", l, err)
	}
	a := nothing
	a.Base, a.Last = l.end.Load(), l.end.Load()-1
	for len(run) > 0 {
		n := l.fitting(run, cfg)
		last := run[n-1]
		if err := l.writeLocked(batches[:last.off+last.h.Size()], run[:n], cfg, now); err != nil {
			return a, err
		}
		for _, p := range run[:n] {
			a.Records += int64(p.h.Count)
			a.Size += int64(p.h.Size())
		}
		if a.LeaderEpoch < 0 {
			a.Base = run[0].h.BaseOffset
		}
		a.Last, a.LeaderEpoch = last.h.LastOffset(), last.h.PartitionLeaderEpoch
		run = run[n:]
	}
	a.LogStart = l.start.Load()
	return a, nil
}

// split finds the batches in b, appends them to run and checks that they may stand behind end, in an epoch.
func split(run []placed, b []byte, end int64, epoch int32) ([]placed, error) {
	for off := 0; len(b)-off >= kproto.BatchHeaderSize; {
		h, err := kproto.ParseBatchHeader(b[off:])
		if err != nil {
			return run, err
		}
		if h.Size() > len(b)-off {
			break
		}
		if h.BaseOffset < end {
			return run, fmt.Errorf("a batch begins at %d, below %d: %w", h.BaseOffset, end, kproto.OffsetOutOfRange)
		}
		if h.PartitionLeaderEpoch > epoch {
			return run, fmt.Errorf("the batch at offset %d is of leader epoch %d, above %d: %w", h.BaseOffset, h.PartitionLeaderEpoch, epoch, kproto.UnknownLeaderEpoch)
		}
		if h.LastOffsetDelta > maxDelta {
			return run, refuse(kproto.CorruptMessage, "the batch at offset %d has offsets for %d records more", h.BaseOffset, h.LastOffsetDelta)
		}
		if !kproto.CheckCRC(b[off : off+h.Size()]) {
			return run, refuse(kproto.CorruptMessage, "the checksum of the batch at offset %d is wrong", h.BaseOffset)
		}
		run = append(run, placed{h, off})
		end = h.NextOffset()
		off += h.Size()
	}
	return run, nil
}

// fitting is how many of the batches go into one segment together: at least one.
func (l *Log) fitting(run []placed, cfg *Config) int {
	seg := l.active()
	room := int64(cfg.SegmentBytes) - seg.size.Load()
	if int64(run[0].h.Size()) > room {
		room = int64(cfg.SegmentBytes) // a new one
	}
	n, size := 0, int64(0)
	for ; n < len(run); n++ {
		size += int64(run[n].h.Size())
		if n > 0 && (size > room || run[n].h.LastOffset()-l.end.Load() > maxRelative) {
			break
		}
	}
	return n
}

// writeLocked writes batches[run[0].off:] to the active segment, or to a new one, and makes them visible. run are
// the batches in it.
func (l *Log) writeLocked(batches []byte, run []placed, cfg *Config, now int64) error {
	bytes := batches[run[0].off:]
	seg, err := l.segmentForLocked(int64(len(bytes)), run, cfg, now)
	if err != nil {
		return err
	}
	pos := seg.size.Load()
	if _, err := seg.file.WriteAt(bytes, pos); err != nil {
		return l.writeFailed(seg, pos, err)
	}
	first := pos - int64(run[0].off)
	for i := range run {
		h := run[i].h
		l.producers.note(h, coordinatorEpoch(h, batches[run[i].off:]))
		l.epochs.assign(h.PartitionLeaderEpoch, h.BaseOffset)
		seg.note(h, first+int64(run[i].off), int64(cfg.IndexIntervalBytes))
		l.ring.add(h.BaseOffset, h.NextOffset(), batches, run[i].off, h.Size(), now)
	}
	seg.size.Store(pos + int64(len(bytes)))
	l.end.Store(run[len(run)-1].h.NextOffset())
	l.unflushed.CompareAndSwap(0, now)
	return nil
}

// writeFailed takes back what of a failed write may be in the file, as far as that is possible: the next start cuts off
// the rest.
func (l *Log) writeFailed(seg *segment, pos int64, err error) error {
	return l.fail("append to", errors.Join(err, seg.file.Truncate(pos)))
}

// coordinatorEpoch is what a transaction marker says: its value is i16 version, i32 epoch.
func coordinatorEpoch(h kproto.BatchHeader, batch []byte) int32 {
	epoch := int32(-1)
	if !h.Control() || h.Codec() != kproto.CodecNone {
		return epoch
	}
	_ = kproto.WalkRecords(h, batch[kproto.BatchHeaderSize:h.Size()], func(r kproto.Record) error {
		if len(r.Value) >= 6 {
			epoch = int32(uint32(r.Value[2])<<24 | uint32(r.Value[3])<<16 | uint32(r.Value[4])<<8 | uint32(r.Value[5]))
		}
		return nil
	})
	return epoch
}
