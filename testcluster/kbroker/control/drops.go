package control

import (
	"slices"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/controller"
)

// dropsAtOnce and dropAgain bound how often a member is taken out of an ISR that the leader takes in again. It must be
// alive, as it fetches, though it refuses connections, has no session, or wants to leave: nobody waits for it in vain.
// Were it taken out each time, every round would cost the partition a leader epoch. The first rounds are no sign of that:
// a leader may have written before it knew.
const (
	dropsAtOnce = 3
	dropAgain   = time.Second
)

// drop is a member of a partition's ISR.
type drop struct {
	kzk.TopicPartition
	broker int32
}

// dropped is how often it was taken out, and when last.
type dropped struct {
	times int
	when  time.Time
}

// drops are the members that were taken out of ISRs lately.
type drops map[drop]dropped

// settle returns the changes but for those that would only repeat drops of late. What is put off is asked for again by
// later.
func (d drops) settle(changes []controller.Change, now time.Time, later func(time.Duration)) []controller.Change {
	for at, was := range d {
		if now.Sub(was.when) >= dropAgain {
			delete(d, at)
		}
	}
	all := len(changes)
	changes = slices.DeleteFunc(changes, func(c controller.Change) bool {
		repeats := len(c.Drops) > 0
		for _, broker := range c.Drops {
			repeats = repeats && d[drop{c.Partition, broker}].times >= dropsAtOnce
		}
		return repeats
	})
	if len(changes) < all {
		later(dropAgain)
	}
	return changes
}

// note remembers the drops of a change that was carried out.
func (d drops) note(c controller.Change, now time.Time) {
	for _, broker := range c.Drops {
		at := drop{c.Partition, broker}
		d[at] = dropped{d[at].times + 1, now}
	}
}
