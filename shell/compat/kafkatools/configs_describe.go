package kafkatools

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/shell/command"
)

// describeConfigs shows the configuration of one topic or broker, or of all.
func (c *call) describeConfigs(ctx context.Context, kafka command.Kafka, of entity) error {
	list := []entity{of}
	if !of.named && !of.fallback {
		var err error
		if list, err = c.allOf(ctx, kafka, of.kind); err != nil {
			return err
		}
	}
	for _, e := range list {
		if c.has("zookeeper") {
			if err := c.describeAsZooKeeper(ctx, kafka, e); err != nil {
				return err
			}
			continue
		}
		if there, err := c.there(ctx, kafka, e); err != nil {
			return err
		} else if !there {
			c.printf("The %s '%s' doesn't exist and doesn't have dynamic config.\n", strings.TrimSuffix(e.kind, "s"), e.name)
			return reported{errNoEntity}
		}
		which := "Dynamic"
		if c.has("all") {
			which = "All"
		}
		if e.name == "" {
			c.printf("Default configs for %s in the cluster are:\n", e.kind)
		} else {
			c.printf("%s configs for %s %s are:\n", which, strings.TrimSuffix(e.kind, "s"), e.name)
		}
		entries, err := c.configsOf(ctx, kafka, e, c.has("all"))
		if err != nil {
			return err
		}
		for _, entry := range entries {
			c.printf("  %s=%s sensitive=%t synonyms={%s}\n", entry.Name, orNull(entry.Value, entry.Null), entry.Sensitive, synonyms(entry))
		}
	}
	return nil
}

// errNoEntity tells that there is nothing of a name.
var errNoEntity = errors.New("no such entity")

// there tells whether there is what the tool of Kafka 4 looks for before it describes it; that of 2.7 does not look.
func (c *call) there(ctx context.Context, kafka command.Kafka, e entity) (bool, error) {
	if c.is27() || e.name == "" {
		return true, nil
	}
	switch e.kind {
	case "topics":
		topics, err := kafka.Topics(ctx)
		return slices.ContainsFunc(topics, func(t kmodel.Topic) bool { return t.Name == e.name }), err
	case "brokers", "broker-loggers":
		cluster, err := kafka.Cluster(ctx)
		return slices.ContainsFunc(cluster.Brokers, func(b kmodel.Broker) bool { return strconv.Itoa(int(b.ID)) == e.name }), err
	}
	return true, nil
}

// describeAsZooKeeper is the line of --zookeeper.
func (c *call) describeAsZooKeeper(ctx context.Context, kafka command.Kafka, e entity) error {
	entries, err := c.configsOf(ctx, kafka, e, false)
	if err != nil {
		return err
	}
	var texts []string
	for _, entry := range entries {
		texts = append(texts, entry.Name+"="+entry.Value)
	}
	c.printf("Configs for %s are %s\n", e, strings.Join(texts, ","))
	return nil
}

// String is an entity as the tool calls it with --zookeeper.
func (e entity) String() string {
	kind := strings.TrimSuffix(e.kind, "s")
	switch e.kind {
	case "users":
		kind = "user-principal"
	case "clients":
		kind = "client-id"
	}
	if e.fallback {
		return "default " + kind
	}
	return fmt.Sprintf("%s '%s'", kind, e.name)
}

// allOf are all topics, or all brokers and then their default.
func (c *call) allOf(ctx context.Context, kafka command.Kafka, kind string) ([]entity, error) {
	var list []entity
	if kind == "topics" {
		topics, err := kafka.Topics(ctx)
		for _, t := range topics {
			list = append(list, entity{kind: kind, name: t.Name, named: true})
		}
		hashOrder(list, 0, func(e entity) string { return e.name })
		return list, err
	}
	cluster, err := kafka.Cluster(ctx)
	for _, b := range cluster.Brokers {
		list = append(list, entity{kind: kind, name: strconv.Itoa(int(b.ID)), named: true})
	}
	return append(list, entity{kind: kind, fallback: true}), err
}

func orNull(value string, isNull bool) string {
	if isNull {
		return "null"
	}
	return value
}

func synonyms(entry kmodel.Config) string {
	var texts []string
	for _, s := range entry.Synonyms {
		texts = append(texts, fmt.Sprintf("%s:%s=%s", s.Source, s.Name, orNull(s.Value, s.Null)))
	}
	return strings.Join(texts, ", ")
}

// describeQuotas shows the limits of users, clients or addresses: of exactly those parts that are given.
func (c *call) describeQuotas(ctx context.Context, kafka Cluster, list []entity) error {
	parts := quotaParts(list)
	quotas, err := kafka.Quotas(ctx, parts)
	if err != nil {
		return err
	}
	for _, q := range quotas {
		if len(q.Entity) != len(parts) || len(q.Values) == 0 {
			continue
		}
		var of []string
		for _, part := range q.Entity {
			kind := cmp.Or(map[string]string{"user": "user-principal"}[part.Type], part.Type)
			if part.Name == nil {
				of = append(of, "the default "+kind)
			} else {
				of = append(of, fmt.Sprintf("%s '%s'", kind, *part.Name))
			}
		}
		if c.has("zookeeper") {
			c.printf("Configs for %s are %s\n", strings.Join(of, ", "), limits(q.Values, ",", wholeNumber))
		} else {
			c.printf("Quota configs for %s are %s\n", strings.Join(of, ", "), limits(q.Values, ", ", kproto.JavaDouble))
		}
	}
	if len(list) > 1 || list[0].kind != "users" || list[0].fallback {
		return nil
	}
	return c.describeScram(ctx, kafka, list[0])
}

// wholeNumber is a limit as znodes have it.
func wholeNumber(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func limits(values map[string]float64, between string, number func(float64) string) string {
	var keys []string
	for key := range values {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	hashOrder(keys, len(keys), func(key string) string { return key })
	for i, key := range keys {
		keys[i] = key + "=" + number(values[key])
	}
	return strings.Join(keys, between)
}

// quotaParts are entities as brokers call them; one without a name is any.
func quotaParts(list []entity) []kmodel.QuotaPart {
	types := map[string]string{"users": "user", "clients": "client-id", "ips": "ip"}
	var parts []kmodel.QuotaPart
	for _, e := range list {
		part := kmodel.QuotaPart{Type: types[e.kind], Name: &e.name}
		if e.fallback {
			part.Name = nil
		}
		parts = append(parts, part)
	}
	return parts
}
