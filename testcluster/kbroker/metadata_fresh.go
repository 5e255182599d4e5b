package kbroker

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
)

// freshPatience bounds how long an answer waits for what this broker may not know yet.
const freshPatience = time.Second

// freshImage has what any broker has answered before the call, unless ZooKeeper is slow to say so.
func (b *Broker) freshImage(ctx context.Context) *kzk.Image {
	ctx, cancel := context.WithTimeout(ctx, freshPatience)
	defer cancel()
	if img, err := b.mirror.Fresh(ctx); err == nil {
		return img
	}
	return b.mirror.Image()
}

// maybeBehind says whether a newer image could have what this one lacks: a topic that is asked for by name or id, a
// partition's first leader, or, for who wants the list of all, any topic. So nobody who has made a topic at one broker is
// told at the next that there is none.
func maybeBehind(img *kzk.Image, version int16, req *kmsg.MetadataRequest) bool {
	if asksForAll(version, req) {
		return true
	}
	var ids map[kproto.UUID]*kzk.Topic
	for _, t := range req.Topics {
		var topic *kzk.Topic
		if t.Topic != nil {
			if topic = img.Topics[*t.Topic]; topic == nil && kproto.ValidTopicName(*t.Topic) != nil {
				continue
			}
		} else {
			if ids == nil {
				ids = topicsByID(img)
			}
			topic = ids[t.TopicID]
		}
		if topic == nil {
			return true
		}
		for _, p := range topic.Partitions {
			if p.State == nil {
				return true
			}
		}
	}
	return false
}

func topicsByID(img *kzk.Image) map[kproto.UUID]*kzk.Topic {
	m := make(map[kproto.UUID]*kzk.Topic, len(img.Topics))
	for _, t := range img.Topics {
		if t.HasID {
			m[t.ID] = t
		}
	}
	return m
}
