package kbroker

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// brokerEndpoints is the type of the endpoints that DescribeCluster is about. The other, 2, are a quorum's controllers,
// which nobody asks a broker for.
const brokerEndpoints = 1

// describeClusterRow answers DescribeCluster (60, versions 0 to 2): what Metadata says of the brokers, without topics.
// Version 1 has the type of the endpoints, version 2 whether a broker is fenced: one that is registered never is.
// Sources: KIP-700, KIP-919, KIP-1073.
func (b *Broker) describeClusterRow() wire.Row {
	return wire.Row{Key: int16(kmsg.DescribeCluster), Max: 2, Handle: func(r *wire.Request) {
		req := kmsg.NewPtrDescribeClusterRequest()
		if r.Decode(req) != nil {
			return
		}
		resp := kmsg.NewPtrDescribeClusterResponse()
		if req.EndpointType != brokerEndpoints {
			resp.ErrorCode = int16(kproto.MismatchedEndpointType)
			resp.ErrorMessage = kmsg.StringPtr(fmt.Sprintf("this is a broker: endpoints of type %d are not known here", req.EndpointType))
			r.Reply(resp)
			return
		}
		img := b.mirror.Image()
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
