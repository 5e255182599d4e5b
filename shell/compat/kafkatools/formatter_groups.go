package kafkatools

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// groupFormatter shows records of __consumer_offsets: OffsetsMessageFormatter those of offsets, and
// GroupMetadataMessageFormatter those of groups. The others are left out. 2.7 writes the coordinator's own objects as
// Scala shows them, a line each; 4 writes JSON, with nothing between.
type groupFormatter struct {
	offsets bool
	is27    bool
}

func (f groupFormatter) append(dst []byte, r *kmodel.Record) ([]byte, error) {
	if r.Key == nil {
		return dst, nil
	}
	key, err := readGroupKey(r.Key)
	if err != nil || key.version < 2 != f.offsets {
		return dst, nil // of what this one does not show
	}
	if f.is27 {
		return f.scala(dst, key, r.Value)
	}
	return f.json(dst, key, r.Value)
}

func (f groupFormatter) scala(dst []byte, key groupKey, value []byte) ([]byte, error) {
	name := key.group
	if f.offsets {
		name = fmt.Sprintf("[%s,%s,%d]", key.group, key.topic, key.partition)
	}
	text := "NULL"
	switch {
	case value == nil:
	case f.offsets:
		v, err := readOffsetValue(value)
		if err != nil {
			return dst, err
		}
		text = v.scala()
	default:
		v, err := readGroupValue(value)
		if err != nil {
			return dst, err
		}
		text = v.scala(key.group)
	}
	return fmt.Appendf(dst, "%s::%s\n", name, text), nil
}

// scala is the value as OffsetAndMetadata of 2.7 shows itself.
func (v offsetValue) scala() string {
	epoch, expires := "Optional.empty", "None"
	if v.leaderEpoch >= 0 {
		epoch = fmt.Sprintf("Optional[%d]", v.leaderEpoch)
	}
	if v.expires >= 0 {
		expires = fmt.Sprintf("Some(%d)", v.expires)
	}
	return fmt.Sprintf("OffsetAndMetadata(offset=%d, leaderEpoch=%s, metadata=%s, commitTimestamp=%d, expireTimestamp=%s)",
		v.offset, epoch, v.metadata, v.committed, expires)
}

// scala is the value as GroupMetadata of 2.7 shows itself.
func (v groupValue) scala(group string) string {
	state := "Stable"
	if len(v.members) == 0 {
		state = "Empty"
	}
	var members []string
	for _, m := range v.members {
		members = append(members, fmt.Sprintf("%s -> MemberMetadata(memberId=%s, groupInstanceId=Some(%s), clientId=%s, clientHost=%s, "+
			"sessionTimeoutMs=%d, rebalanceTimeoutMs=%d, supportedProtocols=List(%s), )",
			m.id, m.id, orElse(deref(m.instance), "null"), m.client, m.host, m.sessionTimeout, m.rebalanceTimeout, deref(v.protocol)))
	}
	return fmt.Sprintf("GroupMetadata(groupId=%s, generation=%d, protocolType=Some(%s), currentState=%s, members=HashMap(%s))",
		group, v.generation, v.protocolType, state, strings.Join(members, ", "))
}

func (f groupFormatter) json(dst []byte, key groupKey, value []byte) ([]byte, error) {
	dst = append(fmt.Appendf(dst, `{"key":{"type":%d,"data":{"group":`, key.version), quoteJSON(key.group)...)
	if f.offsets {
		dst = append(append(dst, `,"topic":`...), quoteJSON(key.topic)...)
		dst = strconv.AppendInt(append(dst, `,"partition":`...), int64(key.partition), 10)
	}
	dst = append(dst, `}},"value":`...)
	switch {
	case value == nil:
		return append(dst, `null}`...), nil
	case f.offsets:
		v, err := readOffsetValue(value)
		return append(v.json(dst), '}'), err
	}
	v, err := readGroupValue(value)
	return append(v.json(dst), '}'), err
}

func (v offsetValue) json(dst []byte) []byte {
	dst = fmt.Appendf(dst, `{"version":%d,"data":{"offset":%d`, v.version, v.offset)
	if v.version >= 3 {
		dst = fmt.Appendf(dst, `,"leaderEpoch":%d`, v.leaderEpoch)
	}
	dst = append(append(dst, `,"metadata":`...), quoteJSON(v.metadata)...)
	dst = fmt.Appendf(dst, `,"commitTimestamp":%d`, v.committed)
	if v.version == 1 {
		dst = fmt.Appendf(dst, `,"expireTimestamp":%d`, v.expires)
	}
	if v.topicID != nil {
		dst = fmt.Appendf(dst, `,"topicId":"%s"`, base64.RawURLEncoding.EncodeToString(v.topicID))
	}
	return append(dst, "}}"...)
}

func (v groupValue) json(dst []byte) []byte {
	dst = fmt.Appendf(dst, `{"version":%d,"data":{"protocolType":%s,"generation":%d,"protocol":%s,"leader":%s`,
		v.version, quoteJSON(v.protocolType), v.generation, orNullJSON(v.protocol), orNullJSON(v.leader))
	if v.version >= 2 {
		dst = fmt.Appendf(dst, `,"currentStateTimestamp":%d`, v.since)
	}
	dst = append(dst, `,"members":[`...)
	for i, m := range v.members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = fmt.Appendf(dst, `{"memberId":%s`, quoteJSON(m.id))
		if v.version >= 3 {
			dst = fmt.Appendf(dst, `,"groupInstanceId":%s`, orNullJSON(m.instance))
		}
		dst = fmt.Appendf(dst, `,"clientId":%s,"clientHost":%s`, quoteJSON(m.client), quoteJSON(m.host))
		if v.version >= 1 {
			dst = fmt.Appendf(dst, `,"rebalanceTimeout":%d`, m.rebalanceTimeout)
		}
		dst = fmt.Appendf(dst, `,"sessionTimeout":%d,"subscription":"%s","assignment":"%s"}`, m.sessionTimeout,
			base64.StdEncoding.EncodeToString(m.subscription), base64.StdEncoding.EncodeToString(m.assignment))
	}
	return append(dst, "]}}"...)
}

func orNullJSON(s *string) []byte {
	if s == nil {
		return []byte("null")
	}
	return quoteJSON(*s)
}

// quoteJSON quotes as Java's Jackson does, which leaves < > & alone.
func quoteJSON(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string is always written
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
