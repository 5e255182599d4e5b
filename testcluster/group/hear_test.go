package group_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// hear has a client learn from a reply, as clients do, and puts the reply into words.
func (c *client) hear(resp kmsg.Response) string {
	c.waits, c.last = "", resp
	switch r := resp.(type) {
	case *kmsg.JoinGroupResponse:
		return c.hearJoin(r)
	case *kmsg.SyncGroupResponse:
		if r.ErrorCode != 0 {
			c.assignment = ""
			return errorText(r.ErrorCode)
		}
		c.assignment = string(r.MemberAssignment)
		return fmt.Sprintf("assigned %q", r.MemberAssignment)
	case *kmsg.HeartbeatResponse:
		return errorText(r.ErrorCode)
	case *kmsg.LeaveGroupResponse:
		text := errorText(r.ErrorCode)
		for _, m := range r.Members {
			text += fmt.Sprintf(", %s%s %s", m.MemberID, instanceText(m.InstanceID), errorText(m.ErrorCode))
		}
		return text
	case *kmsg.OffsetCommitResponse:
		var list []string
		for _, t := range r.Topics {
			for _, p := range t.Partitions {
				list = append(list, fmt.Sprintf("%s-%d %s", t.Topic, p.Partition, errorText(p.ErrorCode)))
			}
		}
		return "commit " + strings.Join(list, ", ")
	case *kmsg.OffsetDeleteResponse:
		text := errorText(r.ErrorCode)
		for _, t := range r.Topics {
			for _, p := range t.Partitions {
				text += fmt.Sprintf(", %s-%d %s", t.Topic, p.Partition, errorText(p.ErrorCode))
			}
		}
		return text
	case *kmsg.DeleteGroupsResponse:
		return "delete " + r.Groups[0].Group + ": " + errorText(r.Groups[0].ErrorCode)
	}
	return fmt.Sprintf("%T", resp)
}

func (c *client) hearJoin(r *kmsg.JoinGroupResponse) string {
	if r.ErrorCode != 0 {
		switch kproto.Error(r.ErrorCode) {
		case kproto.MemberIDRequired:
			c.id = r.MemberID
		case kproto.UnknownMemberID, kproto.FencedInstanceID:
			c.id = ""
		}
		text := errorText(r.ErrorCode)
		if r.MemberID != "" {
			text += ", id " + r.MemberID
		}
		return text
	}
	c.id, c.generation, c.protocol, c.kindSaid = r.MemberID, r.Generation, r.Protocol, r.ProtocolType
	text := fmt.Sprintf("joined generation %d as %s, %s, leader %s", r.Generation, r.MemberID, *r.Protocol, r.LeaderID)
	var list []string
	for _, m := range r.Members {
		list = append(list, m.MemberID+instanceText(m.InstanceID))
	}
	if len(list) > 0 {
		text += ", members " + strings.Join(list, " ")
	}
	if r.SkipAssignment {
		text += ", skip assignment"
	}
	return text
}

func instanceText(instance *string) string {
	if instance == nil {
		return ""
	}
	return "[" + *instance + "]"
}

// recordTexts puts records of __consumer_offsets into words.
func recordTexts(records []kproto.Record) string {
	var list []string
	for _, r := range records {
		list = append(list, recordText(r))
	}
	return strings.Join(list, "; ")
}

func recordText(r kproto.Record) string {
	if r.Key[1] == 2 {
		var k kmsg.GroupMetadataKey
		if err := k.ReadFrom(r.Key); err != nil {
			return err.Error()
		}
		if r.Value == nil {
			return "no group " + k.Group
		}
		var v kmsg.GroupMetadataValue
		if err := v.ReadFrom(r.Value); err != nil {
			return err.Error()
		}
		text := fmt.Sprintf("group %s generation %d", k.Group, v.Generation)
		for _, m := range v.Members {
			text += fmt.Sprintf(", %s%s %q", m.MemberID, instanceText(m.InstanceID), m.Assignment)
		}
		return text
	}
	var k kmsg.OffsetCommitKey
	if err := k.ReadFrom(r.Key); err != nil {
		return err.Error()
	}
	if r.Value == nil {
		return fmt.Sprintf("no offset %s %s-%d", k.Group, k.Topic, k.Partition)
	}
	var v kmsg.OffsetCommitValue
	if err := v.ReadFrom(r.Value); err != nil {
		return err.Error()
	}
	text := fmt.Sprintf("offset %s %s-%d %d", k.Group, k.Topic, k.Partition, v.Offset)
	if v.Version == 1 {
		text += fmt.Sprintf(" until %v", time.UnixMilli(v.ExpireTimestamp).Sub(epoch))
	}
	return text
}
