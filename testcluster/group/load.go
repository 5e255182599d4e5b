package group

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// loader is what has been read of the log.
type loader struct {
	groups map[string][]byte         // the newest value of each group; nil: deleted
	open   map[int64][]kproto.Record // transactions that have not ended, by producer
	read   int                       // records
	bad    int                       // records that could not be read
}

// maxComplaints bounds the events about single records.
const maxComplaints = 10

func (l *loader) init() {
	l.groups, l.open = map[string][]byte{}, map[int64][]kproto.Record{}
}

// Load takes in the next batch of the partition's log: its header, and its records without compression. An error is a batch
// that is damaged. Records that cannot be understood are passed over, with an event.
func (s *Shard) Load(h kproto.BatchHeader, records []byte) error {
	if s.phase != loading {
		return nil
	}
	if h.Control() {
		return s.loadMarker(h, records)
	}
	return kproto.WalkRecords(h, records, func(r kproto.Record) error {
		if h.Transactional() {
			r.Key, r.Value, r.Headers = bytes.Clone(r.Key), bytes.Clone(r.Value), nil
			s.loader.open[h.ProducerID] = append(s.loader.open[h.ProducerID], r)
			return nil
		}
		s.loadRecord(r)
		return nil
	})
}

// loadMarker ends a transaction: its offsets count, or they never were.
func (s *Shard) loadMarker(h kproto.BatchHeader, records []byte) error {
	const commit = 1
	return kproto.WalkRecords(h, records, func(r kproto.Record) error {
		if len(r.Key) >= 4 && binary.BigEndian.Uint16(r.Key[2:]) == commit {
			for _, open := range s.loader.open[h.ProducerID] {
				s.loadRecord(open)
			}
		}
		delete(s.loader.open, h.ProducerID)
		return nil
	})
}

func (s *Shard) loadRecord(r kproto.Record) {
	s.loader.read++
	if err := s.understand(r); err != nil {
		if s.loader.bad++; s.loader.bad <= maxComplaints {
			s.event("", "record at offset %d: %v", r.Offset, err)
		}
	}
}

func (s *Shard) understand(r kproto.Record) error {
	if len(r.Key) < 2 {
		return errors.New("no key")
	}
	switch version := int16(binary.BigEndian.Uint16(r.Key)); version {
	case 0, offsetKeyVersion:
		var k kmsg.OffsetCommitKey
		if err := k.ReadFrom(r.Key); err != nil {
			return fmt.Errorf("key of an offset: %w", err)
		}
		return s.loadOffset(k.Group, topicPartition{k.Topic, k.Partition}, r.Value)
	case groupKeyVersion:
		var k kmsg.GroupMetadataKey
		if err := k.ReadFrom(r.Key); err != nil {
			return fmt.Errorf("key of a group: %w", err)
		}
		s.loader.groups[k.Group] = bytes.Clone(r.Value)
		return nil
	default:
		return fmt.Errorf("%w %d of the key", errVersion, version)
	}
}

func (s *Shard) loadOffset(name string, tp topicPartition, value []byte) error {
	g := s.groups[name]
	if value == nil {
		if g != nil {
			g.dropOffset(tp)
		}
		return nil
	}
	o, err := readOffsetValue(value)
	if err != nil {
		return fmt.Errorf("offset of %s for %s-%d: %w", name, tp.topic, tp.partition, err)
	}
	if g == nil {
		g = s.addGroup(name)
	}
	g.setOffset(tp, o)
	return nil
}

// Activate is the end of the log: from now on the shard answers. The members of its groups have a session's time to show
// that they are still there. A group that has more than are allowed now is asked to join again, so that it gets smaller.
func (s *Shard) Activate(now time.Time) {
	if s.phase != loading {
		return
	}
	for name, value := range s.loader.groups {
		if value == nil {
			continue
		}
		v, err := readGroupValue(value)
		if err != nil {
			s.loader.bad++
			s.event(name, "the group cannot be read: %v", err)
			continue
		}
		g := s.groups[name]
		if g == nil {
			g = s.addGroup(name)
		}
		g.restore(v)
	}
	s.phase = active
	for _, g := range s.sorted() {
		if g.generation == 0 && len(g.members)+len(g.offsets) == 0 {
			delete(s.groups, g.name)
			continue
		}
		for _, m := range g.order {
			g.heard(now, m)
		}
		if len(g.members) > s.c.MaxSize {
			g.prepare(now, "it has more members than are allowed")
		}
	}
	if s.loader.read > 0 {
		s.event("", "loaded %d groups of %d records, %d not understood", len(s.groups), s.loader.read, s.loader.bad)
	}
	s.loader = loader{}
	s.timers.set(s.sweep, now.Add(s.c.RetentionCheck))
}
