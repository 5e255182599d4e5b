package admin

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// handleDeleteTopics answers DeleteTopics (20): it marks the topics, which the controller then removes.
//
// Versions: 3 knows TOPIC_DELETION_DISABLED, 4 is flexible, 5 answers with messages, 6 takes ids beside names.
// Source: KafkaApis.handleDeleteTopicsRequest.
func (a *Admin) handleDeleteTopics(r *wire.Request) {
	req := kmsg.NewPtrDeleteTopicsRequest()
	a.serve(r, req, func(ctx context.Context) kmsg.Response { return a.deleteTopics(ctx, req) })
}

// doomed is a topic that a client wants to be deleted.
type doomed struct {
	name  *string
	id    kproto.UUID
	topic *kzk.Topic // nil where there is none
	err   error
}

func (a *Admin) deleteTopics(ctx context.Context, req *kmsg.DeleteTopicsRequest) kmsg.Response {
	waiting, cancel := context.WithTimeout(ctx, time.Duration(req.TimeoutMillis)*time.Millisecond)
	defer cancel()
	writing, cancel := a.requestTimeout(ctx)
	defer cancel()

	all := targets(req)
	a.mark(writing, req.Version, all)
	a.awaitRemoval(waiting, all)

	resp := req.ResponseKind().(*kmsg.DeleteTopicsResponse)
	for _, d := range all {
		answer := kmsg.NewDeleteTopicsResponseTopic()
		answer.Topic, answer.TopicID = d.name, d.id
		answer.ErrorCode, answer.ErrorMessage = told(d.err)
		resp.Topics = append(resp.Topics, answer)
	}
	return resp
}

// targets are the topics of a request, each once.
func targets(req *kmsg.DeleteTopicsRequest) []*doomed {
	var all []*doomed
	seen := map[string]bool{}
	add := func(name *string, id kproto.UUID) {
		key := id.String()
		if name != nil {
			key += "/" + *name
		}
		if seen[key] {
			return
		}
		seen[key] = true
		d := &doomed{name: name, id: id}
		switch {
		case name == nil && id.IsZero():
			d.err = refuse(kproto.InvalidRequest, "Neither topic name nor id were specified.")
		case name != nil && !id.IsZero():
			d.err = refuse(kproto.InvalidRequest, "You may not specify both topic name and topic id.")
		}
		all = append(all, d)
	}
	for _, name := range req.TopicNames {
		add(&name, kproto.UUID{})
	}
	for _, t := range req.Topics {
		add(t.Topic, t.TopicID)
	}
	return all
}

// mark finds the topics in a fresh image and makes the znodes that ask the controller to delete them.
func (a *Admin) mark(ctx context.Context, version int16, all []*doomed) {
	failAll := func(err error) {
		for _, d := range all {
			if d.err == nil {
				d.err = err
			}
		}
	}
	if !a.o.Config.Topics.Delete {
		code := kproto.TopicDeletionDisabled
		if version < 3 {
			code = kproto.InvalidRequest
		}
		failAll(code)
		return
	}
	img, err := a.o.Mirror.Fresh(ctx)
	if err != nil {
		failAll(err)
		return
	}
	for _, d := range all {
		if d.err == nil {
			d.err = ctx.Err()
		}
		if d.err != nil {
			continue
		}
		if d.find(img); d.topic != nil {
			d.err = a.markOne(ctx, d.topic.Name)
		}
	}
}

// find looks for the topic, and says if there is none.
func (d *doomed) find(img *kzk.Image) {
	if d.name != nil {
		if d.topic = img.Topics[*d.name]; d.topic == nil {
			d.err = kproto.UnknownTopicOrPartition
		}
		return
	}
	for _, t := range img.Topics {
		if t.HasID && t.ID == d.id {
			d.topic, d.name = t, &t.Name
			return
		}
	}
	d.err = kproto.UnknownTopicID
}

// markOne asks for a topic's deletion, if it is still there. That it was asked for already is as good.
func (a *Admin) markOne(ctx context.Context, name string) error {
	for {
		_, err := a.o.ZK.Multi(ctx, []zkproto.MultiOp{
			existsOp(kzk.TopicPath(name)),
			zkclient.CreateOp(kzk.DeleteTopicPath(name), nil, zkproto.OpenACL(), zkproto.ModePersistent, 0),
		})
		switch index, code := failedAt(err); {
		case err == nil:
			a.o.Logger.Info("topic to be deleted", "topic", name)
			return nil
		case index == 1 && code == zkproto.NodeExists:
			return nil
		case index == 0 && code == zkproto.NoNode:
			return kproto.UnknownTopicOrPartition
		case !lost(err):
			return err
		}
		if err := a.o.ZK.Connected(ctx); err != nil {
			return err
		}
	}
}

// awaitRemoval waits until the topics are gone, or are as far as they get while a broker with a replica is down.
func (a *Admin) awaitRemoval(ctx context.Context, all []*doomed) {
	done := func(img *kzk.Image) bool {
		for _, d := range all {
			if d.err == nil && !removed(img, d.topic) {
				return false
			}
		}
		return true
	}
	if ctx.Err() == nil {
		_, _ = a.o.Mirror.Wait(ctx, done) // its error is the timeout, which is told below
	}
	img := a.o.Mirror.Image()
	for _, d := range all {
		if d.err == nil && !removed(img, d.topic) {
			d.err = kproto.RequestTimedOut
		}
	}
}

func removed(img *kzk.Image, was *kzk.Topic) bool {
	t := img.Topics[was.Name]
	if t == nil || t.Czxid != was.Czxid {
		return true
	}
	if _, marked := img.Deletions[was.Name]; !marked {
		return false
	}
	for _, p := range t.Partitions {
		for _, id := range p.Replicas {
			if img.Brokers[id] == nil {
				return true
			}
		}
	}
	return false
}
