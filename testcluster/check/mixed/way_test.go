package mixed

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// wantWay fails the test unless the leader has brought the learner up to date in the given way: DIFF, TRUNC or SNAP.
// Apache's server says so in its log on either side; among two of ours there is nobody to ask.
func wantWay(t *testing.T, leader, learner *peertest.Member, want string) {
	t.Helper()
	var got, story string
	switch {
	case learner.Program().Apache:
		got, story = lastWay(learner.Log()), learner.Log()
	case leader.Program().Apache:
		// Learners join one at a time: what follows this line is about this one.
		at := strings.LastIndex(leader.Log(), fmt.Sprintf("Synchronizing with Learner sid: %d ", learner.ID))
		story = leader.Log()[max(at, 0):]
		if got = lastWay(story); got == "" && at >= 0 {
			got = "TRUNC" // what it does without a word: the learner has more than anything it has seen
		}
	default:
		return
	}
	if got != want {
		t.Errorf("%v was brought up to date by %v with %q, want %s:\n%s", learner, leader, got, want, tail(story))
	}
}

// ways are the sentences of LearnerHandler and of Learner.
var ways = regexp.MustCompile(`Sending (DIFF|TRUNC|snapshot) |Getting a (diff|snapshot) from|(Truncating) log to get in sync`)

// lastWay is the way that a log tells of last, or "".
func lastWay(log string) string {
	all := ways.FindAllStringSubmatch(log, -1)
	if len(all) == 0 {
		return ""
	}
	word := strings.Join(all[len(all)-1][1:], "")
	if way, ok := map[string]string{"snapshot": "SNAP", "Truncating": "TRUNC"}[word]; ok {
		return way
	}
	return strings.ToUpper(word)
}

func tail(text string) string { return text[max(0, len(text)-2000):] }
