package group_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/group"
)

// do carries out a line of a trace: a verb of the world, or a client and what it does.
func (w *world) do(line string) error {
	words := strings.Fields(line)
	switch words[0] {
	case "config":
		return w.configure(words[1:])
	case "events":
		w.events = true
		return nil
	}
	w.start()
	switch words[0] {
	case "run":
		d, err := time.ParseDuration(words[1])
		if err != nil {
			return err
		}
		w.run(d)
	case "hold":
		w.hold = true
	case "ack", "fail":
		return w.answer(words)
	case "move":
		w.move()
	case "close":
		w.shard.Close()
		w.collect("")
	case "loading":
		w.shard = group.New(w.config)
	case "loaded":
		w.load(w.log)
	case "describe":
		w.describe(words[1])
	case "list":
		for _, g := range w.shard.List(words[1:]) {
			w.say("%s %s %q", g.Group, g.GroupState, g.ProtocolType)
		}
	case "topic-deleted":
		w.shard.DeleteTopics(w.now, func(t string) bool { return t == words[1] })
		w.collect("")
	case "delete-group":
		w.shard.DeleteGroup(w.now, w.ticket(w.client("admin"), "delete"), words[1])
		w.collect("")
	default:
		if len(words) < 2 {
			return fmt.Errorf("%s: no such verb", words[0])
		}
		return w.act(w.client(words[0]), words[1], words[2:])
	}
	return nil
}

func (w *world) configure(words []string) error {
	for _, word := range words {
		k, v, _ := strings.Cut(word, "=")
		d, err := time.ParseDuration(v)
		switch k {
		case "delay":
			w.config.InitialDelay = d
		case "retention":
			w.config.Retention = d
		case "check":
			w.config.RetentionCheck = d
		case "size":
			w.config.MaxSize, err = strconv.Atoi(v)
		default:
			return fmt.Errorf("%s: no such setting", k)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// answer is "ack" or "fail ERROR", for all appends or those named.
func (w *world) answer(words []string) error {
	code, rest := kproto.NoError, words[1:]
	if words[0] == "fail" {
		for _, e := range kproto.Errors {
			if e.Name == words[1] {
				code = e.Code
			}
		}
		if code == kproto.NoError {
			return fmt.Errorf("%s: no such error", words[1])
		}
		rest = words[2:]
	}
	var ids []uint64
	for _, a := range w.pending {
		ids = append(ids, a.ID)
	}
	if len(rest) > 0 {
		ids = nil
		for _, word := range rest {
			id, err := strconv.ParseUint(word, 10, 64)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
	}
	for _, id := range ids {
		w.settle(id, code)
	}
	w.collect("")
	return nil
}

func (w *world) describe(name string) {
	g := w.shard.Describe(name, false)
	w.say("%s %s %q %q %s", name, g.State, g.ProtocolType, g.Protocol, errorText(g.ErrorCode))
	for _, m := range g.Members {
		w.say("  %s%s %s %s %q", m.MemberID, instanceText(m.InstanceID), m.ClientID, m.ClientHost, m.MemberAssignment)
	}
}

// act is a request of a client, with what it says in it: key=value is remembered.
func (w *world) act(c *client, verb string, words []string) error {
	var plain []string
	said := map[string]string{}
	for _, word := range words {
		if k, v, ok := strings.Cut(word, "="); ok && !strings.Contains(k, "-") {
			said[k] = v
			continue
		}
		plain = append(plain, word)
	}
	if err := c.remember(said); err != nil {
		return err
	}
	switch verb {
	case "join":
		w.shard.JoinGroup(w.now, w.ticket(c, verb), group.Client{ID: c.name, Host: "/10.0.0.1"}, c.joinRequest(said["reason"]))
	case "sync":
		w.shard.SyncGroup(w.now, w.ticket(c, verb), w.syncRequest(c, said))
	case "heartbeat":
		r := kmsg.NewPtrHeartbeatRequest()
		r.Version, r.Group, r.MemberID, r.Generation, r.InstanceID = 4, c.group, c.id, c.generation, c.instance
		w.shard.Heartbeat(w.now, w.ticket(c, verb), r)
	case "leave":
		w.shard.LeaveGroup(w.now, w.ticket(c, verb), c.leaveRequest(said))
	case "commit":
		r, err := c.commitRequest(said, plain)
		if err != nil {
			return err
		}
		w.shard.OffsetCommit(w.now, w.ticket(c, verb), r)
	case "fetch":
		return w.fetch(c, plain)
	case "delete":
		r := kmsg.NewPtrOffsetDeleteRequest()
		r.Group = c.group
		for _, word := range plain {
			topic, p, err := partition(word)
			if err != nil {
				return err
			}
			t := kmsg.NewOffsetDeleteRequestTopic()
			t.Topic, t.Partitions = topic, []kmsg.OffsetDeleteRequestTopicPartition{{Partition: p}}
			r.Topics = append(r.Topics, t)
		}
		w.shard.OffsetDelete(w.now, w.ticket(c, verb), r)
	default:
		return fmt.Errorf("%s: no such verb", verb)
	}
	w.collect("")
	return nil
}

func (c *client) remember(said map[string]string) error {
	for k, v := range said {
		var err error
		var n int
		switch k {
		case "v":
			n, err = strconv.Atoi(v)
			c.version = int16(n)
		case "group":
			c.group = v
		case "id":
			c.id = v
		case "generation":
			n, err = strconv.Atoi(v)
			c.generation = int32(n)
		case "instance":
			c.instance = &v
		case "session":
			c.session, err = time.ParseDuration(v)
		case "rebalance":
			c.rebalance, err = time.ParseDuration(v)
		case "type":
			c.kind = v
		case "protocols":
			c.protocols = strings.Split(v, ",")
		case "topics":
			c.topics = strings.Split(v, ",")
		case "protocol":
			c.protocol = &v
		case "assign", "reason", "members", "metadata", "retention":
		default:
			err = fmt.Errorf("%s: nothing one can say", k)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *client) joinRequest(reason string) *kmsg.JoinGroupRequest {
	r := kmsg.NewPtrJoinGroupRequest()
	r.Version, r.Group, r.MemberID, r.InstanceID, r.ProtocolType = c.version, c.group, c.id, c.instance, c.kind
	r.SessionTimeoutMillis, r.RebalanceTimeoutMillis = int32(c.session.Milliseconds()), int32(c.rebalance.Milliseconds())
	if reason != "" {
		r.Reason = &reason
	}
	meta := kmsg.NewConsumerMemberMetadata()
	meta.Topics = c.topics
	for _, p := range c.protocols {
		rp := kmsg.NewJoinGroupRequestProtocol()
		rp.Name, rp.Metadata = p, meta.AppendTo(nil)
		r.Protocols = append(r.Protocols, rp)
	}
	return r
}

// syncRequest is that of version 5; assign=m1:x,m2:y names clients.
func (w *world) syncRequest(c *client, said map[string]string) *kmsg.SyncGroupRequest {
	r := kmsg.NewPtrSyncGroupRequest()
	r.Version, r.Group, r.MemberID, r.InstanceID, r.Generation = 5, c.group, c.id, c.instance, c.generation
	r.Protocol, r.ProtocolType = c.protocol, c.kindSaid
	if said["assign"] == "" {
		return r
	}
	for _, pair := range strings.Split(said["assign"], ",") {
		name, what, _ := strings.Cut(pair, ":")
		a := kmsg.NewSyncGroupRequestGroupAssignment()
		a.MemberID, a.MemberAssignment = w.client(name).id, []byte(what)
		r.GroupAssignment = append(r.GroupAssignment, a)
	}
	return r
}

// leaveRequest is of version 5, for the client itself or for members=i1,i2: instances.
func (c *client) leaveRequest(said map[string]string) *kmsg.LeaveGroupRequest {
	r := kmsg.NewPtrLeaveGroupRequest()
	r.Version, r.Group = 5, c.group
	if said["members"] == "" {
		m := kmsg.NewLeaveGroupRequestMember()
		m.MemberID, m.InstanceID = c.id, c.instance
		r.Members = append(r.Members, m)
		return r
	}
	for _, instance := range strings.Split(said["members"], ",") {
		m := kmsg.NewLeaveGroupRequestMember()
		m.InstanceID = &instance
		r.Members = append(r.Members, m)
	}
	return r
}

// commitRequest has words like t-0=5.
func (c *client) commitRequest(said map[string]string, words []string) (*kmsg.OffsetCommitRequest, error) {
	r := kmsg.NewPtrOffsetCommitRequest()
	r.Version, r.Group, r.MemberID, r.InstanceID, r.Generation = 8, c.group, c.id, c.instance, c.generation
	if said["retention"] != "" {
		d, err := time.ParseDuration(said["retention"])
		if err != nil {
			return nil, err
		}
		r.Version, r.RetentionTimeMillis = 4, d.Milliseconds()
	}
	for _, word := range words {
		tp, at, _ := strings.Cut(word, "=")
		topic, p, err := partition(tp)
		if err != nil {
			return nil, err
		}
		rp := kmsg.NewOffsetCommitRequestTopicPartition()
		if rp.Offset, err = strconv.ParseInt(at, 10, 64); err != nil {
			return nil, err
		}
		rp.Partition = p
		if m := said["metadata"]; m != "" {
			rp.Metadata = &m
		}
		t := kmsg.NewOffsetCommitRequestTopic()
		t.Topic, t.Partitions = topic, append(t.Partitions, rp)
		r.Topics = append(r.Topics, t)
	}
	return r, nil
}

func (w *world) fetch(c *client, words []string) error {
	r := kmsg.NewOffsetFetchRequestGroup()
	r.Group = c.group
	for _, word := range words {
		if word == "all" {
			break
		}
		topic, p, err := partition(word)
		if err != nil {
			return err
		}
		t := kmsg.NewOffsetFetchRequestGroupTopic()
		t.Topic, t.Partitions = topic, []int32{p}
		r.Topics = append(r.Topics, t)
	}
	resp := w.shard.OffsetFetch(&r)
	text := errorText(resp.ErrorCode)
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			text += fmt.Sprintf(", %s-%d %d", t.Topic, p.Partition, p.Offset)
			if *p.Metadata != "" {
				text += fmt.Sprintf(" %q", *p.Metadata)
			}
		}
	}
	w.say("%s: %s", c.name, text)
	return nil
}

func partition(word string) (string, int32, error) {
	topic, number, ok := strings.Cut(word, "-")
	if !ok {
		return "", 0, fmt.Errorf("%s: want topic-partition", word)
	}
	p, err := strconv.ParseInt(number, 10, 32)
	return topic, int32(p), err
}
