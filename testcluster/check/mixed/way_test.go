package mixed

import (
	"regexp"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// wantWay fails the test unless the leader has brought the learner up to date in the given way: DIFF, TRUNC or SNAP.
// The learner's log says so, whose ever it is.
func wantWay(t *testing.T, leader, learner *peertest.Member, want string) {
	t.Helper()
	if got := lastWay(learner.Log()); got != want {
		t.Errorf("%v was brought up to date by %v with %q, want %s", learner, leader, got, want)
	}
}

// ways are the sentences of Apache's Learner, and ours.
var ways = regexp.MustCompile(`Getting a (diff|snapshot) from|(Truncating) log to get in sync|brings this server up to date" by=([A-Z]+)`)

// lastWay is the way that a log tells of last, or "".
func lastWay(log string) string {
	all := ways.FindAllStringSubmatch(log, -1)
	if len(all) == 0 {
		return ""
	}
	word := strings.Join(all[len(all)-1][1:], "")
	if way, ok := map[string]string{"diff": "DIFF", "snapshot": "SNAP", "Truncating": "TRUNC"}[word]; ok {
		return way
	}
	return word
}
