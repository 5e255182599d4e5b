package mixed

import (
	"testing"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/check"
)

// An ensemble of Apache's becomes one of ours, server by server, and one of Apache's again, while clients write:
// nothing that they were told is lost. testcluster/MIGRATION.md tells users to do it so.
//
// Debian's goes one way. On the way back its last server would join a leader of its own kind under load, and 3.8.0 does
// not bear that (ZOOKEEPER-4394): it ends up without some of the znodes.
func TestRollingMigration(t *testing.T) {
	for _, tt := range []struct {
		name, apache string
		empty, back  bool
	}{
		{"3.9, folders kept", "39", false, true},
		{"3.9, folders emptied", "39", true, true},
		{"Debian, folders kept", "debian", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			apache, ours := program(t, tt.apache, ""), program(t, "zoka", tt.apache)
			e := prepare(t, tt.apache+" "+tt.apache+" "+tt.apache, "snapCount=500")
			found(t, e)
			load := startLoad(t, e)
			replaceEach(t, e, load, ours, tt.empty)
			if tt.back {
				replaceEach(t, e, load, apache, tt.empty)
			}
			load.stop(t)
			tree := sameTrees(t, e)
			load.verify(t, tree)
			if tt.empty {
				return
			}
			// The whole ensemble at once, on the folders of the other kind.
			programs := []peertest.Program{apache, ours}
			if tt.back {
				programs = []peertest.Program{ours, apache}
			}
			for _, to := range programs {
				e.Kill()
				for _, m := range e.Members {
					m.StartAs(t, to)
				}
				e.Await(t)
				for _, difference := range check.Differences("before", "after the restart as "+to.Name, tree, sameTrees(t, e)) {
					t.Error(difference)
				}
			}
		})
	}
}

// replaceEach runs each member by another program, the leader last: so the ensemble elects once.
func replaceEach(t *testing.T, e *peertest.Ensemble, load *load, program peertest.Program, empty bool) {
	t.Helper()
	leader := e.Leader(t)
	for _, m := range append(others(e, leader), leader) {
		if err := m.Stop(); err != nil {
			t.Error(err)
		}
		if empty {
			m.Empty(t)
		}
		m.StartAs(t, program)
		m.Await(t)
		load.advance(t, 50)
	}
}
