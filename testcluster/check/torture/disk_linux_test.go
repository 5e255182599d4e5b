package torture

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// TestLimitFiles_OfNobody: a node that does not run has no process, and the limit is not that of this one.
func TestLimitFiles_OfNobody(t *testing.T) {
	var before, after unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := limitFiles(0, 1<<50); !errors.Is(err, ensemble.ErrNotRunning) {
		t.Errorf("got %v", err)
	}
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &after); err != nil || after != before {
		t.Errorf("the limit is %+v, was %+v, %v", after, before, err)
	}
}
