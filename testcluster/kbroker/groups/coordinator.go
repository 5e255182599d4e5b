package groups

import (
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// Coordinator answers for the groups of one broker.
type Coordinator struct {
	o Options
}

// New returns a coordinator that leads nothing yet. It asks the log to be told of leaderships, so it is made before the
// log has any.
func New(o Options) *Coordinator {
	return &Coordinator{o: o.withDefaults()}
}

// Apply takes in a new image: offsets of topics that are gone are removed. It does not block.
func (c *Coordinator) Apply(img *kzk.Image) {}

// Rows are the APIs that the coordinator answers.
func (c *Coordinator) Rows() []wire.Row { return nil }

// Close ends all work; who waits for an answer gets NOT_COORDINATOR. All goroutines have ended when it returns.
func (c *Coordinator) Close() {}
