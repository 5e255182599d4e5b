package kbroker

import (
	"context"
	"errors"
	"fmt"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// ForeignError says that ZooKeeper has become another cluster's while the broker ran: it was set up anew. The broker ends,
// and does nothing there: its logs are not of that cluster's topics.
type ForeignError struct {
	Cluster string // the broker's
	Found   string // what ZooKeeper has now; "" is none
}

func (e *ForeignError) Error() string {
	found := "has no cluster's id any more"
	if e.Found != "" {
		found = "has the id " + e.Found + " now"
	}
	return fmt.Sprintf("ZooKeeper was set up anew: %s, which was %s, %s. The logs here are of the cluster that was; "+
		"for the new one this broker needs empty log folders", kzk.ClusterIDPath, e.Cluster, found)
}

// checkCluster makes sure that ZooKeeper is still that of the broker's cluster.
func (b *Broker) checkCluster(ctx context.Context) error {
	data, _, err := b.zk.Get(ctx, kzk.ClusterIDPath, nil)
	switch {
	case errors.Is(err, zkproto.NoNode):
		return &ForeignError{b.clusterID, ""}
	case err != nil:
		return err
	}
	id, err := kzk.DecodeClusterID(data)
	if err != nil {
		return fmt.Errorf("%s: %w", kzk.ClusterIDPath, err)
	}
	if id != b.clusterID {
		return &ForeignError{b.clusterID, id}
	}
	return nil
}

// isForeign says whether the broker has ended as ZooKeeper is another cluster's.
func (b *Broker) isForeign() bool {
	var foreign *ForeignError
	return errors.As(b.Err(), &foreign)
}
