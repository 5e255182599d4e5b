package admin_test

import (
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// probe is one request of the comparison with Kafka.
type probe struct {
	name   string
	req    kmsg.Request
	settle bool // wait until topic tmp is gone
	later  bool // Kafka's brokers learn of it a little later
}

func create(topics ...kmsg.CreateTopicsRequestTopic) *kmsg.CreateTopicsRequest {
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Topics, req.TimeoutMillis = topics, 20_000
	return req
}

func topic(name string, partitions int32, replicas int16, configs ...string) kmsg.CreateTopicsRequestTopic {
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = name, partitions, replicas
	for _, kv := range configs {
		c := kmsg.NewCreateTopicsRequestTopicConfig()
		k, v, ok := strings.Cut(kv, "=")
		if c.Name = k; ok {
			c.Value = &v
		}
		t.Configs = append(t.Configs, c)
	}
	return t
}

// placed is a topic with an assignment: of partition 0, 1 …, or of those given before a colon.
func placed(name string, partitions []int32, replicas ...[]int32) kmsg.CreateTopicsRequestTopic {
	t := topic(name, -1, -1)
	for i, r := range replicas {
		t.ReplicaAssignment = append(t.ReplicaAssignment, kmsg.CreateTopicsRequestTopicReplicaAssignment{Partition: partitions[i], Replicas: r})
	}
	return t
}

func deletion(names ...string) *kmsg.DeleteTopicsRequest {
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.TimeoutMillis, req.TopicNames = 20_000, names
	for _, name := range names {
		t := kmsg.NewDeleteTopicsRequestTopic()
		t.Topic = &name
		req.Topics = append(req.Topics, t)
	}
	return req
}

func growth(name string, count int32, replicas ...[]int32) *kmsg.CreatePartitionsRequest {
	req := kmsg.NewPtrCreatePartitionsRequest()
	t := kmsg.NewCreatePartitionsRequestTopic()
	t.Topic, t.Count = name, count
	for _, r := range replicas {
		t.Assignment = append(t.Assignment, kmsg.CreatePartitionsRequestTopicAssignment{Replicas: r})
	}
	req.Topics, req.TimeoutMillis = append(req.Topics, t), 20_000
	return req
}

const (
	ofTopic  = kmsg.ConfigResourceTypeTopic
	ofBroker = kmsg.ConfigResourceTypeBroker
)

func alteration(kind kmsg.ConfigResourceType, name string, configs ...string) *kmsg.AlterConfigsRequest {
	req := kmsg.NewPtrAlterConfigsRequest()
	res := kmsg.NewAlterConfigsRequestResource()
	res.ResourceType, res.ResourceName = kind, name
	for _, kv := range configs {
		c := kmsg.NewAlterConfigsRequestResourceConfig()
		k, v, ok := strings.Cut(kv, "=")
		if c.Name = k; ok {
			c.Value = &v
		}
		res.Configs = append(res.Configs, c)
	}
	req.Resources = append(req.Resources, res)
	return req
}

// increments takes set:k=v, delete:k, append:k=v, subtract:k=v.
func increments(kind kmsg.ConfigResourceType, name string, ops ...string) *kmsg.IncrementalAlterConfigsRequest {
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	res := kmsg.NewIncrementalAlterConfigsRequestResource()
	res.ResourceType, res.ResourceName = kind, name
	for _, s := range ops {
		op, kv, _ := strings.Cut(s, ":")
		c := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		c.Op = map[string]kmsg.IncrementalAlterConfigOp{"set": 0, "delete": 1, "append": 2, "subtract": 3}[op]
		k, v, ok := strings.Cut(kv, "=")
		if c.Name = k; ok {
			c.Value = &v
		}
		res.Configs = append(res.Configs, c)
	}
	req.Resources = append(req.Resources, res)
	return req
}

func description(kind kmsg.ConfigResourceType, name string, keys ...string) *kmsg.DescribeConfigsRequest {
	req := kmsg.NewPtrDescribeConfigsRequest()
	res := kmsg.NewDescribeConfigsRequestResource()
	res.ResourceType, res.ResourceName, res.ConfigNames = kind, name, keys
	req.Resources, req.IncludeSynonyms, req.IncludeDocumentation = append(req.Resources, res), true, true
	return req
}

// quota takes an entity, user=NAME or client-id=NAME with commas and an empty name for the default, and KEY=NUMBER or
// KEY for its removal.
func quota(entity string, ops map[string]*float64) *kmsg.AlterClientQuotasRequest {
	req := kmsg.NewPtrAlterClientQuotasRequest()
	e := kmsg.NewAlterClientQuotasRequestEntry()
	for _, part := range parts(entity) {
		c := kmsg.NewAlterClientQuotasRequestEntryEntity()
		c.Type, c.Name = part.kind, part.name
		e.Entity = append(e.Entity, c)
	}
	for k, v := range ops {
		op := kmsg.NewAlterClientQuotasRequestEntryOp()
		if op.Key, op.Remove = k, v == nil; v != nil {
			op.Value = *v
		}
		e.Ops = append(e.Ops, op)
	}
	req.Entries = append(req.Entries, e)
	return req
}

type part struct {
	kind string
	name *string
}

func parts(entity string) []part {
	var out []part
	for _, s := range strings.Split(entity, ",") {
		kind, name, ok := strings.Cut(s, "=")
		switch {
		case entity == "":
		case ok && name == "":
			out = append(out, part{kind, nil})
		default:
			out = append(out, part{kind, &name})
		}
	}
	return out
}

// quotas takes parts as quota does; the name * stands for any.
func quotas(strict bool, entity string) *kmsg.DescribeClientQuotasRequest {
	req := kmsg.NewPtrDescribeClientQuotasRequest()
	req.Strict = strict
	for _, p := range parts(entity) {
		c := kmsg.NewDescribeClientQuotasRequestComponent()
		c.EntityType, c.Match = p.kind, p.name
		switch {
		case p.name == nil:
			c.MatchType = kmsg.QuotasMatchTypeDefault
		case *p.name == "*":
			c.MatchType, c.Match = kmsg.QuotasMatchTypeAny, nil
		}
		req.Components = append(req.Components, c)
	}
	return req
}

func users(names ...string) *kmsg.DescribeUserSCRAMCredentialsRequest {
	req := kmsg.NewPtrDescribeUserSCRAMCredentialsRequest()
	for _, name := range names {
		req.Users = append(req.Users, kmsg.DescribeUserSCRAMCredentialsRequestUser{Name: name})
	}
	return req
}

// scram takes deletions USER:MECHANISM with commas, and settings USER:MECHANISM:ITERATIONS.
func scram(deletions string, settings ...string) *kmsg.AlterUserSCRAMCredentialsRequest {
	req := kmsg.NewPtrAlterUserSCRAMCredentialsRequest()
	atoi := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			panic(err)
		}
		return n
	}
	for _, s := range strings.Split(deletions, ",") {
		if user, m, ok := strings.Cut(s, ":"); ok {
			req.Deletions = append(req.Deletions, kmsg.AlterUserSCRAMCredentialsRequestDeletion{Name: user, Mechanism: int8(atoi(m))})
		}
	}
	for _, s := range settings {
		f := strings.Split(s, ":")
		req.Upsertions = append(req.Upsertions, kmsg.AlterUserSCRAMCredentialsRequestUpsertion{
			Name: f[0], Mechanism: int8(atoi(f[1])), Iterations: int32(atoi(f[2])), Salt: []byte("salt"), SaltedPassword: []byte("salted"),
		})
	}
	return req
}

func number(f float64) *float64 { return &f }

func validate[T kmsg.Request](req T) T {
	switch r := any(req).(type) {
	case *kmsg.CreateTopicsRequest:
		r.ValidateOnly = true
	case *kmsg.CreatePartitionsRequest:
		r.ValidateOnly = true
	case *kmsg.AlterConfigsRequest:
		r.ValidateOnly = true
	case *kmsg.IncrementalAlterConfigsRequest:
		r.ValidateOnly = true
	case *kmsg.AlterClientQuotasRequest:
		r.ValidateOnly = true
	}
	return req
}

// probes go to a cluster of one broker with id 1, in this order.
func probes() []probe {
	long := strings.Repeat("x", 250)
	twice := growth("a", 9)
	twice.Topics = append(twice.Topics, twice.Topics[0])
	return []probe{
		{name: "create", req: create(topic("a", 2, 1, "retention.ms=5000", "cleanup.policy=compact"))},
		{name: "create with defaults", req: create(topic("defaults", -1, -1))},
		{name: "create only checked", req: validate(create(topic("v", 3, 1, "min.insync.replicas=1")))},
		{name: "create again", req: create(topic("a", 2, 1), topic("tmp", 1, 1))},
		{name: "create twice", req: create(topic("b", 2, 1), topic("b", 2, 1))},
		{name: "create with bad names", req: create(topic("", 1, 1), topic(".", 1, 1), topic("..", 1, 1), topic("a b", 1, 1), topic(long, 1, 1))},
		{name: "create what collides", req: create(topic("x.y", 1, 1), topic("x_y", 1, 1))},
		{name: "create with no partitions", req: create(topic("b", 0, 1), topic("c", -2, 1))},
		{name: "create with bad replicas", req: create(topic("b", 1, 0), topic("c", 1, 2), topic("d", 1, -2))},
		{name: "create with unknown key", req: create(topic("b", 1, 1, "no.such=1"))},
		{name: "create with bad value", req: create(topic("b", 1, 1, "retention.ms=soon"), topic("c", 1, 1, "cleanup.policy=burn"))},
		{name: "create with conflict", req: create(topic("b", 1, 1, "min.compaction.lag.ms=9", "max.compaction.lag.ms=5"))},
		{name: "create without value", req: create(topic("b", 1, 1, "retention.ms"))},
		{name: "create placed", req: create(placed("placed", []int32{0, 1}, []int32{1}, []int32{1}))},
		{name: "create placed with gap", req: create(placed("b", []int32{0, 2}, []int32{1}, []int32{1}))},
		{name: "create placed twice", req: create(placed("b", []int32{0}, []int32{1, 1}))},
		{name: "create placed unevenly", req: create(placed("b", []int32{0, 1}, []int32{1}, []int32{1, 2}))},
		{name: "create placed with numbers", req: create(func() kmsg.CreateTopicsRequestTopic {
			t := placed("b", []int32{0}, []int32{1})
			t.NumPartitions = 1
			return t
		}())},
		{name: "grow", req: growth("a", 4)},
		{name: "grow only checked", req: validate(growth("a", 6))},
		{name: "grow to the same", req: growth("a", 4)},
		{name: "shrink", req: growth("a", 1)},
		{name: "grow nothing", req: growth("none", 4)},
		{name: "grow twice", req: twice},
		{name: "grow placed", req: growth("a", 5, []int32{1})},
		{name: "grow placed too few", req: growth("a", 7, []int32{1})},
		{name: "grow placed nowhere", req: growth("a", 6, []int32{9})},
		{name: "grow placed doubly", req: growth("a", 6, []int32{1, 1})},
		{name: "grow placed on none", req: growth("a", 6, []int32{})},
		{name: "delete", req: deletion("tmp"), settle: true},
		{name: "delete nothing", req: deletion("none", "tmp")},

		{name: "describe topic", req: description(ofTopic, "a")},
		{name: "describe one key", req: description(ofTopic, "a", "retention.ms", "no.such")},
		{name: "describe no topic", req: description(ofTopic, "none")},
		{name: "describe bad topic", req: description(ofTopic, "a b")},
		{name: "describe other broker", req: description(ofBroker, "7")},
		{name: "describe no broker", req: description(ofBroker, "x")},
		{name: "describe the unknown", req: description(kmsg.ConfigResourceTypeUnknown, "x")},
		{name: "alter", req: alteration(ofTopic, "a", "retention.ms=7000")},
		{name: "describe altered", req: description(ofTopic, "a"), later: true},
		{name: "alter only checked", req: validate(alteration(ofTopic, "a", "retention.ms=9000"))},
		{name: "alter no topic", req: alteration(ofTopic, "none", "retention.ms=7000")},
		{name: "alter bad topic", req: alteration(ofTopic, "a b", "retention.ms=7000")},
		{name: "alter unknown key", req: alteration(ofTopic, "a", "no.such=7000")},
		{name: "alter bad value", req: alteration(ofTopic, "a", "retention.ms=soon")},
		{name: "alter conflict", req: alteration(ofTopic, "a", "min.compaction.lag.ms=9", "max.compaction.lag.ms=5")},
		{name: "alter without value", req: alteration(ofTopic, "a", "retention.ms")},
		{name: "set", req: increments(ofTopic, "a", "set:flush.ms=8000", "append:cleanup.policy=compact", "delete:retention.ms")},
		{name: "describe set", req: description(ofTopic, "a")},
		{name: "subtract", req: increments(ofTopic, "a", "subtract:cleanup.policy=delete")},
		{name: "describe subtracted", req: description(ofTopic, "a", "cleanup.policy")},
		{name: "set twice", req: increments(ofTopic, "a", "set:flush.ms=8000", "set:flush.ms=9000")},
		{name: "set without value", req: increments(ofTopic, "a", "set:flush.ms")},
		{name: "append to no list", req: increments(ofTopic, "a", "append:flush.ms=8000")},
		{name: "subtract from no list", req: increments(ofTopic, "a", "subtract:flush.ms=8000")},
		{name: "append to unknown", req: increments(ofTopic, "a", "append:no.such=8000")},
		{name: "set unknown", req: increments(ofTopic, "a", "set:no.such=8000")},
		{name: "set bad value", req: increments(ofTopic, "a", "set:cleanup.policy=burn")},
		{name: "set no topic", req: increments(ofTopic, "none", "set:flush.ms=1")},
		{name: "set broker", req: increments(ofBroker, "1", "set:log.segment.bytes=20000000")},
		{name: "set all brokers", req: increments(ofBroker, "", "set:log.retention.ms=8640000", "set:log.segment.bytes=30000000")},
		{name: "describe broker", req: description(ofBroker, "1", "log.segment.bytes", "log.retention.ms", "broker.id"), later: true},
		{name: "describe all brokers", req: description(ofBroker, ""), later: true},
		{name: "describe topic of broker", req: description(ofTopic, "defaults"), later: true},
		{name: "set fixed", req: increments(ofBroker, "1", "set:broker.id=2")},
		{name: "set bad broker value", req: increments(ofBroker, "1", "set:log.cleaner.threads=many")},
		{name: "set per broker for all", req: increments(ofBroker, "", "set:advertised.listeners=PLAINTEXT://x:1")},
		{name: "set other broker", req: increments(ofBroker, "7", "set:log.cleaner.threads=2")},
		{name: "alter the unknown", req: alteration(kmsg.ConfigResourceTypeUnknown, "7", "a=b")},
		{name: "set the unknown", req: increments(kmsg.ConfigResourceTypeUnknown, "7", "set:a=b")},
		{name: "delete all brokers'", req: alteration(ofBroker, "")},
		{name: "describe all brokers again", req: description(ofBroker, ""), later: true},

		{name: "quota of user", req: quota("user=a/ü *", map[string]*float64{"producer_byte_rate": number(1024)})},
		{name: "quota of client", req: quota("client-id=c", map[string]*float64{"consumer_byte_rate": number(2048), "request_percentage": number(12.5)})},
		{name: "quota of user's client", req: quota("user=u,client-id=c", map[string]*float64{"producer_byte_rate": number(10)})},
		{name: "quota of default user", req: quota("user=", map[string]*float64{"controller_mutation_rate": number(5)})},
		{name: "quota of default both", req: quota("user=,client-id=", map[string]*float64{"request_percentage": number(50)})},
		{name: "quota only checked", req: validate(quota("user=v", map[string]*float64{"request_percentage": number(50)}))},
		{name: "quota of nobody", req: quota("", map[string]*float64{"request_percentage": number(50)})},
		{name: "quota of what", req: quota("group=g", map[string]*float64{"request_percentage": number(50)})},
		{name: "quota of part", req: quota("user=u", map[string]*float64{"producer_byte_rate": number(10.5)})},
		{name: "quota of unknown", req: quota("user=u", map[string]*float64{"speed": number(10.5)})},
		{name: "all quotas", req: quotas(false, "")},
		{name: "all strictly", req: quotas(true, "")},
		{name: "quotas of users", req: quotas(false, "user=*")},
		{name: "quotas of users alone", req: quotas(true, "user=*")},
		{name: "quotas of a user", req: quotas(false, "user=u")},
		{name: "quotas of that user alone", req: quotas(true, "user=u")},
		{name: "quotas of default user", req: quotas(false, "user=")},
		{name: "quotas of default user alone", req: quotas(true, "user=")},
		{name: "quotas of both", req: quotas(true, "user=*,client-id=*")},
		{name: "quotas of client", req: quotas(false, "client-id=c")},
		{name: "quotas of client alone", req: quotas(true, "client-id=c")},
		{name: "quotas of what", req: quotas(true, "group=c")},
		{name: "quotas of none", req: quotas(true, "=c")},
		{name: "quotas of user twice", req: quotas(true, "user=c,user=d")},
		{name: "quota removed", req: quota("client-id=c", map[string]*float64{"consumer_byte_rate": nil})},
		{name: "quotas after it", req: quotas(true, "client-id=c")},

		{name: "no credentials", req: users()},
		{name: "credentials of none", req: users("none", "")},
		{name: "set credentials", req: scram("", "a:1:4096", "a:2:8192", "ü/b:1:16384")},
		{name: "set bad credentials", req: scram("", ":1:4096", "c:1:4095", "d:1:16385", "e:0:4096", "f:3:4096")},
		{name: "set credentials twice", req: scram("g:1", "g:1:4096")},
		{name: "set one good, one bad", req: scram("", "h:1:4096", "h:2:1")},
		{name: "all credentials", req: users(), later: true},
		{name: "credentials of a", req: users("a", "h"), later: true},
		{name: "credentials twice", req: users("a", "a")},
		{name: "delete credentials", req: scram("a:1,none:1,ü/b:2,:1,x:7")},
		{name: "credentials left", req: users(), later: true},
		{name: "quotas beside credentials", req: quotas(false, "user=a")},

		{name: "describe ACLs", req: func() kmsg.Request {
			r := kmsg.NewPtrDescribeACLsRequest()
			r.ResourceType, r.ResourcePatternType, r.Operation, r.PermissionType = 1, 1, 1, 1
			return r
		}()},
		{name: "create ACLs", req: func() kmsg.Request {
			r, c := kmsg.NewPtrCreateACLsRequest(), kmsg.NewCreateACLsRequestCreation()
			c.ResourceType, c.ResourceName, c.ResourcePatternType, c.Principal, c.Host, c.Operation, c.PermissionType = 2, "a", 3, "User:a", "*", 3, 3
			r.Creations = append(r.Creations, c)
			return r
		}()},
		{name: "delete ACLs", req: func() kmsg.Request {
			r, f := kmsg.NewPtrDeleteACLsRequest(), kmsg.NewDeleteACLsRequestFilter()
			f.ResourceType, f.ResourcePatternType, f.Operation, f.PermissionType = 1, 1, 1, 1
			r.Filters = append(r.Filters, f)
			return r
		}()},
	}
}
