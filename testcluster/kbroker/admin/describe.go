package admin

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
	"github.com/zoka-project/zoka/testcluster/kbroker/wire"
)

// freshFor bounds how long a reading request waits for ZooKeeper: without it, what is known is told.
const freshFor = 2 * time.Second

// fresh is the newest image that can be had soon.
func (a *Admin) fresh(ctx context.Context) *kzk.Image {
	if a.o.ZK.State() == zkproto.StateDisconnected {
		return a.o.Mirror.Image()
	}
	ctx, cancel := context.WithTimeout(ctx, freshFor)
	defer cancel()
	if img, err := a.o.Mirror.Fresh(ctx); err == nil {
		return img
	}
	return a.o.Mirror.Image()
}

// handleDescribeConfigs answers DescribeConfigs (32).
//
// Versions: 1 tells sources and synonyms, 3 types and documentation, 4 is flexible.
// Source: AdminManager.describeConfigs.
func (a *Admin) handleDescribeConfigs(r *wire.Request) {
	req := kmsg.NewPtrDescribeConfigsRequest()
	a.serve(r, req, func(ctx context.Context) kmsg.Response { return a.describeConfigs(a.fresh(ctx), req) })
}

func (a *Admin) describeConfigs(img *kzk.Image, req *kmsg.DescribeConfigsRequest) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.DescribeConfigsResponse)
	seen := map[resource]bool{}
	for _, res := range req.Resources {
		key := resource{res.ResourceType, res.ResourceName}
		if id, err := strconv.ParseInt(res.ResourceName, 10, 32); err == nil && res.ResourceType != kmsg.ConfigResourceTypeTopic {
			key.name = strconv.FormatInt(id, 10) // 1, 01 and +1 are one broker
		}
		if seen[key] {
			continue // answered once: nobody can ask for more than there is
		}
		seen[key] = true
		answer := kmsg.NewDescribeConfigsResponseResource()
		answer.ResourceType, answer.ResourceName = res.ResourceType, res.ResourceName
		entries, err := a.describe(img, res)
		answer.ErrorCode, answer.ErrorMessage = told(err)
		answer.Configs = []kmsg.DescribeConfigsResponseResourceConfig{}
		for _, e := range entries {
			if len(res.ConfigNames) == 0 || slices.Contains(res.ConfigNames, e.Key.Name) {
				answer.Configs = append(answer.Configs, configEntry(e, req.IncludeSynonyms, req.IncludeDocumentation))
			}
		}
		resp.Resources = append(resp.Resources, answer)
	}
	return resp
}

// describe is the configuration of a topic, of this broker, or (without a name) of all brokers.
func (a *Admin) describe(img *kzk.Image, res kmsg.DescribeConfigsRequestResource) ([]kconf.Entry, error) {
	switch res.ResourceType {
	case kmsg.ConfigResourceTypeTopic:
		if err := kproto.ValidTopicName(res.ResourceName); err != nil {
			return nil, err
		}
		if img.Topics[res.ResourceName] == nil {
			return nil, kproto.UnknownTopicOrPartition
		}
		return a.entries(img, img.TopicConfig(res.ResourceName)), nil
	case kmsg.ConfigResourceTypeBroker:
		e, err := a.broker(res.ResourceName, " or empty string")
		if err != nil {
			return nil, err
		}
		if e.Name == kzk.DefaultEntity {
			return kconf.DescribeAll(img.Config(e.Key())), nil
		}
		return a.o.Config.DescribeBroker(a.dynamic(img)...), nil
	case kmsg.ConfigResourceTypeBrokerLogger:
		e, err := a.broker(res.ResourceName, " or empty string")
		if err == nil && e.Name == kzk.DefaultEntity {
			err = refuse(kproto.InvalidRequest, "Broker id must not be empty")
		}
		return nil, err // there are no loggers with levels of their own
	}
	return nil, refuse(kproto.InvalidRequest, "Unsupported resource type: %s", resourceType(res.ResourceType))
}

// broker is the entity of this broker or, for "", of all. Of other brokers these have to be asked; orElse is for the text
// that says so.
func (a *Admin) broker(name, orElse string) (kzk.Entity, error) {
	if name == "" {
		return kzk.Entity{Type: kzk.BrokerEntity, Name: kzk.DefaultEntity}, nil
	}
	id, err := strconv.ParseInt(name, 10, 32)
	if err != nil {
		return kzk.Entity{}, refuse(kproto.InvalidRequest, "Broker id must be an integer, but it is: %s", name)
	}
	if int32(id) != a.o.Self {
		return kzk.Entity{}, refuse(kproto.InvalidRequest, "Unexpected broker id, expected %d%s, but received %s", a.o.Self, orElse, name)
	}
	return kzk.Entity{Type: kzk.BrokerEntity, Name: strconv.Itoa(int(id))}, nil
}

func configEntry(e kconf.Entry, synonyms, documentation bool) kmsg.DescribeConfigsResponseResourceConfig {
	c := kmsg.NewDescribeConfigsResponseResourceConfig()
	c.Name, c.Value, c.ReadOnly, c.IsSensitive = e.Key.Name, nullable(e.Value, e.Null), e.ReadOnly, e.Key.Sensitive()
	c.Source, c.IsDefault, c.ConfigType = kmsg.ConfigSource(e.Source), e.Source == kconf.FromDefault, kmsg.ConfigType(e.Key.Type)
	c.ConfigSynonyms = []kmsg.DescribeConfigsResponseResourceConfigConfigSynonym{}
	if synonyms {
		for _, s := range e.Synonyms {
			syn := kmsg.NewDescribeConfigsResponseResourceConfigConfigSynonym()
			syn.Name, syn.Value, syn.Source = s.Name, nullable(s.Value, s.Null), kmsg.ConfigSource(s.Source)
			c.ConfigSynonyms = append(c.ConfigSynonyms, syn)
		}
	}
	if documentation {
		c.Documentation = nullable(e.Key.Doc, e.Key.Doc == "")
	}
	return c
}

// resourceType is Kafka's name of a kind of resource.
func resourceType(t kmsg.ConfigResourceType) string {
	switch t {
	case kmsg.ConfigResourceTypeTopic:
		return "TOPIC"
	case kmsg.ConfigResourceTypeBroker:
		return "BROKER"
	case kmsg.ConfigResourceTypeBrokerLogger:
		return "BROKER_LOGGER"
	}
	return "UNKNOWN"
}
