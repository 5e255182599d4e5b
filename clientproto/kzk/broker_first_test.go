package kzk_test

import (
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// TestBroker_FirstEpoch: a first registration is as Kafka's; a later one of the same process names the first.
func TestBroker_FirstEpoch(t *testing.T) {
	endpoints := []kzk.Endpoint{{Listener: "PLAINTEXT", Security: "PLAINTEXT", Host: "h", Port: 1}}
	put := func(first int64, czxid int64) *kzk.Broker {
		t.Helper()
		data := kzk.EncodeBroker(&kzk.Broker{ID: 1, FirstEpoch: first, JMXPort: -1, Endpoints: endpoints})
		if named := strings.Contains(string(data), "first_epoch"); named != (first != 0) {
			t.Errorf("%s", data)
		}
		b := kzk.NewBuilder()
		if err := b.Put(kzk.BrokerPath(1), data, zkproto.Stat{Czxid: zkproto.Zxid(czxid)}); err != nil {
			t.Fatal(err)
		}
		return b.Image().Brokers[1]
	}
	if b := put(0, 7); b.Epoch != 7 || b.FirstEpoch != 7 {
		t.Errorf("%+v", b)
	}
	if b := put(7, 1<<40); b.Epoch != 1<<40 || b.FirstEpoch != 7 {
		t.Errorf("%+v", b)
	}
}
