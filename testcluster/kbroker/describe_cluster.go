package kbroker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// describeClusterRow answers DescribeCluster (60, version 0): what Metadata says of the brokers, without topics.
// Source: KIP-700.
func (b *Broker) describeClusterRow() wire.Row {
	return wire.Row{Key: int16(kmsg.DescribeCluster), Handle: func(r *wire.Request) {
		req := kmsg.NewPtrDescribeClusterRequest()
		if r.Decode(req) != nil {
			return
		}
		img := b.mirror.Image()
		resp := kmsg.NewPtrDescribeClusterResponse()
		resp.ClusterID, resp.ControllerID = img.ClusterID, -1
		if req.IncludeClusterAuthorizedOperations {
			resp.ClusterAuthorizedOperations = clusterOperations
		}
		for _, id := range img.BrokerIDs() {
			e, ok := endpoint(img.Brokers[id], r.Listener)
			if !ok {
				continue
			}
			n := kmsg.NewDescribeClusterResponseBroker()
			n.NodeID, n.Host, n.Port, n.Rack = id, e.Host, e.Port, rack(img.Brokers[id])
			resp.Brokers = append(resp.Brokers, n)
			if id == img.Controller {
				resp.ControllerID = id
			}
		}
		r.Reply(resp)
	}}
}
