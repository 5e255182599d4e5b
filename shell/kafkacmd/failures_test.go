package kafkacmd

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// TestFailures_Alone tells of a record that has failed, though no other does, and the input goes on.
func TestFailures_Alone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		f := failures{notify: func(line string) { told = append(told, line) }, topic: "t"}
		f.add(7, kmodel.Record{}, errors.New("no"))
		f.add(8, kmodel.Record{}, errors.New("no"))
		time.Sleep(2 * gathering) // of the bubble's clock
		synctest.Wait()
		if want := []string{"produce t: lines 7 to 8: no"}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
		f.add(9, kmodel.Record{}, errors.New("no"))
		f.flush()
		time.Sleep(2 * gathering)
		synctest.Wait()
		if len(told) != 2 || told[1] != "produce t: line 9: no" {
			t.Errorf("told %q", told)
		}
	})
}
