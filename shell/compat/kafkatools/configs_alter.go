package kafkatools

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/properties"
	"github.com/zoka-project/zoka/shell/command"
)

// additions are the values of --add-config or --add-config-file.
func (c *call) additions() (map[string]string, error) {
	values := map[string]string{}
	if c.has("add-config-file") {
		text, err := os.ReadFile(c.text("add-config-file"))
		if err != nil {
			return nil, err
		}
		entries, err := properties.Parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.text("add-config-file"), err)
		}
		for _, e := range entries {
			values[e.Key] = e.Value
		}
		return values, nil
	}
	if !c.has("add-config") {
		return values, nil
	}
	for _, pair := range outsideBrackets(c.text("add-config"), ',') {
		parts := outsideBrackets(pair, '=')
		if len(parts) != 2 {
			lists := ` or  "key=[val1,val2]" to group values which contain commas`
			if c.is27() {
				lists = ""
			}
			return nil, refuse(`requirement failed: Invalid entity config: all configs to be added must be in the format "key=val"%s.`, lists)
		}
		values[strings.TrimSpace(parts[0])] = strings.TrimSpace(strings.NewReplacer("[", "", "]", "").Replace(parts[1]))
	}
	return values, nil
}

// outsideBrackets cuts at a separator that stands in no [brackets].
func outsideBrackets(text string, separator byte) []string {
	var parts []string
	start, depth := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '[':
			depth++
		case ']':
			depth--
		case separator:
			if depth <= 0 {
				parts, start = append(parts, text[start:i]), i+1
			}
		}
	}
	return append(parts, text[start:])
}

// deletions are the keys of --delete-config.
func (c *call) deletions() []string {
	var keys []string
	for _, list := range c.given["delete-config"] {
		for key := range strings.SplitSeq(list, ",") {
			keys = append(keys, strings.TrimSpace(key))
		}
	}
	return keys
}

// notSet refuses to delete keys that have no value.
func notSet(deleted []string, set func(string) bool) error {
	missing := slices.DeleteFunc(slices.Clone(deleted), set)
	if len(missing) > 0 {
		return refuse("Invalid config(s): %s", strings.Join(missing, ","))
	}
	return nil
}

func (c *call) alterConfigs(ctx context.Context, kafka command.Kafka, e entity) error {
	values, err := c.additions()
	if err != nil {
		return err
	}
	now, err := c.configsOf(ctx, kafka, e, e.kind == "broker-loggers")
	if err != nil {
		return err
	}
	deleted := c.deletions()
	if e.kind == "broker-loggers" {
		unknown := slices.DeleteFunc(append(slices.Clone(deleted), slices.Sorted(maps.Keys(values))...), func(key string) bool {
			return slices.ContainsFunc(now, func(entry kmodel.Config) bool { return entry.Name == key })
		})
		if len(unknown) > 0 {
			return refuse("Invalid broker logger(s): %s", strings.Join(unknown, ","))
		}
	}
	if err := notSet(deleted, func(key string) bool {
		return slices.ContainsFunc(now, func(entry kmodel.Config) bool { return entry.Name == key })
	}); err != nil {
		return err
	}
	var changes []kmodel.ConfigChange
	for _, key := range slices.Sorted(maps.Keys(values)) {
		changes = append(changes, kmodel.ConfigChange{Op: kmodel.SetConfig, Name: key, Value: values[key]})
	}
	for _, key := range deleted {
		changes = append(changes, kmodel.ConfigChange{Op: kmodel.DeleteConfig, Name: key})
	}
	if err := kafka.AlterConfigs(ctx, e.resource(), changes, false); err != nil {
		return err
	}
	c.completed(e)
	return nil
}

// completed is the line that says that it is done; the command line may go on with further entities.
func (c *call) completed(e entity) {
	switch {
	case c.has("zookeeper"):
		c.printf("Completed updating config for entity: %s.\n", e)
	case e.name == "":
		c.printf("Completed updating default config for %s in the cluster.\n", e.kind)
	default:
		c.printf("Completed updating config for %s %s.\n", strings.TrimSuffix(e.kind, "s"), e.name)
	}
}

// quotaKeys are the limits that there are.
var quotaKeys = []string{"producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate", "connection_creation_rate"}

func isQuota(key string) bool { return slices.Contains(quotaKeys, key) }

// alterIPs changes the limits of addresses.
func (c *call) alterIPs(ctx context.Context, kafka command.Kafka, list []entity) error {
	values, err := c.additions()
	if err != nil {
		return err
	}
	ofIP := func(key string) bool { return key == "connection_creation_rate" }
	if err := onlyKnown("ips", "connection quota", ofIP, slices.Sorted(maps.Keys(values)), c.deletions()); err != nil {
		return err
	}
	return c.alterQuotas(ctx, kafka, list, values)
}

func (c *call) alterQuotas(ctx context.Context, kafka command.Kafka, list []entity, values map[string]string) error {
	changes := map[string]*float64{}
	for key, text := range values {
		limit, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return refuse("Cannot parse quota configuration value for %s: %s", key, text)
		}
		changes[key] = &limit
	}
	parts := quotaParts(list)
	now, err := kafka.Quotas(ctx, parts)
	if err != nil {
		return err
	}
	deleted := c.deletions()
	if err := notSet(deleted, func(key string) bool {
		return slices.ContainsFunc(now, func(q kmodel.Quota) bool { _, set := q.Values[key]; return set })
	}); err != nil {
		return err
	}
	for _, key := range deleted {
		changes[key] = nil
	}
	if err := kafka.AlterQuotas(ctx, parts, changes, false); err != nil {
		return err
	}
	c.completed(list[0])
	return nil
}
