package klog

import (
	"slices"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// loadProducers rebuilds the producers' state at offset next from the newest snapshot that is not behind
// it, and the headers from there on.
func (l *Log) loadProducers(next int64) error {
	from := l.list()[0].base
	offsets, err := l.keepSnapshots(from, next)
	if err != nil {
		return err
	}
	l.producers = producers{}
	for _, offset := range slices.Backward(offsets) {
		path := l.file(fileName(offset, snapshotSuffix))
		b, err := storage.ReadFile(l.fsys, path)
		if err != nil {
			return err
		}
		state, err := decodeProducers(path, b)
		if err == nil {
			l.producers, from = state, offset
			if err := l.recall(state, offset); err != nil {
				return err
			}
			break
		}
		l.shared.warn("a snapshot of the producers is not readable; the log is read instead", "err", err)
	}
	return l.replayProducers(from, next)
}

// keepSnapshots removes the snapshots that are not for offsets from first to last, and returns the others,
// ascending. It is durable: one that came back would be taken for a state of what is written there next.
func (l *Log) keepSnapshots(first, last int64) ([]int64, error) {
	names, err := folderNames(l.fsys, l.folder())
	if err != nil {
		return nil, err
	}
	var kept []int64
	removed := false
	for _, offset := range snapshotOffsets(names) {
		if first <= offset && offset <= last {
			kept = append(kept, offset)
			continue
		}
		removed = true
		if err := removeIfThere(l.fsys, l.file(fileName(offset, snapshotSuffix))); err != nil {
			return nil, err
		}
	}
	if removed {
		err = l.fsys.SyncDir(l.folder())
	}
	slices.Sort(kept)
	return kept, err
}

// replayProducers takes the batches from offset from to next into the producers' state.
func (l *Log) replayProducers(from, next int64) error {
	list := l.list()
	for i := max(segmentFor(list, from), 0); i < len(list); i++ {
		if list[i].base >= next || i+1 < len(list) && list[i+1].base <= from {
			continue
		}
		if err := l.replaySegment(list[i], from, next); err != nil {
			return err
		}
	}
	l.producers.expire(l.nowMs() - l.shared.producerExpiry.Milliseconds())
	return nil
}

func (l *Log) replaySegment(seg *segment, from, next int64) error {
	pos, _, err := seg.position(from)
	if err != nil {
		return ignoreEOF(err)
	}
	scan := seg.scan(pos, headerWindow)
	for {
		h, err := scan.header()
		if err != nil || h.BaseOffset >= next {
			return ignoreEOF(err)
		}
		epoch := int32(-1)
		if h.Control() {
			batch, err := scan.batch(h)
			if err != nil {
				return err
			}
			epoch = coordinatorEpoch(h, batch)
		}
		l.producers.note(h, epoch)
		scan.skip(h)
	}
}
