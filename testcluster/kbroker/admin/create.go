package admin

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// CreateTopic makes a topic and returns when this broker's image shows leaders for all of its partitions. Its error has a
// kproto.Error in its chain: TopicAlreadyExists, InvalidReplicationFactor, RequestTimedOut when ctx ended with the topic
// made but without all leaders …
func (a *Admin) CreateTopic(ctx context.Context, t NewTopic) error {
	if !a.begin() {
		return errClosed
	}
	defer a.wg.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(a.ctx, cancel)()

	made, errs := a.make(ctx, []NewTopic{t}, false)
	if errs[0] != nil {
		return fmt.Errorf("creating topic %s: %w", t.Name, errs[0])
	}
	if a.awaitLeaders(ctx, made, errs); errs[0] != nil {
		return fmt.Errorf("creating topic %s: waiting for leaders: %w", t.Name, errs[0])
	}
	return nil
}

// handleCreateTopics answers CreateTopics (19).
//
// Versions: 1 adds validate-only and messages, 4 takes -1 for the broker's defaults, 5 is flexible and answers with the
// topic's numbers and configuration, 7 with its id. Source: KafkaApis.handleCreateTopicsRequest.
func (a *Admin) handleCreateTopics(r *wire.Request) {
	req := kmsg.NewPtrCreateTopicsRequest()
	a.serve(r, req, func(ctx context.Context) kmsg.Response { return a.createTopics(ctx, req) })
}

// maxTopics bounds the topics of one request, and so what its answer takes. After maxPartitions of them a request gets no
// further topic: a request of some kilobytes may wish for billions, and to validate them takes as much memory as to make
// them.
const (
	maxTopics     = 10_000
	maxPartitions = 100_000
)

// errManyPartitions is in the words of Kafka's newer controllers.
var errManyPartitions = refuse(kproto.PolicyViolation, "Excessively large number of partitions per request.")

func (a *Admin) createTopics(ctx context.Context, req *kmsg.CreateTopicsRequest) kmsg.Response {
	timeout := time.Duration(req.TimeoutMillis) * time.Millisecond
	waiting, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	writing, cancel := a.requestTimeout(ctx)
	defer cancel()

	resp := req.ResponseKind().(*kmsg.CreateTopicsResponse)
	named := map[string]int{}
	for _, t := range req.Topics {
		named[t.Topic]++
	}
	var wanted []NewTopic
	var at []int // of wanted, in the response
	for i, t := range req.Topics {
		answer := kmsg.NewCreateTopicsResponseTopic()
		answer.Topic, answer.NumPartitions, answer.ReplicationFactor = t.Topic, -1, -1
		switch {
		case len(req.Topics) > maxTopics:
			answer.ErrorCode, answer.ErrorMessage = told(refuse(kproto.PolicyViolation, "Excessively large number of topics per request."))
		case named[t.Topic] > 1:
			answer.ErrorCode, answer.ErrorMessage = told(refuse(kproto.InvalidRequest, "Found multiple entries for this topic."))
		default:
			wanted, at = append(wanted, wish(t)), append(at, i)
		}
		resp.Topics = append(resp.Topics, answer)
	}
	made, errs := a.make(writing, wanted, req.ValidateOnly)
	if !req.ValidateOnly {
		a.awaitLeaders(waiting, made, errs)
	}
	img := a.o.Mirror.Image()
	for n, i := range at {
		answer := &resp.Topics[i]
		answer.ErrorCode, answer.ErrorMessage = told(errs[n])
		if errs[n] == nil {
			a.describeMade(answer, img, made[n], req.ValidateOnly)
		}
	}
	return resp
}

// wish is a topic as a client wants it.
func wish(t kmsg.CreateTopicsRequestTopic) NewTopic {
	w := NewTopic{Name: t.Topic, Partitions: t.NumPartitions, ReplicationFactor: t.ReplicationFactor, Configs: map[string]string{}}
	for _, p := range t.ReplicaAssignment {
		w.assignment = append(w.assignment, assigned{p.Partition, p.Replicas})
	}
	for _, c := range t.Configs {
		if c.Value == nil {
			w.nullConfigs = append(w.nullConfigs, c.Name)
		} else {
			w.Configs[c.Name] = *c.Value
		}
	}
	return w
}

// describeMade fills in what a topic has become.
func (a *Admin) describeMade(answer *kmsg.CreateTopicsResponseTopic, img *kzk.Image, p *plan, validateOnly bool) {
	answer.NumPartitions = int32(len(p.topic.Partitions))
	answer.ReplicationFactor = int16(len(p.topic.Partitions[0].Replicas))
	if !validateOnly {
		answer.TopicID = p.topic.ID
	}
	answer.Configs = []kmsg.CreateTopicsResponseTopicConfig{}
	for _, e := range a.entries(img, p.configs) {
		c := kmsg.NewCreateTopicsResponseTopicConfig()
		c.Name, c.Value, c.ReadOnly, c.Source, c.IsSensitive = e.Key.Name, nullable(e.Value, e.Null), e.ReadOnly, int8(e.Source), e.Key.Sensitive()
		answer.Configs = append(answer.Configs, c)
	}
}

func nullable(s string, null bool) *string {
	if null {
		return nil
	}
	return &s
}

// make checks all wishes and, unless it is only to validate, carries them out. Plans and errors are by wish.
func (a *Admin) make(ctx context.Context, wanted []NewTopic, validateOnly bool) ([]*plan, []error) {
	plans, errs := make([]*plan, len(wanted)), make([]error, len(wanted))
	all := func(err error) ([]*plan, []error) {
		for i := range errs {
			errs[i] = err
		}
		return plans, errs
	}
	img, err := a.o.Mirror.Fresh(ctx)
	if err != nil {
		return all(err)
	}
	var before []string
	partitions := 0
	for i, t := range wanted {
		if errs[i] = ctx.Err(); errs[i] != nil {
			continue
		}
		if partitions >= maxPartitions {
			errs[i] = errManyPartitions
			continue
		}
		if plans[i], errs[i] = a.plan(img, before, t); errs[i] != nil {
			continue
		}
		if partitions += len(plans[i].topic.Partitions); validateOnly {
			continue
		}
		if errs[i] = a.write(ctx, img, plans[i]); errs[i] == nil {
			before = append(before, t.Name)
			a.o.Logger.Info("topic made", "topic", t.Name, "partitions", len(plans[i].topic.Partitions), "id", plans[i].topic.ID.String())
		}
	}
	return plans, errs
}

// write makes a topic's znodes, in one transaction. Where the answer is lost the topic's id tells whose it is.
func (a *Admin) write(ctx context.Context, img *kzk.Image, p *plan) error {
	name := p.topic.Name
	_, leftOver := img.Configs[kzk.Entity{Type: kzk.TopicEntity, Name: name}.Key()]
	for {
		config := zkclient.CreateOp(kzk.TopicConfigPath(name), kzk.EncodeConfig(p.configs), zkproto.OpenACL(), zkproto.ModePersistent, 0)
		if leftOver {
			config = setOp(kzk.TopicConfigPath(name), kzk.EncodeConfig(p.configs), -1)
		}
		topic := zkclient.CreateOp(kzk.TopicPath(name), kzk.EncodeTopic(p.topic), zkproto.OpenACL(), zkproto.ModePersistent, 0)
		_, err := a.o.ZK.Multi(ctx, []zkproto.MultiOp{config, topic})
		switch index, code := failedAt(err); {
		case err == nil:
			return nil
		case index == 0 && code == zkproto.NodeExists:
			leftOver = true
		case index == 0 && code == zkproto.NoNode && leftOver:
			leftOver = false
		case index == 1 && code == zkproto.NodeExists:
			return refuse(kproto.TopicAlreadyExists, "Topic '%s' already exists.", name)
		case lost(err):
			img, err := a.o.Mirror.Fresh(ctx)
			if err != nil {
				return err
			}
			if t := img.Topics[name]; t != nil && t.ID == p.topic.ID {
				return nil
			}
		default:
			return err
		}
	}
}

// setOp is a setData of a multi.
func setOp(path string, data []byte, version int32) zkproto.MultiOp {
	return zkproto.MultiOp{Op: zkproto.OpSetData, Req: &zkproto.SetDataRequest{Path: path, Data: data, Version: version}}
}

// existsOp fails a multi if the znode is not there.
func existsOp(path string) zkproto.MultiOp {
	return zkproto.MultiOp{Op: zkproto.OpCheck, Req: &zkproto.PathVersionRequest{Path: path, Version: -1}}
}

// led says whether a topic that was made has leaders everywhere, or is gone again.
func led(img *kzk.Image, made *kzk.Topic) bool {
	t := img.Topics[made.Name]
	if t == nil || t.HasID && made.HasID && t.ID != made.ID {
		return true
	}
	for p := range made.Partitions {
		if there := t.Partitions[p]; there == nil || there.State == nil || there.State.Leader < 0 {
			return false
		}
	}
	return true
}

// awaitLeaders waits until all topics that were made have leaders. Those that have none when ctx ends get the error
// RequestTimedOut; they stay made.
func (a *Admin) awaitLeaders(ctx context.Context, made []*plan, errs []error) {
	// What was just written is in a fresh image; from then on a topic that is not there is gone.
	img, err := a.o.Mirror.Fresh(ctx)
	if err == nil {
		img, _ = a.o.Mirror.Wait(ctx, func(img *kzk.Image) bool { // its error is the timeout, which is told below
			for i, p := range made {
				if errs[i] == nil && !led(img, p.topic) {
					return false
				}
			}
			return true
		})
		if img == nil {
			img = a.o.Mirror.Image()
		}
	}
	for i, p := range made {
		if errs[i] == nil && (err != nil || !led(img, p.topic)) {
			errs[i] = kproto.RequestTimedOut
		}
	}
}
