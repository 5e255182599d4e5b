package zab

import "encoding/binary"

// protocolVersion is that of ZAB 1.0, in LearnerInfo and LEADERINFO. Those below it (ZooKeeper before 3.4) negotiate
// no epoch, and are not spoken with.
const protocolVersion = 0x10000

// learnerInfo is what a learner says of itself in FOLLOWERINFO and OBSERVERINFO:
//
//	i64 server id | i32 protocol version | i64 configuration version
//
// Older ones leave away from the end. The configuration's version matters to reconfig alone.
//
// Source: LearnerInfo, LearnerHandler.run.
func learnerInfo(id ServerID) []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 20), uint64(id))
	b = binary.BigEndian.AppendUint32(b, protocolVersion)
	return binary.BigEndian.AppendUint64(b, 0)
}

// readLearnerInfo returns the server's id; ok is false if it is too old, or nonsense.
func readLearnerInfo(b []byte) (id ServerID, ok bool) {
	if len(b) != 12 && len(b) != 20 {
		return 0, false // 8 bytes are an id without a version: too old
	}
	version := int32(binary.BigEndian.Uint32(b[8:]))
	return ServerID(binary.BigEndian.Uint64(b)), version >= protocolVersion
}

// i32 is the payload of LEADERINFO (the protocol version) and ACKEPOCH (the learner's current epoch).
func i32(v int64) []byte { return binary.BigEndian.AppendUint32(nil, uint32(v)) }

func readI32(b []byte) (v int64, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	return int64(int32(binary.BigEndian.Uint32(b))), true
}

// maxEpoch is what the upper half of a positive zxid holds.
const maxEpoch = 1<<31 - 1

// epochZxid is what stands for an epoch as a whole: no transaction has it.
func epochZxid(epoch int64) Zxid { return Zxid(uint64(epoch) << 32) }

// follows says whether a transaction z can stand behind prev in a log: it is the next of the epoch, or one of a later
// epoch.
func follows(prev, z Zxid) bool {
	if z.Counter() == 0 || z <= prev {
		return false
	}
	return z == prev+1 || z.Epoch() > prev.Epoch()
}
