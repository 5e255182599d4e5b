package kafkacmd

import (
	"testing"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// TestChanged_Password shows no password, of which the broker is told.
func TestChanged_Password(t *testing.T) {
	broker := kmodel.Resource{Type: kmodel.BrokerResource, Name: "1"}
	got := changed(broker, []kmodel.ConfigChange{{Name: "ssl.key.password", Value: "hunter2"}, {Name: "retention.ms", Value: "1"}}, false)
	if got.Changes[0].Value != "(hidden)" || got.Changes[1].Value != "1" {
		t.Errorf("got %+v", got.Changes)
	}
}
