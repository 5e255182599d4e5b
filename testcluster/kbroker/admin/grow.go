package admin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// handleCreatePartitions answers CreatePartitions (37). Version 2 is flexible.
// Source: KafkaApis.handleCreatePartitionsRequest, AdminManager.createPartitions.
func (a *Admin) handleCreatePartitions(r *wire.Request) {
	req := kmsg.NewPtrCreatePartitionsRequest()
	a.serve(r, req, func(ctx context.Context) kmsg.Response { return a.createPartitions(ctx, req) })
}

func (a *Admin) createPartitions(ctx context.Context, req *kmsg.CreatePartitionsRequest) kmsg.Response {
	waiting, cancel := context.WithTimeout(ctx, time.Duration(req.TimeoutMillis)*time.Millisecond)
	defer cancel()
	writing, cancel := a.requestTimeout(ctx)
	defer cancel()

	grown, errs := make([]*plan, len(req.Topics)), make([]error, len(req.Topics))
	named := map[string]int{}
	for _, t := range req.Topics {
		named[t.Topic]++
	}
	partitions := 0
	for i, t := range req.Topics {
		switch {
		case named[t.Topic] > 1:
			errs[i] = refuse(kproto.InvalidRequest, "Duplicate topic in request.")
			continue
		case partitions >= maxPartitions:
			errs[i] = errManyPartitions
			continue
		}
		topic, err := a.grow(writing, t, req.ValidateOnly)
		if grown[i], errs[i] = (&plan{topic: topic}), err; err == nil {
			partitions += len(topic.Partitions)
		}
	}
	if !req.ValidateOnly {
		a.awaitLeaders(waiting, grown, errs)
	}
	resp := req.ResponseKind().(*kmsg.CreatePartitionsResponse)
	for i, t := range req.Topics {
		if named[t.Topic] == 0 {
			continue // answered: one that is there twice gets one answer
		}
		named[t.Topic] = 0
		answer := kmsg.NewCreatePartitionsResponseTopic()
		answer.Topic = t.Topic
		answer.ErrorCode, answer.ErrorMessage = told(errs[i])
		resp.Topics = append(resp.Topics, answer)
	}
	return resp
}

// grow gives a topic more partitions and returns what it then is.
func (a *Admin) grow(ctx context.Context, want kmsg.CreatePartitionsRequestTopic, validateOnly bool) (*kzk.Topic, error) {
	var written *kzk.Topic
	for {
		img, err := a.o.Mirror.Fresh(ctx)
		if err != nil {
			return nil, err
		}
		if t := img.Topics[want.Topic]; written != nil && t != nil && sameAssignment(t, written) {
			return written, nil // the answer was lost, the write was not
		}
		topic, err := larger(img, want)
		if err != nil || validateOnly {
			return topic, err
		}
		_, err = a.o.ZK.Set(ctx, kzk.TopicPath(topic.Name), kzk.EncodeTopic(topic), topic.Version)
		if err == nil {
			a.o.Logger.Info("topic grown", "topic", topic.Name, "partitions", len(topic.Partitions))
			return topic, nil
		}
		if !lost(err) && !errors.Is(err, zkproto.BadVersion) && !errors.Is(err, zkproto.NoNode) {
			return nil, err
		}
		written = topic
	}
}

func sameAssignment(a, b *kzk.Topic) bool {
	return a.Czxid == b.Czxid && maps.EqualFunc(a.Partitions, b.Partitions, func(p, q *kzk.Partition) bool {
		return slices.Equal(p.Replicas, q.Replicas)
	})
}

// larger is the topic that is wanted, by the rules of AdminManager.createPartitions and
// AdminZkClient.createNewPartitionsAssignment.
func larger(img *kzk.Image, want kmsg.CreatePartitionsRequestTopic) (*kzk.Topic, error) {
	t := img.Topics[want.Topic]
	if t == nil {
		return nil, noTopic(want.Topic)
	}
	if _, marked := img.Deletions[t.Name]; marked {
		return nil, refuse(kproto.InvalidTopicException, "The topic is queued for deletion.")
	}
	for _, p := range t.Partitions {
		if len(p.Adding)+len(p.Removing) > 0 {
			return nil, refuse(kproto.ReassignmentInProgress, "A partition reassignment is in progress for the topic '%s'.", t.Name)
		}
	}
	now := int32(len(t.Partitions))
	switch {
	case want.Count < now:
		return nil, refuse(kproto.InvalidPartitions, "Topic currently has %d partitions, which is higher than the requested %d.", now, want.Count)
	case want.Count == now:
		return nil, refuse(kproto.InvalidPartitions, "Topic already has %d partitions.", now)
	case t.Partitions[0] == nil || len(t.Partitions[0].Replicas) == 0:
		return nil, fmt.Errorf("partition 0 of topic %s has no replicas", t.Name)
	}
	added, err := addition(img, t, want)
	if err != nil {
		return nil, err
	}
	grown := *t
	grown.Partitions = maps.Clone(t.Partitions)
	for p, replicas := range added {
		grown.Partitions[p] = &kzk.Partition{Replicas: replicas}
	}
	if len(kzk.EncodeTopic(&grown)) > maxZnode {
		return nil, tooManyPartitions(len(grown.Partitions))
	}
	return &grown, nil
}

// addition are the replicas of the partitions to come: the client's choice, or ours.
func addition(img *kzk.Image, t *kzk.Topic, want kmsg.CreatePartitionsRequestTopic) (map[int32][]int32, error) {
	first := t.Partitions[0].Replicas
	now := int32(len(t.Partitions))
	if want.Assignment == nil {
		return moreOf(img.Brokers, first[0], now).assign(want.Count-now, len(first))
	}
	var unknown []int32
	for _, p := range want.Assignment {
		for _, id := range p.Replicas {
			if img.Brokers[id] == nil {
				unknown = append(unknown, id)
			}
		}
	}
	slices.Sort(unknown)
	unknown = slices.Compact(unknown)
	if len(unknown) > 0 {
		return nil, refuse(kproto.InvalidReplicaAssignment, "Unknown broker(s) in replica assignment: %s.", commas(unknown))
	}
	if n := int32(len(want.Assignment)); n != want.Count-now {
		return nil, refuse(kproto.InvalidReplicaAssignment,
			"Increasing the number of partitions by %d but %d assignments provided.", want.Count-now, n)
	}
	added := map[int32][]int32{}
	var badPartitions, badFactors []string
	for i, p := range want.Assignment {
		id := now + int32(i)
		switch {
		case len(p.Replicas) == 0:
			return nil, refuse(kproto.InvalidReplicaAssignment, "Cannot have replication factor of 0 for partition id %d.", id)
		case duplicates(p.Replicas):
			return nil, refuse(kproto.InvalidReplicaAssignment,
				"Duplicate brokers not allowed in replica assignment: %s for partition id %d.", commas(p.Replicas), id)
		case len(p.Replicas) != len(first):
			badPartitions, badFactors = append(badPartitions, fmt.Sprint(id)), append(badFactors, fmt.Sprint(len(p.Replicas)))
		}
		added[id] = p.Replicas
	}
	if len(badPartitions) > 0 {
		return nil, refuse(kproto.InvalidReplicaAssignment, "Inconsistent replication factor between partitions, partition 0 has %d "+
			"while partitions [%s] have replication factors [%s], respectively.",
			len(first), strings.Join(badPartitions, ", "), strings.Join(badFactors, ", "))
	}
	return added, nil
}
