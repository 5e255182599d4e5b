package klog

import "time"

// A snapshot has the last batch of a producer alone, and a client may have five in flight. Those that the log has and that
// were not acknowledged before a restart are sent again: who does not know all of them takes the first for one out of
// order, and a client that is told so begins a new epoch and writes them once more. So the others are read from the log.
const (
	// recallBytes is how far back from a snapshot it is looked for them.
	recallBytes = 8 << 20
	// recallAge is for how long a producer may have been silent: after that nothing of it is in flight.
	recallAge = time.Hour
)

// recall completes producers of a snapshot at offset at with the batches before their last one.
func (l *Log) recall(state producers, at int64) error {
	since := l.nowMs() - recallAge.Milliseconds()
	recent := producers{}
	for id, known := range state {
		if known.n > 0 && known.lastTime >= since {
			recent[id] = known
		}
	}
	list := l.list()
	last := segmentFor(list, at-1)
	if len(recent) == 0 || last < 0 {
		return nil
	}
	seen := producers{}
	first, from, err := recallFrom(list[:last+1], at)
	for i := first; err == nil && i <= last; i++ {
		err = seen.noteUpTo(list[i], from, at, recent)
		from = 0
	}
	if err != nil {
		return err
	}
	for id, known := range recent {
		s := seen[id]
		if s != nil && s.n > 0 && s.epoch == known.epoch && s.batches[s.n-1].lastOffset == known.batches[0].lastOffset {
			known.batches, known.n = s.batches, s.n
		}
	}
	return nil
}

// recallFrom is the segment, and a batch's position in it, so many bytes before offset at, which is in the last segment or
// at its end.
func recallFrom(list []*segment, at int64) (segment int, pos int64, err error) {
	left := int64(recallBytes)
	for i := len(list) - 1; ; i-- {
		end := list[i].size.Load()
		if i == len(list)-1 {
			if end, _, err = list[i].position(at); ignoreEOF(err) != nil {
				return 0, 0, err
			}
		}
		if end >= left {
			pos, err = list[i].indexed(func(e []byte) bool { return entryPosition(e) <= end-left })
			return i, pos, err
		}
		if i == 0 {
			return 0, 0, nil
		}
		left -= end
	}
}

// noteUpTo takes over a segment's batches of those producers from a position on, up to offset at.
func (p producers) noteUpTo(seg *segment, from, at int64, of producers) error {
	scan := seg.scan(from, headerWindow)
	for {
		h, err := scan.header()
		if err != nil || h.BaseOffset >= at {
			return ignoreEOF(err)
		}
		if of[h.ProducerID] != nil && !h.Control() {
			p.note(h, -1)
		}
		scan.skip(h)
	}
}
