package group

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// The records of __consumer_offsets. Their keys begin with a version, which tells what they are about:
//
//	0, 1   an offset: group, topic, partition
//	2      a group: name
//
// Their values begin with a version of their own. A null value deletes. Written are the versions that Kafka 2.7 writes;
// read are all that there have been since 0.9. Keys of other versions belong to newer kinds of groups.
// Source: GroupMetadataManager.
const (
	offsetKeyVersion = 1
	groupKeyVersion  = 2

	offsetValueVersion        = 3
	offsetValueVersionExpires = 1 // the only one with a time of expiry
	groupValueVersion         = 3

	newestOffsetValue = 4
	newestGroupValue  = 4
)

var errVersion = errors.New("unknown version")

// noTime stands for a time that is not known.
const noTime = -1

// offset is what has been committed for a partition.
type offset struct {
	at       int64
	epoch    int32 // of the leader that the record came from; -1: not known
	metadata string
	commit   int64 // when, in ms
	expires  int64 // when it ends, in ms; noTime: when the group's retention says so
}

type topicPartition struct {
	topic     string
	partition int32
}

func offsetKey(group string, tp topicPartition) []byte {
	k := kmsg.OffsetCommitKey{Version: offsetKeyVersion, Group: group, Topic: tp.topic, Partition: tp.partition}
	return k.AppendTo(nil)
}

func groupKey(group string) []byte {
	k := kmsg.GroupMetadataKey{Version: groupKeyVersion, Group: group}
	return k.AppendTo(nil)
}

func offsetValue(o offset) []byte {
	v := kmsg.NewOffsetCommitValue()
	v.Version = offsetValueVersion
	if o.expires != noTime {
		v.Version, v.ExpireTimestamp = offsetValueVersionExpires, o.expires
	}
	v.Offset, v.LeaderEpoch, v.Metadata, v.CommitTimestamp = o.at, o.epoch, o.metadata, o.commit
	return v.AppendTo(nil)
}

func readOffsetValue(b []byte) (offset, error) {
	version, err := valueVersion(b, newestOffsetValue)
	if err != nil {
		return offset{}, err
	}
	v := kmsg.NewOffsetCommitValue()
	if err := v.ReadFrom(b); err != nil {
		return offset{}, err
	}
	o := offset{at: v.Offset, epoch: -1, metadata: v.Metadata, commit: v.CommitTimestamp, expires: noTime}
	if version >= 3 {
		o.epoch = v.LeaderEpoch
	}
	if version == 1 && v.ExpireTimestamp != noTime {
		o.expires = v.ExpireTimestamp
	}
	return o, nil
}

func valueVersion(b []byte, newest int16) (int16, error) {
	if len(b) < 2 {
		return 0, errors.New("too short")
	}
	version := int16(binary.BigEndian.Uint16(b))
	if version < 0 || version > newest {
		return 0, fmt.Errorf("%w %d of the value", errVersion, version)
	}
	return version, nil
}

// value is the group as it is stored: with these assignments, or nil for those that the members have.
func (g *group) value(assignments map[string][]byte) []byte {
	v := kmsg.NewGroupMetadataValue()
	v.Version = groupValueVersion
	v.ProtocolType, v.Generation = g.protocolType, g.generation
	v.Protocol, v.Leader = optional(g.protocol), optional(g.leader)
	if !g.since.IsZero() {
		v.CurrentStateTimestamp = g.since.UnixMilli()
	}
	for _, m := range g.order {
		e := kmsg.NewGroupMetadataValueMember()
		e.MemberID, e.InstanceID, e.ClientID, e.ClientHost = m.id, m.instance, m.client.ID, m.client.Host
		e.RebalanceTimeoutMillis, e.SessionTimeoutMillis = int32(m.rebalance.Milliseconds()), int32(m.session.Milliseconds())
		e.Subscription, e.Assignment = m.metadata(g.protocol), m.assignment
		if assignments != nil {
			e.Assignment = assignments[m.id]
		}
		v.Members = append(v.Members, e)
	}
	return v.AppendTo(nil)
}

// store puts the group into the log.
func (g *group) store(now time.Time, assignments map[string][]byte, done func(now time.Time, err kproto.Error)) {
	record := kproto.Record{Timestamp: now.UnixMilli(), Key: groupKey(g.name), Value: g.value(assignments)}
	g.s.append([]kproto.Record{record}, done)
}

func readGroupValue(b []byte) (*kmsg.GroupMetadataValue, error) {
	if _, err := valueVersion(b, newestGroupValue); err != nil {
		return nil, err
	}
	v := kmsg.NewGroupMetadataValue()
	if err := v.ReadFrom(b); err != nil {
		return nil, err
	}
	return &v, nil
}

// restore makes the group what it was when it was stored.
func (g *group) restore(v *kmsg.GroupMetadataValue) {
	g.protocolType, g.generation = v.ProtocolType, v.Generation
	if v.Version >= 2 && v.CurrentStateTimestamp != noTime {
		g.since = time.UnixMilli(v.CurrentStateTimestamp)
	}
	if len(v.Members) == 0 {
		return
	}
	g.state = Stable
	if v.Protocol != nil {
		g.protocol = *v.Protocol
	}
	if v.Leader != nil {
		g.leader = *v.Leader
	}
	for _, e := range v.Members {
		if g.members[e.MemberID] != nil {
			continue
		}
		m := &member{id: e.MemberID, instance: e.InstanceID, client: Client{e.ClientID, e.ClientHost}, assignment: e.Assignment, proven: true,
			session:   time.Duration(e.SessionTimeoutMillis) * time.Millisecond,
			rebalance: time.Duration(e.RebalanceTimeoutMillis) * time.Millisecond,
			protocols: []protocol{{g.protocol, e.Subscription}}}
		if v.Version == 0 {
			m.rebalance = m.session
		}
		g.add(time.Time{}, m, 0)
	}
	if g.members[g.leader] == nil {
		g.leader = g.order[0].id
	}
	g.subscribe = g.topics()
}
