package group

import (
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// Authorized operations of a group, where nothing forbids any: 1 << READ | 1 << DELETE | 1 << DESCRIBE.
const allOperations = 1<<3 | 1<<6 | 1<<8

// Describe answers for one group of DescribeGroups. One that is not known is Dead, which is no error.
func (s *Shard) Describe(name string, operations bool) kmsg.DescribeGroupsResponseGroup {
	r := kmsg.NewDescribeGroupsResponseGroup()
	r.Group = name
	if err := s.refusal(name, true); err != kproto.NoError {
		r.ErrorCode = int16(err)
		return r
	}
	if operations {
		r.AuthorizedOperations = allOperations
	}
	g := s.groups[name]
	if g == nil {
		r.State = Dead.String()
		return r
	}
	r.State, r.ProtocolType = g.state.String(), g.protocolType
	if g.state == Stable {
		r.Protocol = g.protocol
	}
	for _, m := range g.order {
		e := kmsg.NewDescribeGroupsResponseGroupMember()
		e.MemberID, e.InstanceID, e.ClientID, e.ClientHost = m.id, m.instance, m.client.ID, m.client.Host
		if g.state == Stable {
			e.ProtocolMetadata, e.MemberAssignment = m.metadata(g.protocol), m.assignment
		}
		r.Members = append(r.Members, e)
	}
	return r
}

// List answers for the shard's part of ListGroups. States filter; none are all. A shard that is not loaded has no groups.
func (s *Shard) List(states []string) []kmsg.ListGroupsResponseGroup {
	var list []kmsg.ListGroupsResponseGroup
	if s.phase != active {
		return nil
	}
	for _, g := range s.sorted() {
		state := g.state.String()
		if len(states) > 0 && !slices.ContainsFunc(states, func(want string) bool { return strings.EqualFold(want, state) }) {
			continue
		}
		e := kmsg.NewListGroupsResponseGroup()
		e.Group, e.ProtocolType, e.GroupState, e.GroupType = g.name, g.protocolType, state, "classic"
		list = append(list, e)
	}
	return list
}
