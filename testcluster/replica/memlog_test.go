package replica_test

import "slices"

// record is one record with the epoch it was written in.
type record struct {
	epoch int32
	value string
}

// memLog is a log in memory with Kafka's cache of leader epochs.
type memLog struct {
	base, start int64 // of records[0]; of what may be read
	records     []record
	epochs      []epochStart
}

type epochStart struct {
	epoch int32
	start int64
}

func (l *memLog) at(o int64) record  { return l.records[o-l.base] }
func (l *memLog) StartOffset() int64 { return l.start }
func (l *memLog) EndOffset() int64   { return l.base + int64(len(l.records)) }

func (l *memLog) LatestEpoch() int32 {
	if len(l.epochs) == 0 {
		return -1
	}
	return l.epochs[len(l.epochs)-1].epoch
}

// EndOffsetForEpoch is as replica.Log wants it.
func (l *memLog) EndOffsetForEpoch(epoch int32) (int32, int64) {
	switch {
	case len(l.epochs) == 0 || epoch > l.LatestEpoch():
		return -1, -1
	case epoch == l.LatestEpoch():
		return epoch, l.EndOffset()
	case epoch < l.epochs[0].epoch:
		return epoch, l.epochs[0].start
	}
	i := 0
	for l.epochs[i+1].epoch <= epoch {
		i++
	}
	return l.epochs[i].epoch, l.epochs[i+1].start
}

// assign writes down the beginning of a leader's epoch.
func (l *memLog) assign(epoch int32) { l.learn(epoch, l.EndOffset()) }

// learn takes an epoch from a record, or from an election.
func (l *memLog) learn(epoch int32, start int64) {
	if epoch > l.LatestEpoch() {
		l.epochs = slices.DeleteFunc(l.epochs, func(e epochStart) bool { return e.start >= start })
		l.epochs = append(l.epochs, epochStart{epoch, start})
	}
}

// truncate also drops an epoch that began at the end, and got no record.
func (l *memLog) truncate(to int64) {
	if to < l.EndOffset() {
		l.records = l.records[:to-l.base]
	}
	l.epochs = slices.DeleteFunc(l.epochs, func(e epochStart) bool { return e.start >= to })
}
