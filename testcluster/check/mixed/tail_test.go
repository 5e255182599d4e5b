package mixed

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// A leader dies with a transaction that it alone has logged. The others elect one of the other kind, and the old
// leader has to give that transaction up, whether anything has been written since or not. Apache's leader sends a TRUNC
// only if nothing has: else it does not look for the place where the logs part in an older epoch, and sends a SNAP.
func TestUncommittedTail(t *testing.T) {
	for _, layout := range []string{
		"debian zoka debian", // ours truncates Apache's log
		"zoka debian zoka",   // Apache's truncates ours
	} {
		for _, after := range []int{0, 3} {
			t.Run(fmt.Sprintf("%s, %d writes after", layout, after), func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				e := prepare(t, layout)
				old := found(t, e)
				createMany(ctx, t, old, "/before", 20)
				leaveTail(ctx, t, e, old)
				for _, m := range others(e, old) {
					m.Start(t)
				}
				e.Await(t)
				leader := e.Leader(t)
				if leader != e.Members[1] {
					t.Fatalf("%v leads, want %v: of equals the larger id", leader, e.Members[1])
				}
				way := "TRUNC"
				if after > 0 {
					createMany(ctx, t, leader, "/after", after)
					if leader.Program().Apache {
						way = "SNAP"
					}
				}
				old.Restart(t)
				wantWay(t, leader, old, way)
				createMany(ctx, t, old, "/together", 3)
				tree := sameTrees(t, e)
				if _, there := tree[tailPath]; there {
					t.Errorf("%s, which no quorum has logged, is there", tailPath)
				}
				if _, there := tree["/before/0019"]; !there {
					t.Error("what was acknowledged is lost")
				}
			})
		}
	}
}

const tailPath = "/uncommitted-tail"

// leaveTail has the leader log a transaction that nobody else gets, and kills all members. The followers, which have
// logged all that came before, are paused until then: the leader knows nothing of their end, and what has been sent to
// them dies with them.
func leaveTail(ctx context.Context, t *testing.T, e *peertest.Ensemble, leader *peertest.Member) {
	t.Helper()
	// The session outlives the test: a new leader that ended it would have written something.
	c, _ := dialSession(t, leader, time.Minute, zkclient.Session{})
	createAgain(ctx, t, c, "/last-of-all")
	for _, m := range others(e, leader) {
		awaitLogged(ctx, t, m, "/last-of-all")
		m.Pause(t)
	}
	call := c.Start(ctx, zkproto.OpCreate, &zkproto.CreateRequest{Path: tailPath, ACL: zkproto.OpenACL()}, nil)
	awaitLogged(ctx, t, leader, tailPath)
	select {
	case <-call.Done():
		t.Fatalf("a write without a quorum ended with %v", call.Wait(ctx))
	default:
	}
	for _, m := range append(others(e, leader), leader) {
		m.Kill()
	}
}

// awaitLogged waits until the member's transaction log has the text.
func awaitLogged(ctx context.Context, t *testing.T, m *peertest.Member, text string) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !logged(t, m, text) {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("%s does not come to the log of %v", text, m)
		}
	}
}

// logged says whether the member's transaction log has the text.
func logged(t *testing.T, m *peertest.Member, text string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(m.DataDir, "version-2", "log.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}
