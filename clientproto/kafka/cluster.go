package kafka

import (
	"cmp"
	"context"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

// Cluster asks a broker for the cluster's id, its controller and its live brokers.
func (c *Client) Cluster(ctx context.Context) (kmodel.Cluster, error) {
	req := kmsg.NewPtrMetadataRequest()
	req.Topics = []kmsg.MetadataRequestTopic{}
	resp, err := c.metadata(ctx, req)
	if err != nil {
		return kmodel.Cluster{}, err
	}
	cluster := kmodel.Cluster{Controller: resp.ControllerID, Brokers: []kmodel.Broker{}}
	if resp.ClusterID != nil {
		cluster.ID = *resp.ClusterID
	}
	for _, b := range resp.Brokers {
		broker := kmodel.Broker{ID: b.NodeID, Host: b.Host, Port: b.Port}
		if b.Rack != nil {
			broker.Rack = *b.Rack
		}
		cluster.Brokers = append(cluster.Brokers, broker)
	}
	slices.SortFunc(cluster.Brokers, func(a, b kmodel.Broker) int { return cmp.Compare(a.ID, b.ID) })
	return cluster, nil
}

// metadata issues a Metadata request, and learns from the answer where brokers are.
func (c *Client) metadata(ctx context.Context, req *kmsg.MetadataRequest) (*kmsg.MetadataResponse, error) {
	resp, err := req.RequestWith(ctx, c.kgo)
	if err != nil {
		return nil, c.failure(ctx, err)
	}
	c.learn(resp)
	return resp, nil
}

// LogDirs asks brokers for the folders of their logs; no broker is all of them.
func (c *Client) LogDirs(ctx context.Context, brokers ...int32) ([]kmodel.LogDir, error) {
	if len(brokers) == 0 {
		cluster, err := c.Cluster(ctx)
		if err != nil {
			return nil, err
		}
		for _, b := range cluster.Brokers {
			brokers = append(brokers, b.ID)
		}
	}
	var dirs []kmodel.LogDir
	for _, id := range brokers {
		resp, err := kmsg.NewPtrDescribeLogDirsRequest().RequestWith(ctx, c.kgo.Broker(int(id)))
		if err == nil {
			err = codeError(resp.ErrorCode, nil)
		} else {
			err = c.failure(ctx, err)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			dirs = append(dirs, kmodel.LogDir{Broker: id, Err: err})
			continue
		}
		for _, d := range resp.Dirs {
			dirs = append(dirs, logDir(id, d))
		}
	}
	return dirs, nil
}

func logDir(broker int32, d kmsg.DescribeLogDirsResponseDir) kmodel.LogDir {
	dir := kmodel.LogDir{Broker: broker, Dir: d.Dir, Logs: []kmodel.LogSize{}, Err: codeError(d.ErrorCode, nil)}
	for _, t := range d.Topics {
		for _, p := range t.Partitions {
			dir.Logs = append(dir.Logs, kmodel.LogSize{
				TopicPartition: kmodel.TopicPartition{Topic: t.Topic, Partition: p.Partition},
				Bytes:          p.Size, Lag: p.OffsetLag, Future: p.IsFuture,
			})
		}
	}
	slices.SortFunc(dir.Logs, func(a, b kmodel.LogSize) int { return a.TopicPartition.Compare(b.TopicPartition) })
	return dir
}
