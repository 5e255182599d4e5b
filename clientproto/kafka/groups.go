package kafka

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
)

// Groups asks all brokers for the groups that they coordinate, sorted by name; no state is all. Where some brokers do
// not answer it returns the groups of the others, and a *[kmodel.SilentError] that names those.
func (c *Client) Groups(ctx context.Context, states ...string) ([]kmodel.GroupListing, error) {
	cluster, err := c.Cluster(ctx)
	if err != nil {
		return nil, err
	}
	groups := []kmodel.GroupListing{}
	var silent []kmodel.SilentBroker
	for i, answer := range askEach(ctx, c, cluster.Brokers, func(ctx context.Context, b kmodel.Broker) ([]kmodel.GroupListing, error) {
		return c.groupsOf(ctx, b, states)
	}) {
		var refused *ServerError
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.As(answer.err, &refused):
			return nil, answer.err // the others would say the same
		case answer.err != nil:
			silent = append(silent, kmodel.SilentBroker{Broker: cluster.Brokers[i], Err: answer.err})
		}
		groups = append(groups, answer.value...)
	}
	if len(silent) > 0 && len(silent) == len(cluster.Brokers) {
		if fault := c.dialer.faultOf(silent[0].Broker.Addr()); fault != nil {
			return nil, c.blame(fault) // somebody did answer: the addresses may be wrong
		}
	}
	slices.SortFunc(groups, func(a, b kmodel.GroupListing) int { return strings.Compare(a.Name, b.Name) })
	if len(silent) > 0 {
		return groups, &kmodel.SilentError{Brokers: silent}
	}
	return groups, nil
}

// groupsOf are the groups that one broker coordinates, for askEach.
func (c *Client) groupsOf(ctx context.Context, b kmodel.Broker, states []string) ([]kmodel.GroupListing, error) {
	req := kmsg.NewPtrListGroupsRequest()
	req.StatesFilter = states
	answer, err := c.kgo.Broker(int(b.ID)).Request(ctx, req)
	if err != nil {
		return nil, err
	}
	resp := answer.(*kmsg.ListGroupsResponse)
	if err := codeError(resp.ErrorCode, nil); err != nil {
		return nil, err
	}
	var groups []kmodel.GroupListing
	for _, g := range resp.Groups {
		if len(states) > 0 && g.GroupState == "" {
			continue // the broker does not filter, nor tell
		}
		groups = append(groups, kmodel.GroupListing{
			Name: g.Group, State: g.GroupState, Type: g.GroupType, ProtocolType: g.ProtocolType, Coordinator: b.ID,
		})
	}
	return groups, nil
}

// DescribeGroups describes groups in the order of their names. One that is not there has the state Dead.
func (c *Client) DescribeGroups(ctx context.Context, names ...string) ([]kmodel.Group, error) {
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = names
	out := make([]kmodel.Group, len(names))
	at := map[string]int{}
	for i, name := range names {
		at[name] = i
		out[i] = kmodel.Group{Name: name, Err: &ServerError{Code: kproto.CoordinatorNotAvailable}}
	}
	var newer []string
	for _, shard := range c.sharded(ctx, req) {
		if shard.Err != nil {
			for _, name := range shard.Req.(*kmsg.DescribeGroupsRequest).Groups {
				out[at[name]].Err = c.failure(ctx, shard.Err)
			}
			continue
		}
		for _, g := range shard.Resp.(*kmsg.DescribeGroupsResponse).Groups {
			i, ok := at[g.Group]
			if !ok {
				continue
			}
			out[i] = group(g)
			if out[i].State == "Dead" {
				newer = append(newer, g.Group)
			}
			out[i].Coordinator = kmodel.Broker{ID: shard.Meta.NodeID, Host: shard.Meta.Host, Port: shard.Meta.Port}
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, g := range c.consumerGroups(ctx, newer) {
		g.Coordinator = out[at[g.Name]].Coordinator
		out[at[g.Name]] = g
	}
	return out, nil
}

func group(g kmsg.DescribeGroupsResponseGroup) kmodel.Group {
	out := kmodel.Group{
		Name: g.Group, State: g.State, ProtocolType: g.ProtocolType, Assignor: g.Protocol, Members: []kmodel.GroupMember{},
		Err: codeError(g.ErrorCode, g.ErrorMessage),
	}
	if kproto.Error(g.ErrorCode) == kproto.GroupIDNotFound { // brokers since 4.0; older ones only say Dead
		out.State, out.Err = "Dead", nil
	}
	for _, m := range g.Members {
		member := kmodel.GroupMember{ID: m.MemberID, ClientID: m.ClientID, Host: m.ClientHost, Assigned: []kmodel.TopicPartition{}}
		if m.InstanceID != nil {
			member.InstanceID = *m.InstanceID
		}
		var assigned kmsg.ConsumerMemberAssignment
		if g.ProtocolType == "consumer" && len(m.MemberAssignment) > 0 && assigned.ReadFrom(m.MemberAssignment) == nil {
			for _, t := range assigned.Topics {
				for _, p := range t.Partitions {
					member.Assigned = append(member.Assigned, kmodel.TopicPartition{Topic: t.Topic, Partition: p})
				}
			}
		}
		out.Members = append(out.Members, member)
	}
	sortMembers(out.Members)
	return out
}

// consumerGroups describes those of the names that are groups of the protocol of Kafka 4. Brokers that do not know it
// have none.
func (c *Client) consumerGroups(ctx context.Context, names []string) []kmodel.Group {
	if len(names) == 0 {
		return nil
	}
	described, err := c.admin.DescribeConsumerGroups(ctx, names...)
	if err != nil {
		return nil
	}
	var out []kmodel.Group
	for _, g := range described {
		if g.Err != nil {
			continue
		}
		group := kmodel.Group{Name: g.Group, State: g.State, ProtocolType: "consumer", Assignor: g.AssignorName, Members: []kmodel.GroupMember{}}
		for _, m := range g.Members {
			member := kmodel.GroupMember{ID: m.MemberID, ClientID: m.ClientID, Host: m.ClientHost, Assigned: []kmodel.TopicPartition{}}
			if m.InstanceID != nil {
				member.InstanceID = *m.InstanceID
			}
			for topic, partitions := range m.Assignment {
				for p := range partitions {
					member.Assigned = append(member.Assigned, kmodel.TopicPartition{Topic: topic, Partition: p})
				}
			}
			group.Members = append(group.Members, member)
		}
		sortMembers(group.Members)
		out = append(out, group)
	}
	return out
}

func sortMembers(members []kmodel.GroupMember) {
	for _, m := range members {
		slices.SortFunc(m.Assigned, kmodel.TopicPartition.Compare)
	}
	slices.SortFunc(members, func(a, b kmodel.GroupMember) int { return cmp.Compare(a.ID, b.ID) })
}

// GroupOffsets are a group's commits, sorted; none where there is no such group.
func (c *Client) GroupOffsets(ctx context.Context, group string) ([]kmodel.PartitionOffset, error) {
	commits, err := delivered(func() (kadm.OffsetResponses, error) { return c.admin.FetchOffsets(ctx, group) })
	if err != nil {
		return nil, c.failure(ctx, err)
	}
	offsets := []kmodel.PartitionOffset{}
	for _, o := range commits.Sorted() {
		offsets = append(offsets, kmodel.PartitionOffset{
			TopicPartition: kmodel.TopicPartition{Topic: o.Topic, Partition: o.Partition},
			Offset:         o.At, Timestamp: -1, LeaderEpoch: o.LeaderEpoch, Metadata: o.Metadata, Err: kerrError(o.Err, ""),
		})
	}
	return offsets, nil
}

// CommitOffsets commits for a group that has no members. The answers have the order of the offsets.
func (c *Client) CommitOffsets(ctx context.Context, group string, offsets []kmodel.PartitionOffset) ([]kmodel.PartitionOffset, error) {
	commits := kadm.Offsets{}
	for _, o := range offsets {
		commits.Add(kadm.Offset{Topic: o.Topic, Partition: o.Partition, At: o.Offset, LeaderEpoch: -1, Metadata: o.Metadata})
	}
	resp, err := delivered(func() (kadm.OffsetResponses, error) { return c.admin.CommitOffsets(ctx, group, commits) })
	if err != nil {
		return nil, c.failure(ctx, err)
	}
	out := slices.Clone(offsets)
	for i, o := range offsets {
		if answer, ok := resp.Lookup(o.Topic, o.Partition); ok {
			out[i].Err = kerrError(answer.Err, "")
		} else {
			out[i].Err = &ServerError{Code: kproto.UnknownTopicOrPartition, Message: "the answer does not mention it"}
		}
	}
	return out, nil
}

// DeleteGroups deletes groups that have no members. The outcomes have the names' order.
func (c *Client) DeleteGroups(ctx context.Context, names ...string) ([]kmodel.Outcome, error) {
	req := kmsg.NewPtrDeleteGroupsRequest()
	req.Groups = names
	out := make([]kmodel.Outcome, len(names))
	at := map[string]int{}
	for i, name := range names {
		at[name] = i
		out[i] = kmodel.Outcome{Name: name, Err: &ServerError{Code: kproto.CoordinatorNotAvailable}}
	}
	for _, shard := range c.sharded(ctx, req) {
		if shard.Err != nil {
			for _, name := range shard.Req.(*kmsg.DeleteGroupsRequest).Groups {
				out[at[name]].Err = c.failure(ctx, shard.Err)
			}
			continue
		}
		for _, g := range shard.Resp.(*kmsg.DeleteGroupsResponse).Groups {
			if i, ok := at[g.Group]; ok {
				out[i].Err = codeError(g.ErrorCode, nil)
			}
		}
	}
	return out, ctx.Err()
}

// DeleteGroupOffsets deletes a group's commits of partitions, whose order the answers have.
func (c *Client) DeleteGroupOffsets(ctx context.Context, group string, partitions []kmodel.TopicPartition) ([]kmodel.PartitionOffset, error) {
	req := kmsg.NewPtrOffsetDeleteRequest()
	req.Group = group
	for topic, ids := range byTopic(partitions) {
		t := kmsg.NewOffsetDeleteRequestTopic()
		t.Topic = topic
		for _, id := range ids {
			t.Partitions = append(t.Partitions, kmsg.OffsetDeleteRequestTopicPartition{Partition: id})
		}
		req.Topics = append(req.Topics, t)
	}
	resp, err := delivered(func() (*kmsg.OffsetDeleteResponse, error) { return req.RequestWith(ctx, c.kgo) })
	if err == nil {
		err = codeError(resp.ErrorCode, nil)
	} else {
		err = c.failure(ctx, err)
	}
	if err != nil {
		return nil, err
	}
	answers := newAnswers(partitions)
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			answers.put(kmodel.PartitionOffset{
				TopicPartition: kmodel.TopicPartition{Topic: t.Topic, Partition: p.Partition},
				Offset:         -1, Timestamp: -1, LeaderEpoch: -1, Err: codeError(p.ErrorCode, nil),
			})
		}
	}
	return answers.list, nil
}
