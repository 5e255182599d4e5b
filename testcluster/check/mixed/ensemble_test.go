package mixed

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/scripts/testbin"
)

var apacheOnly = flag.Bool("apache-only", false, "let a server of Apache's stand in for zoka")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(testbin.Main(m))
}

// program is what a name of a layout stands for: debian, 39 or zoka.
func program(t *testing.T, name, layout string) peertest.Program {
	t.Helper()
	if name == "zoka" && *apacheOnly {
		// Of Apache's own, 3.8.0 does not understand all that a leader of 3.9 proposes.
		name = "debian"
		if strings.Contains(layout, "39") {
			name = "39"
		}
	}
	switch name {
	case "debian":
		return peertest.Debian(t).Program()
	case "39":
		return peertest.ZK39(t).Program()
	case "zoka":
		peertest.Debian(t) // without the peers there is nothing to be mixed with
		return peertest.Zoka(testbin.Zoka(t))
	}
	t.Fatalf("no program %q", name)
	return peertest.Program{}
}

// superDigest is the digest of super:test.
const superDigest = "super:D/InIHSb7yEEbrWz8b9l71RjZJU="

// prepare prepares an ensemble of the programs that the layout names, an observer with a + before it.
func prepare(t *testing.T, layout string, config ...string) *peertest.Ensemble {
	t.Helper()
	opts := peertest.EnsembleOptions{Config: append([]string{
		"initLimit=20", "syncLimit=10",
		"preAllocSize=64", "extendedTypesEnabled=true", "maxSessionTimeout=60000", "maxClientCnxns=0",
		"DigestAuthenticationProvider.superDigest=" + superDigest,
	}, config...)}
	for i, name := range strings.Fields(layout) {
		if name, ok := strings.CutPrefix(name, "+"); ok {
			opts.Observers = append(opts.Observers, i+1)
			opts.Members = append(opts.Members, program(t, name, layout))
			continue
		}
		opts.Members = append(opts.Members, program(t, name, layout))
	}
	return peertest.NewEnsemble(t, opts)
}

// found starts an ensemble on empty folders so that its last voter leads: it and the first are a quorum, and of equal
// votes the one for the larger id wins.
func found(t *testing.T, e *peertest.Ensemble) (leader *peertest.Member) {
	t.Helper()
	for _, m := range e.Members {
		if !m.Observer {
			leader = m
		}
	}
	leader.Start(t)
	e.Members[0].Start(t)
	leader.Await(t)
	e.Start(t)
	e.Await(t)
	if got := e.Leader(t); got != leader {
		t.Fatalf("%v leads a new ensemble, want %v", got, leader)
	}
	return leader
}

// others are the members besides one.
func others(e *peertest.Ensemble, m *peertest.Member) []*peertest.Member {
	var all []*peertest.Member
	for _, o := range e.Members {
		if o != m {
			all = append(all, o)
		}
	}
	return all
}

// connectString has the addresses of some members.
func connectString(members []*peertest.Member) string {
	var addrs []string
	for _, m := range members {
		addrs = append(addrs, m.Addr())
	}
	return strings.Join(addrs, ",")
}
