package kbroker

import (
	"context"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/groups"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// metadataRow answers Metadata (3).
//
// Versions: 0 lists all topics for an empty list, 1 and later for null; 1 adds controller, rack and internal, 2 the
// cluster's id, 4 whether topics may be created, 5 offline replicas, 7 leader epochs, 8 authorized operations, 9 tags,
// 10 topic ids (zero is none), 11 drops the cluster's operations, 12 finds topics by id.
//
// Where another broker may just have made what is asked for, the answer waits until this one knows.
// A topic that is not there is created where the client and auto.create.topics.enable allow it, and answered as
// LEADER_NOT_AVAILABLE: the client asks again. Source: KafkaApis.handleTopicMetadataRequest, MetadataCache.
func (b *Broker) metadataRow() wire.Row {
	return wire.Row{Key: int16(kmsg.Metadata), Max: 12, Handle: b.handleMetadata}
}

func (b *Broker) handleMetadata(r *wire.Request) {
	req := kmsg.NewPtrMetadataRequest()
	if r.Decode(req) != nil {
		return
	}
	if r.Version < 4 {
		req.AllowAutoTopicCreation = true
	}
	img := b.mirror.Image()
	if b.zk.State() == zkproto.StateDisconnected || !maybeBehind(img, r.Version, req) {
		b.answerMetadata(r, req, img)
		return
	}
	b.run(func(ctx context.Context) { b.answerMetadata(r, req, b.freshImage(ctx)) })
}

func (b *Broker) answerMetadata(r *wire.Request, req *kmsg.MetadataRequest, img *kzk.Image) {
	if asksForAll(r.Version, req) {
		r.ReplyRaw([][]byte{b.allTopics.get(img, r, req, b.metadata)}, nil)
		return
	}
	r.Reply(b.metadata(img, r.Listener, req))
}

func asksForAll(version int16, req *kmsg.MetadataRequest) bool {
	return req.Topics == nil || version == 0 && len(req.Topics) == 0
}

// noOperations says that nobody asked what is authorized.
const noOperations = -1 << 31

// What may be done with a topic and with the cluster where there is no authorizer: bits by the numbers of AclOperation.
const (
	topicOperations   = 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8 | 1<<10 | 1<<11
	clusterOperations = 1<<5 | 1<<7 | 1<<8 | 1<<9 | 1<<10 | 1<<11 | 1<<12
)

// metadata answers a request from an image. Topics to be created are handed to the creator on the way.
func (b *Broker) metadata(img *kzk.Image, listener string, req *kmsg.MetadataRequest) *kmsg.MetadataResponse {
	resp := kmsg.NewPtrMetadataResponse()
	resp.ControllerID = -1
	if img.ClusterID != "" {
		resp.ClusterID = kmsg.StringPtr(img.ClusterID)
	}
	if req.IncludeClusterAuthorizedOperations {
		resp.AuthorizedOperations = clusterOperations
	}
	for _, id := range img.BrokerIDs() {
		if e, ok := endpoint(img.Brokers[id], listener); ok {
			n := kmsg.NewMetadataResponseBroker()
			n.NodeID, n.Host, n.Port, n.Rack = id, e.Host, e.Port, rack(img.Brokers[id])
			resp.Brokers = append(resp.Brokers, n)
			if id == img.Controller {
				resp.ControllerID = id
			}
		}
	}
	v := topicView{img: img, listener: listener, version: req.Version, hideDeleted: b.o.Config.Topics.Delete}
	if req.Topics == nil || req.Version == 0 && len(req.Topics) == 0 {
		resp.Topics = v.all()
	} else {
		resp.Topics = b.namedTopics(v, req)
	}
	if req.IncludeTopicAuthorizedOperations {
		for i := range resp.Topics {
			if resp.Topics[i].ErrorCode == 0 {
				resp.Topics[i].AuthorizedOperations = topicOperations
			}
		}
	}
	return resp
}

// namedTopics answers for the topics of a request, each once, in its order.
func (b *Broker) namedTopics(v topicView, req *kmsg.MetadataRequest) []kmsg.MetadataResponseTopic {
	list := make([]kmsg.MetadataResponseTopic, 0, len(req.Topics))
	seen := make(map[string]struct{}, len(req.Topics))
	seenIDs := map[kproto.UUID]struct{}{}
	var byID map[kproto.UUID]*kzk.Topic
	unknown := 0
	for _, t := range req.Topics {
		if t.Topic == nil {
			if _, twice := seenIDs[t.TopicID]; twice {
				continue
			}
			seenIDs[t.TopicID] = struct{}{}
			if byID == nil {
				byID = v.byID()
			}
			list = append(list, v.withID(byID, t.TopicID))
			continue
		}
		name := *t.Topic
		if _, twice := seen[name]; twice {
			continue
		}
		seen[name] = struct{}{}
		if found := v.find(name); found != nil {
			list = append(list, v.topic(found))
			continue
		}
		unknown++
		list = append(list, missing(name, b.createMissing(v.img, name, req.AllowAutoTopicCreation && unknown <= maxAsked)))
	}
	return list
}

// missing is a topic that the answer has nothing but an error for.
func missing(name string, code kproto.Error) kmsg.MetadataResponseTopic {
	t := kmsg.NewMetadataResponseTopic()
	t.Topic, t.ErrorCode, t.IsInternal = kmsg.StringPtr(name), int16(code), internal(name)
	return t
}

// internal says whether a topic is Kafka's own.
func internal(topic string) bool { return topic == groups.Topic || topic == "__transaction_state" }

// endpoint is a broker's address for those who came in by a listener of that name.
func endpoint(br *kzk.Broker, listener string) (kzk.Endpoint, bool) {
	if br == nil {
		return kzk.Endpoint{}, false
	}
	for _, e := range br.Endpoints {
		if e.Listener == listener {
			return e, true
		}
	}
	return kzk.Endpoint{}, false
}

func rack(br *kzk.Broker) *string {
	if !br.HasRack {
		return nil
	}
	return kmsg.StringPtr(br.Rack)
}

// topicView is how an image looks in one version and by one listener.
type topicView struct {
	img         *kzk.Image
	listener    string
	version     int16
	hideDeleted bool
}

// find returns a topic that is there and is not about to be deleted.
func (v topicView) find(name string) *kzk.Topic {
	if v.hideDeleted {
		if _, going := v.img.Deletions[name]; going {
			return nil
		}
	}
	return v.img.Topics[name]
}

func (v topicView) all() []kmsg.MetadataResponseTopic {
	names := make([]string, 0, len(v.img.Topics))
	for name := range v.img.Topics {
		if v.find(name) != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	list := make([]kmsg.MetadataResponseTopic, 0, len(names))
	for _, name := range names {
		list = append(list, v.topic(v.img.Topics[name]))
	}
	return list
}

func (v topicView) byID() map[kproto.UUID]*kzk.Topic {
	m := make(map[kproto.UUID]*kzk.Topic, len(v.img.Topics))
	for name, t := range v.img.Topics {
		if t.HasID && v.find(name) != nil {
			m[t.ID] = t
		}
	}
	return m
}

func (v topicView) withID(byID map[kproto.UUID]*kzk.Topic, id kproto.UUID) kmsg.MetadataResponseTopic {
	if found := byID[id]; found != nil {
		return v.topic(found)
	}
	t := kmsg.NewMetadataResponseTopic()
	t.TopicID, t.ErrorCode = id, int16(kproto.UnknownTopicID)
	if v.version < 12 || id == (kproto.UUID{}) { // neither a name nor an id, or one that this version has no use for
		t.ErrorCode = int16(kproto.InvalidRequest)
		t.Topic = kmsg.StringPtr("")
	}
	return t
}

func (v topicView) topic(t *kzk.Topic) kmsg.MetadataResponseTopic {
	out := kmsg.NewMetadataResponseTopic()
	out.Topic, out.IsInternal = kmsg.StringPtr(t.Name), internal(t.Name)
	if t.HasID {
		out.TopicID = t.ID
	}
	ids := t.IDs()
	out.Partitions = make([]kmsg.MetadataResponseTopicPartition, 0, len(ids))
	for _, id := range ids {
		out.Partitions = append(out.Partitions, v.partition(id, t.Partitions[id]))
	}
	return out
}

// partition is one partition as clients see it: its leader only if they can reach it.
func (v topicView) partition(id int32, p *kzk.Partition) kmsg.MetadataResponseTopicPartition {
	out := kmsg.NewMetadataResponseTopicPartition()
	out.Partition, out.Leader, out.LeaderEpoch = id, -1, -1
	out.Replicas = p.Replicas
	for _, r := range p.Replicas {
		if !v.reachable(r) {
			out.OfflineReplicas = append(out.OfflineReplicas, r)
		}
	}
	if p.State == nil {
		out.ErrorCode = int16(kproto.LeaderNotAvailable)
		return out
	}
	out.ISR, out.LeaderEpoch = p.State.ISR, p.State.LeaderEpoch
	switch leader := p.State.Leader; {
	case v.reachable(leader):
		out.Leader = leader
	case v.version >= 6 && v.img.Brokers[leader] != nil:
		out.ErrorCode = int16(kproto.ListenerNotFound)
	default:
		out.ErrorCode = int16(kproto.LeaderNotAvailable)
	}
	if v.version == 0 { // whose clients take every replica for one that is there
		v.dropUnreachable(&out)
	}
	return out
}

func (v topicView) dropUnreachable(p *kmsg.MetadataResponseTopicPartition) {
	gone := func(id int32) bool { return !v.reachable(id) }
	replicas := slices.DeleteFunc(slices.Clone(p.Replicas), gone)
	isr := slices.DeleteFunc(slices.Clone(p.ISR), gone)
	if p.ErrorCode == 0 && (len(replicas) < len(p.Replicas) || len(isr) < len(p.ISR)) {
		p.ErrorCode = int16(kproto.ReplicaNotAvailable)
	}
	p.Replicas, p.ISR = replicas, isr
}

func (v topicView) reachable(broker int32) bool {
	_, ok := endpoint(v.img.Brokers[broker], v.listener)
	return ok
}
