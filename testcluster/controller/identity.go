package controller

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
)

// A topic's id stands in /brokers/topics/T, and tools of Kafka up to 2.7 rewrite that znode without it (KAFKA-14190).
// Reading a znode that has one, and a version 3 they were not made for, is no trouble to them: they look at partitions
// and replicas alone. So every topic can be given an id, and one that was dropped must be given the same again, as long
// as the topic is the same: as long as the znode's czxid is.
//
// Who remembers it: the controller, for what it has seen; /brokers/topics/T/partitions, whose data Kafka leaves null,
// and which dies with the topic. A topic without an id that nobody remembers has never had one, and gets one that follows
// from its cluster, name and czxid, so that it would come out the same again.

// memory is the data of /brokers/topics/T/partitions.
func memory(id kproto.UUID) []byte {
	if id.IsZero() {
		return nil
	}
	return []byte(`{"version":1,"topic_id":"` + id.String() + `"}`)
}

// RememberedID reads the topic's id from the data of /brokers/topics/T/partitions. There is none in what Kafka's own
// controller has created.
func RememberedID(data []byte) (id kproto.UUID, ok bool) {
	_, rest, ok := bytes.Cut(data, []byte(`"topic_id":"`))
	if !ok {
		return id, false
	}
	text, _, _ := bytes.Cut(rest, []byte(`"`))
	id, err := kproto.ParseUUID(string(text))
	return id, err == nil && !id.IsZero()
}

// DerivedID is the id of a topic that has never had one.
func DerivedID(clusterID string, t *kzk.Topic) kproto.UUID {
	text := append([]byte(clusterID+"/"+t.Name), 0)
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(text, uint64(t.Czxid)))
	id := kproto.UUID(sum[:16])
	id[6] = id[6]&0x0f | 0x80 // RFC 9562: version 8, made in a way of its own
	id[8] = id[8]&0x3f | 0x80
	return id
}
