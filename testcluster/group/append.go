package group

import (
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// appending is a batch that is on its way into the log.
type appending struct {
	id       uint64
	answered bool
	err      kproto.Error
	done     func(now time.Time, err kproto.Error)
}

// append puts records into the log. Done is called when they are there, or are not, after those of all appends before.
func (s *Shard) append(records []kproto.Record, done func(now time.Time, err kproto.Error)) {
	s.lastID++
	s.queue = append(s.queue, &appending{id: s.lastID, done: done})
	s.out.Appends = append(s.out.Appends, Append{ID: s.lastID, Records: records})
}

// appendAll is append in pieces of maxTombstones. Done gets the first error there was.
func (s *Shard) appendAll(records []kproto.Record, done func(now time.Time, err kproto.Error)) {
	if len(records) == 0 {
		done(time.Time{}, kproto.NoError)
		return
	}
	var first kproto.Error
	for len(records) > maxTombstones {
		s.append(records[:maxTombstones], func(_ time.Time, err kproto.Error) { first = orElse(first, err) })
		records = records[maxTombstones:]
	}
	s.append(records, func(now time.Time, err kproto.Error) { done(now, orElse(first, err)) })
}

func orElse(first, second kproto.Error) kproto.Error {
	if first != kproto.NoError {
		return first
	}
	return second
}

// Appended tells the fate of an append: NoError when all in-sync replicas have it. An append that is not known, as after
// Close, is passed over.
func (s *Shard) Appended(now time.Time, id uint64, err kproto.Error) {
	if len(s.queue) == 0 || id < s.queue[0].id || id > s.lastID {
		return
	}
	a := s.queue[id-s.queue[0].id] // the ids in the queue have no gaps
	a.answered, a.err = true, err
	for len(s.queue) > 0 && s.queue[0].answered {
		head := s.queue[0]
		s.queue[0] = nil
		s.queue = s.queue[1:]
		head.done(now, head.err)
	}
}

// commitError is what the sender of a commit is told of a failed append. Source: GroupMetadataManager.storeOffsets.
func commitError(err kproto.Error) kproto.Error {
	switch err {
	case kproto.UnknownTopicOrPartition, kproto.NotEnoughReplicas, kproto.NotEnoughReplicasAfterAppend:
		return kproto.CoordinatorNotAvailable
	case kproto.NotLeaderOrFollower, kproto.KafkaStorageError:
		return kproto.NotCoordinator
	case kproto.MessageTooLarge, kproto.RecordListTooLarge, kproto.InvalidFetchSize:
		return kproto.InvalidCommitOffsetSize
	}
	return err
}

// storeError is what members are told when their group could not be stored. Source: GroupMetadataManager.storeGroup.
func storeError(err kproto.Error) kproto.Error {
	switch err {
	case kproto.UnknownTopicOrPartition, kproto.NotEnoughReplicas, kproto.NotEnoughReplicasAfterAppend:
		return kproto.CoordinatorNotAvailable
	case kproto.NotLeaderOrFollower, kproto.KafkaStorageError:
		return kproto.NotCoordinator
	case kproto.RequestTimedOut:
		return kproto.RebalanceInProgress
	case kproto.MessageTooLarge, kproto.RecordListTooLarge, kproto.InvalidFetchSize:
		return kproto.UnknownServerError
	}
	return err
}
