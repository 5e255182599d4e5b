package lease

import (
	"encoding/binary"
	"math"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// FirstID is the id before the first session of a server that starts now:
// 8 bits of server id, 40 bits of milliseconds, 16 zero bits. Each new session adds one.
// Source: SessionTrackerImpl.initializeNextSessionId.
func FirstID(server int64, nowMillis int64) zkproto.SessionID {
	id := int64(uint64(nowMillis)<<24>>8) | server<<56
	if id == math.MinInt64 { // the owner mark of container nodes
		id++
	}
	return zkproto.SessionID(id)
}

// passwordSecret is Apache's superSecret.
const passwordSecret = 0xB3415C00

// Password is the password of a session: 16 bytes of java.util.Random seeded with the id.
// Servers derive it and never store it. Source: ZooKeeperServer.generatePasswd.
func Password(id zkproto.SessionID) [zkproto.PasswordLen]byte {
	const mask, multiplier, addend = 1<<48 - 1, 0x5DEECE66D, 0xB
	var p [zkproto.PasswordLen]byte
	seed := (uint64(id) ^ passwordSecret ^ multiplier) & mask
	for at := 0; at < len(p); at += 4 {
		seed = (seed*multiplier + addend) & mask
		binary.LittleEndian.PutUint32(p[at:], uint32(seed>>16))
	}
	return p
}

// ValidPassword says whether password is that of the session. Session 0 has none.
func ValidPassword(id zkproto.SessionID, password []byte) bool {
	want := Password(id)
	return id != 0 && string(password) == string(want[:])
}
