package mixed

import (
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// Members of both kinds are killed, and the leader is paused until another leads, while clients write: nothing that
// they were told is lost, whoever led when it was said.
func TestFaultsUnderLoad(t *testing.T) {
	for _, layout := range []string{"debian zoka zoka", "zoka 39 39"} {
		t.Run(layout, func(t *testing.T) {
			t.Parallel()
			e := prepare(t, layout, "syncLimit=4", "snapCount=500")
			found(t, e)
			load := startLoad(t, e)
			for _, m := range e.Members {
				m.Kill()
				load.advance(t, 50)
				m.Restart(t)
				load.advance(t, 50)
			}
			old := e.Leader(t)
			old.Pause(t)
			awaitOtherLeader(t, e, old)
			load.advance(t, 50)
			old.Resume(t)
			awaitFollower(t, old)
			load.stop(t)
			load.verify(t, sameTrees(t, e))
		})
	}
}

func awaitOtherLeader(t *testing.T, e *peertest.Ensemble, old *peertest.Member) {
	t.Helper()
	if leader := e.Leader(t); leader == old {
		t.Fatalf("%v leads although it is paused", old)
	}
}

// awaitFollower waits until a leader that was deposed follows.
func awaitFollower(t *testing.T, m *peertest.Member) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	over := time.NewTimer(time.Minute)
	defer over.Stop()
	for {
		if mode, err := m.Mode(); err == nil && mode == "follower" {
			return
		}
		select {
		case <-tick.C:
		case <-over.C:
			t.Fatalf("%v, which has been deposed, does not follow", m)
		}
	}
}
