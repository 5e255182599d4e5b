package zkserver

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// quorumMasks hide what must differ between two ensembles, before wordMasks.
var quorumMasks = []struct{ pattern, with string }{
	{`0x[123][0-9a-f]{14,}`, "SESSION"},
	{`server\.(\d)=[^:\n]+:\d+:\d+:`, "server.$1=ADDRESS:"},
	{`(electionPort|quorumPort)=\d+`, "$1=PORT"},
	{`(dataDir|dataLogDir)=.*/version-2`, "$1=DATADIR"},
	{`clientPort=\d+`, "clientPort=PORT"},
	{`Node count: \d+`, "Node count: N"},
	// Before the first transaction a learner has nothing, or the epoch if it came late.
	{`Zxid: (0x0|0x100000000)\nMode: (follower|observer)`, "Zxid: NONE\nMode: $2"},
}

func maskQuorum(text string) string {
	for _, m := range quorumMasks {
		text = regexp.MustCompile(m.pattern).ReplaceAllString(text, m.with)
	}
	for _, m := range wordMasks {
		text = regexp.MustCompile(m.pattern).ReplaceAllString(text, m.with)
	}
	return sortConns(text)
}

// parts has an address for each part of an ensemble: leader, follower, observer.
func parts(t *testing.T, addrs []string) map[string]string {
	t.Helper()
	byMode := map[string]string{}
	await(t, "all parts are there", func() bool {
		for _, addr := range addrs {
			if m := regexp.MustCompile(`Mode: (\w+)`).FindStringSubmatch(ask(t, addr, "srvr")); m != nil {
				byMode[m[1]] = addr
			}
		}
		return len(byMode) == len(addrs)
	})
	return byMode
}

// TestWords_ApacheEnsemble: leader, follower and observer answer as Apache's do.
func TestWords_ApacheEnsemble(t *testing.T) {
	program := peertest.ZK39(t).Program()
	peers := peertest.StartEnsemble(t, peertest.EnsembleOptions{
		Members: []peertest.Program{program, program, program}, Observers: []int{3}, Config: []string{"extendedTypesEnabled=true"},
	})
	cluster := startCluster(t, 2, 1, func(cfg *Config) {
		cfg.TickTime, cfg.MaxClientCnxns = 500*time.Millisecond, 60
	})
	var apaches, ours []string
	for i := range 3 {
		apaches = append(apaches, peers.Members[i].Addr())
		ours = append(ours, cluster.members[i].addr)
	}
	apache, zoka := parts(t, apaches), parts(t, ours)
	modes := slices.Sorted(maps.Keys(apache))
	// The proposals' sizes are compared as long as the ensemble has seen nothing.
	for _, mode := range modes {
		for _, word := range []string{"srvr", "stat", "dump", "conf", "isro", "ruok"} {
			if want, got := maskQuorum(ask(t, apache[mode], word)), maskQuorum(ask(t, zoka[mode], word)); got != want {
				t.Errorf("%s at a fresh %s\n--- Apache\n%s\n--- ours\n%s", word, mode, want, got)
			}
		}
	}
	work(t, apache["follower"])
	work(t, zoka["follower"])
	for _, mode := range modes {
		for _, addr := range []string{apache[mode], zoka[mode]} {
			await(t, mode+" has it all", func() bool { return strings.Contains(ask(t, addr, "dump"), "\t/e\n") })
		}
		for _, word := range []string{"stat", "cons", "dump", "wchs", "wchp"} {
			want, got := maskQuorum(ask(t, apache[mode], word)), maskQuorum(ask(t, zoka[mode], word))
			if word == "wchp" {
				want, got = sortLines(want), sortLines(got)
			}
			if word == "stat" && mode == "leader" { // transactions of Apache's have a digest
				sizes := regexp.MustCompile(`Proposal sizes last/min/max: \d+/\d+/\d+\n`)
				want, got = sizes.ReplaceAllString(want, "sizes"), sizes.ReplaceAllString(got, "sizes")
			}
			if got != want {
				t.Errorf("%s at the %s\n--- Apache\n%s\n--- ours\n%s", word, mode, want, got)
			}
		}
		compareMntr(t, mode, mntr(t, asked{addr: apache[mode]}), mntr(t, asked{addr: zoka[mode]}))
	}
}

// compareMntr: our rows are among Apache's, and those of the ensemble are the same.
func compareMntr(t *testing.T, mode string, want, got map[string]string) {
	t.Helper()
	for name, value := range got {
		theirs, known := want[name]
		if !known {
			t.Errorf("%s: Apache has no %s", mode, name)
		}
		if strings.Contains(theirs, ".") != strings.Contains(value, ".") {
			t.Errorf("%s: %s is %q, Apache's %q: not the same kind of number", mode, name, value, theirs)
		}
	}
	same := []string{"zk_server_state", "zk_peer_state", "zk_quorum_size", "zk_global_sessions", "zk_learners", "zk_synced_followers",
		"zk_synced_non_voting_followers", "zk_synced_observers", "zk_pending_syncs", "zk_observer_master_id", "zk_proposal_count",
		"zk_commit_count", "zk_connection_revalidate_count", "zk_revalidate_count", "zk_znode_count", "zk_ephemerals_count", "zk_looking_count"}
	for _, name := range same {
		if got[name] != want[name] {
			t.Errorf("%s: %s is %q, Apache's %q", mode, name, got[name], want[name])
		}
	}
	for _, name := range []string{"zk_leader_uptime", "zk_last_proposal_size", "zk_min_proposal_size", "zk_max_proposal_size"} {
		n, err := strconv.Atoi(got[name])
		if _, known := want[name]; known != (got[name] != "") || known && (err != nil || n <= 0) {
			t.Errorf("%s: %s is %q, Apache's %q", mode, name, got[name], want[name])
		}
	}
}
