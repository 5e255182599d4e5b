package complete

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// KafkaNames are what can be asked of a Kafka cluster.
type KafkaNames uint8

// The kinds of names.
const (
	TopicNames  KafkaNames = iota
	GroupNames             // of consumers
	BrokerNames            // their ids
	TopicKeys              // of the configuration of a topic, "" for any
	BrokerKeys             // of a broker's
	LoggerKeys             // of the levels of a broker's log
)

// owners are the types of configurations, with the names that they have and the keys.
var owners = map[string]struct{ names, keys KafkaNames }{
	"topic":  {TopicNames, TopicKeys},
	"broker": {BrokerNames, BrokerKeys},
	"logger": {BrokerNames, LoggerKeys},
}

// kafka are the names of a kind that begin with what was typed.
func (q *question) kafka(what KafkaNames, of string) []Candidate {
	var out []Candidate
	for _, name := range q.kafkaNames(what, of) {
		out = append(out, Candidate{Text: lex.Quote(name), Append: " "})
	}
	return out
}

func (q *question) kafkaNames(what KafkaNames, of string) []string {
	if q.cfg.Kafka == nil {
		return nil
	}
	names := q.cache.names(key{kind: kafkaNames, what: what, cluster: q.cfg.Bootstrap(), path: of})
	return startingWith(names, q.partial.Text)
}

// owner are the topics or brokers that the type before says.
func (q *question) owner(kind string) []Candidate {
	o, ok := owners[kind]
	if !ok {
		return nil
	}
	out := q.kafka(o.names, "")
	if kind == "broker" {
		out = append(out, q.among([2]string{"default", "all brokers without a value of their own"})...)
	}
	return out
}

// configKeys are the keys of what the arguments before say. With value they are followed by their values.
func (q *question) configKeys(kind, of string, value bool) []Candidate {
	if kind == "user" || kind == "client" || kind == "ip" {
		return q.quotaKeys(value)
	}
	o, ok := owners[kind]
	if !ok {
		return nil
	}
	if value && strings.Contains(q.partial.Text, "=") {
		return q.configValues(kind)
	}
	if of == "default" && o.names == BrokerNames {
		of = "" // the keys of any
	}
	if !value {
		return q.kafka(o.keys, of)
	}
	var out []Candidate
	for _, name := range q.kafkaNames(o.keys, of) {
		out = append(out, Candidate{Text: lex.Quote(name + "=")})
	}
	return out
}

// quotaKeys are the limits of users, clients and addresses.
func (q *question) quotaKeys(value bool) []Candidate {
	out := q.choices([]string{"producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate", "connection_creation_rate"})
	for i := range out {
		if value {
			out[i].Text, out[i].Append = out[i].Text+"=", ""
		}
	}
	return out
}

// kafkaValue is what can be the value of a flag, by the name that usage has for it.
func (q *question) kafkaValue(name string) []Candidate {
	switch name {
	case "TOPIC":
		return q.kafka(TopicNames, "")
	case "GROUP":
		return q.kafka(GroupNames, "")
	case "BROKER":
		return q.kafka(BrokerNames, "")
	case "KEY", "KEY=VALUE":
		return q.configKeys("topic", "", name != "KEY")
	}
	return nil
}

// kafkaOf asks the cluster of env, which is looked for only where it was said where brokers are, or a session of
// ZooKeeper is open.
func kafkaOf(env *command.Env) func(context.Context, KafkaNames, string) ([]string, error) {
	return func(ctx context.Context, what KafkaNames, of string) ([]string, error) {
		if env.Brokers.Connected() == nil && env.Brokers.Bootstrap() == "" && env.Session.Server() == "" {
			return nil, command.ErrNotConnected
		}
		kafka, err := env.Kafka(ctx)
		if err != nil {
			return nil, err
		}
		return askKafka(ctx, kafka, what, of)
	}
}

func askKafka(ctx context.Context, kafka command.Kafka, what KafkaNames, of string) ([]string, error) {
	var names []string
	switch what {
	case TopicNames:
		topics, err := kafka.Topics(ctx)
		for _, t := range topics {
			names = append(names, t.Name)
		}
		return names, err
	case GroupNames:
		groups, err := kafka.Groups(ctx)
		if silent := (*kmodel.SilentError)(nil); errors.As(err, &silent) {
			err = nil // those of the other brokers are better than none
		}
		for _, g := range groups {
			names = append(names, g.Name)
		}
		return names, err
	case BrokerNames:
		cluster, err := kafka.Cluster(ctx)
		for _, b := range cluster.Brokers {
			names = append(names, strconv.Itoa(int(b.ID)))
		}
		return names, err
	}
	resource, err := resourceOf(ctx, kafka, what, of)
	if err != nil || resource.Name == "" {
		return nil, err
	}
	described, err := kafka.Configs(ctx, false, resource)
	if err != nil {
		return nil, err
	}
	for _, e := range described[0].Entries {
		if what != BrokerKeys || !e.ReadOnly {
			names = append(names, e.Name)
		}
	}
	return names, described[0].Err
}

// resourceOf is whose keys are asked for: the first topic or broker that there is, for any.
func resourceOf(ctx context.Context, kafka command.Kafka, what KafkaNames, of string) (kmodel.Resource, error) {
	types := map[KafkaNames]kmodel.ResourceType{TopicKeys: kmodel.TopicResource, BrokerKeys: kmodel.BrokerResource, LoggerKeys: kmodel.BrokerLoggerResource}
	resource := kmodel.Resource{Type: types[what], Name: of}
	names := BrokerNames
	if what == TopicKeys {
		names = TopicNames
	}
	known, err := askKafka(ctx, kafka, names, "")
	if err != nil || len(known) == 0 {
		return kmodel.Resource{}, err
	}
	if !slices.Contains(known, of) { // a client looks long for a broker that is not there
		resource.Name = known[0]
	}
	return resource, nil
}
