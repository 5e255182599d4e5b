package kafkatools

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// fromHex is a record's key or value.
func fromHex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestGroupFormatter has records of __consumer_offsets of several versions, and what Apache's formatters show of them.
func TestGroupFormatter(t *testing.T) {
	const (
		offsetKey = "0001 0001 67 0001 74 00000003" // g, t, 3
		groupKey  = "0002 0001 67"                  // g
		offset1   = "0001 0000000000000007 0001 6d 0000000000000005 0000000000000009"
		offset3   = "0003 0000000000000007 00000002 0000 0000000000000005"
		offset4   = "0004 0000000000000007 ffffffff 01 0000000000000005 01 00 10 000102030405060708090a0b0c0d0e0f"
		group3    = "0003 0008 636f6e73756d6572 00000001 0005 72616e6765 0001 6d 0000000000000005 00000001" +
			"0001 6d ffff 0001 63 0002 2f68 000493e0 00002710 00000002 0102 00000001 03"
		group4 = "0004 09 636f6e73756d6572 00000002 00 00 0000000000000005 01 00"
	)
	for _, tt := range []struct {
		key, value    string
		offsets, is27 bool
		want          string
	}{
		{offsetKey, offset1, true, true, "[g,t,3]::OffsetAndMetadata(offset=7, leaderEpoch=Optional.empty, metadata=m, commitTimestamp=5, expireTimestamp=Some(9))\n"},
		{offsetKey, offset3, true, true, "[g,t,3]::OffsetAndMetadata(offset=7, leaderEpoch=Optional[2], metadata=, commitTimestamp=5, expireTimestamp=None)\n"},
		{offsetKey, "", true, true, "[g,t,3]::NULL\n"},
		{groupKey, group3, true, true, ""},
		{offsetKey, offset3, false, true, ""},
		{groupKey, group3, false, true, "g::GroupMetadata(groupId=g, generation=1, protocolType=Some(consumer), currentState=Stable, " +
			"members=HashMap(m -> MemberMetadata(memberId=m, groupInstanceId=Some(null), clientId=c, clientHost=/h, " +
			"sessionTimeoutMs=10000, rebalanceTimeoutMs=300000, supportedProtocols=List(range), )))\n"},
		{groupKey, group4, false, true, "g::GroupMetadata(groupId=g, generation=2, protocolType=Some(consumer), currentState=Empty, members=HashMap())\n"},
		{offsetKey, offset4, true, false, `{"key":{"type":1,"data":{"group":"g","topic":"t","partition":3}},"value":{"version":4,"data":` +
			`{"offset":7,"leaderEpoch":-1,"metadata":"","commitTimestamp":5,"topicId":"AAECAwQFBgcICQoLDA0ODw"}}}`},
		{offsetKey, offset1, true, false, `{"key":{"type":1,"data":{"group":"g","topic":"t","partition":3}},"value":{"version":1,"data":` +
			`{"offset":7,"metadata":"m","commitTimestamp":5,"expireTimestamp":9}}}`},
		{groupKey, "", false, false, `{"key":{"type":2,"data":{"group":"g"}},"value":null}`},
		{groupKey, group3, false, false, `{"key":{"type":2,"data":{"group":"g"}},"value":{"version":3,"data":{"protocolType":"consumer","generation":1,` +
			`"protocol":"range","leader":"m","currentStateTimestamp":5,"members":[{"memberId":"m","groupInstanceId":null,"clientId":"c",` +
			`"clientHost":"/h","rebalanceTimeout":300000,"sessionTimeout":10000,"subscription":"AQI=","assignment":"Aw=="}]}}}`},
		{groupKey, group4, false, false, `{"key":{"type":2,"data":{"group":"g"}},"value":{"version":4,"data":{"protocolType":"consumer","generation":2,` +
			`"protocol":null,"leader":null,"currentStateTimestamp":5,"members":[]}}}`},
		{"0003 00", "00", false, false, ""}, // of a group of the newer protocol
	} {
		rec := &kmodel.Record{Key: fromHex(t, tt.key)}
		if tt.value != "" {
			rec.Value = fromHex(t, tt.value)
		}
		got, err := groupFormatter{offsets: tt.offsets, is27: tt.is27}.append(nil, rec)
		if string(got) != tt.want || err != nil {
			t.Errorf("%s, %s, of 2.7 %v: %v\n got  %s\n want %s", tt.key, tt.value, tt.is27, err, got, tt.want)
		}
		for cut := range rec.Value { // a torn record is an error, and no panic
			torn := &kmodel.Record{Key: rec.Key, Value: rec.Value[:cut]}
			if _, err := (groupFormatter{offsets: tt.offsets, is27: tt.is27}).append(nil, torn); err == nil && tt.want != "" {
				t.Errorf("%s, %d bytes of %s: no error", tt.key, cut, tt.value)
			}
		}
	}
}

// FuzzGroupFormatter: records may have any bytes.
func FuzzGroupFormatter(f *testing.F) {
	f.Add([]byte("\x00\x01\x00\x01g\x00\x01t\x00\x00\x00\x03"), []byte("\x00\x04\x00\x00\x00\x00\x00\x00\x00\x07\xff\xff\xff\xff\x01\x00\x00\x00\x00\x00\x00\x00\x05\x00"))
	f.Add([]byte("\x00\x02\x00\x01g"), []byte("\x00\x03\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x7f\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, key, value []byte) {
		for _, offsets := range []bool{true, false} {
			for _, is27 := range []bool{true, false} {
				got, _ := groupFormatter{offsets: offsets, is27: is27}.append(nil, &kmodel.Record{Key: key, Value: value})
				if len(got) > 16*(len(key)+len(value))+1024 {
					t.Errorf("%d bytes are shown by %d", len(key)+len(value), len(got))
				}
			}
		}
	})
}
