package control

import (
	"slices"
	"time"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/controller"
)

// dropAgain is how long a member that was taken out of an ISR, and that the leader has taken in again, may stay. It must
// be alive, as it fetches, though it refuses connections, has no session, or wants to leave: nobody waits for it in vain.
// Were it taken out at once each time, every round would cost the partition a leader epoch.
const dropAgain = time.Second

// drop is a member of a partition's ISR.
type drop struct {
	kzk.TopicPartition
	broker int32
}

// drops are the members that were taken out of ISRs lately, and when.
type drops map[drop]time.Time

// settle returns the changes but for those that would only repeat drops of late, and notes the drops among them. What is
// put off is asked for again by later.
func (d drops) settle(changes []controller.Change, now time.Time, later func(time.Duration)) []controller.Change {
	for at, when := range d {
		if now.Sub(when) >= dropAgain {
			delete(d, at)
		}
	}
	all := len(changes)
	changes = slices.DeleteFunc(changes, func(c controller.Change) bool {
		repeats := len(c.Drops) > 0
		for _, broker := range c.Drops {
			_, late := d[drop{c.Partition, broker}]
			repeats = repeats && late
		}
		return repeats
	})
	for _, c := range changes {
		for _, broker := range c.Drops {
			d[drop{c.Partition, broker}] = now
		}
	}
	if len(changes) < all {
		later(dropAgain)
	}
	return changes
}
