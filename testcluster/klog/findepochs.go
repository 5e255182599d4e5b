package klog

import (
	"errors"
	"io"
)

// completeEpochs finds the leader epochs in the batches anew where leader-epoch-checkpoint is missing or damaged, which
// is why (nil: it could be read), or lacks what the last batch has: a replica that does not know them could not
// tell where its log and another one part. Epochs that have no record are lost; nobody misses them.
//
// A log of which nothing was durable need not have the file.
func (l *Log) completeEpochs(why error, durable bool) error {
	last, err := l.lastBatchEpoch()
	if err != nil || why == nil && last <= l.epochs.latest() {
		return err
	}
	if why == nil {
		why = &FormatError{File: l.file(epochsFile), Reason: "it lacks what the batches have"}
	}
	if durable && last >= 0 {
		l.shared.warn("the leader epochs are found in the batches anew", "log", l.String(), "err", why)
	}
	l.epochs.clear()
	for _, seg := range l.list() {
		if err := l.findEpochs(seg); err != nil {
			return err
		}
	}
	return l.epochs.save(l.fsys, l.folder())
}

// lastBatchEpoch is the leader epoch of the log's last batch, -1 without one.
func (l *Log) lastBatchEpoch() (int32, error) {
	list := l.list()
	for i := len(list) - 1; i >= 0; i-- {
		_, h, err := list[i].position(l.end.Load() - 1)
		if torn := (*tornError)(nil); err == io.EOF || errors.As(err, &torn) {
			continue
		}
		return h.PartitionLeaderEpoch, err
	}
	return -1, nil
}

// findEpochs takes the epochs of a segment's batches, as far as they can be read.
func (l *Log) findEpochs(seg *segment) error {
	scan := seg.scan(0, headerWindow)
	for {
		h, err := scan.header()
		if torn := (*tornError)(nil); errors.As(err, &torn) {
			return nil
		}
		if err != nil {
			return ignoreEOF(err)
		}
		if h.PartitionLeaderEpoch > l.epochs.latest() {
			l.epochs.assign(h.PartitionLeaderEpoch, h.BaseOffset)
		}
		scan.skip(h)
	}
}
