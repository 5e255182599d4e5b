package control_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/control"
)

// TestShutdown_InEveryVersion: the answer comes when the leaderships have moved.
func TestShutdown_InEveryVersion(t *testing.T) {
	c := startCluster(t, control.Config{}, 1, 2, 3)
	boss := c.awaitController(1, 2, 3)
	others := c.others(boss.id)
	leaver, heir := others[0], others[1]
	for version := int16(0); version <= 3; version++ {
		name := "t" + string(rune('0'+version))
		c.topic(name, []int32{leaver, heir})
		c.awaitState(name, 0, leaver, leaver, heir)
		resp := boss.shutdown(t, version, leaver, c.brokers[leaver].epoch)
		if resp.ErrorCode != 0 || len(resp.PartitionsRemaining) != 0 {
			t.Errorf("version %d: %+v", version, resp)
		}
		fresh, err := c.view.Fresh(timeout(t))
		if err != nil {
			t.Fatal(err)
		}
		if st := fresh.Partition(name, 0).State; st.Leader != heir || !slices.Equal(st.ISR, []int32{heir}) {
			t.Errorf("version %d: %+v", version, *st)
		}
		c.brokers[leaver].kill()
		if err := c.brokers[leaver].client.Close(timeout(t)); err != nil {
			t.Fatal(err)
		}
		c.start(leaver)
	}
}

// TestShutdown_Refused: who is not the controller, does not know the broker, or hears of a registration that is over.
func TestShutdown_Refused(t *testing.T) {
	c := startCluster(t, control.Config{}, 1, 2)
	boss := c.awaitController(1, 2)
	other := c.brokers[c.others(boss.id)[0]]
	for _, test := range []struct {
		to    *broker
		id    int32
		epoch int64
		want  kproto.Error
	}{
		{other, other.id, other.epoch, kproto.NotController},
		{boss, 77, -1, kproto.BrokerNotAvailable},
		{boss, other.id, other.epoch - 1, kproto.StaleBrokerEpoch},
	} {
		if resp := test.to.shutdown(t, 2, test.id, test.epoch); resp.ErrorCode != int16(test.want) {
			t.Errorf("broker %d: %v, want %v", test.id, kproto.Error(resp.ErrorCode), test.want)
		}
	}
}

// TestShutdown_WithALaggingReplica: the answer names what could still be moved.
func TestShutdown_WithALaggingReplica(t *testing.T) {
	c := startCluster(t, control.Config{ShutdownRetries: 1, ShutdownBackoff: time.Millisecond}, 1, 2, 3)
	boss := c.awaitController(1, 2, 3)
	others := c.others(boss.id)
	c.topic("t", []int32{others[0], others[1]}, []int32{others[0]})
	c.awaitState("t", 0, others[0], others...)
	c.writeISR("t", 0, others[0])
	resp := boss.shutdown(t, 1, others[0], -1)
	if p := resp.PartitionsRemaining; len(p) != 1 || p[0].Topic != "t" || p[0].Partition != 0 {
		t.Errorf("remaining %+v", p)
	}
	var remaining *control.RemainingError
	if err := c.brokers[others[0]].Leave(timeout(t)); !errors.As(err, &remaining) || len(remaining.Partitions) != 1 {
		t.Errorf("leave: %v", err)
	}
}

// TestLeave: all of a cluster leave one after another, the controller too, and none waits for what cannot be.
func TestLeave(t *testing.T) {
	c := startCluster(t, control.Config{}, 1, 2, 3)
	boss := c.awaitController(1, 2, 3)
	others := c.others(boss.id)
	c.topic("t", []int32{boss.id, others[0], others[1]})
	c.awaitState("t", 0, boss.id, boss.id, others[0], others[1])
	begun := time.Now()
	boss.stop()
	c.awaitState("t", 0, others[0], others...)
	next := c.awaitController(others...)
	last := c.brokers[c.others(next.id)[0]]
	next.stop()
	c.awaitState("t", 0, last.id, last.id)
	last.stop()
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
	c.awaitState("t", 0, last.id, last.id)
}
