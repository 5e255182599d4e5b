package kafkatools

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/shell/command"
)

var configsTool = &tool{
	about:  "This tool helps to manipulate and describe entity config for a topic, client, user, broker or ip",
	logger: [2]string{"kafka.admin.ConfigCommand$", "kafka.admin.ConfigCommand$"},
	table: []option{
		{name: "bootstrap-server", kind: value, arg: "host:port,…", help: "brokers of the cluster"},
		{name: "zookeeper", kind: value, arg: "host:port,…/chroot", old: true, help: "find the brokers through ZooKeeper"},
		{name: "command-config", kind: value, arg: "file", help: "a client.properties"},
		{name: "describe", help: "show configurations"},
		{name: "alter", help: "change a configuration"},
		{name: "all", help: "describe all keys, with the defaults"},
		{name: "entity-type", kind: value, arg: "type", many: true, help: "topics, clients, users, brokers, broker-loggers, ips, groups or client-metrics"},
		{name: "entity-name", kind: value, arg: "name", many: true, help: "the name of a topic, client, user, or a broker's id"},
		{name: "entity-default", help: "what holds for all without a value of their own"},
		{name: "topic", kind: value, arg: "topic", help: "a topic"},
		{name: "client", kind: value, arg: "id", help: "a client's id"},
		{name: "client-defaults", help: "all clients without a value of their own"},
		{name: "user", kind: value, arg: "user", help: "a user's principal"},
		{name: "user-defaults", help: "all users without a value of their own"},
		{name: "broker", kind: value, arg: "id", help: "a broker"},
		{name: "broker-defaults", help: "all brokers without a value of their own"},
		{name: "broker-logger", kind: value, arg: "id", help: "the levels of a broker's log"},
		{name: "ip", kind: value, arg: "address", help: "an address"},
		{name: "ip-defaults", help: "all addresses without a value of their own"},
		{name: "group", kind: value, arg: "group", help: "a group (Kafka 4)"},
		{name: "client-metrics", kind: value, arg: "name", help: "a subscription to clients' metrics (Kafka 4)"},
		{name: "add-config", kind: value, arg: "k=v,k2=[a,b]", help: "values to set"},
		{name: "add-config-file", kind: value, arg: "file", help: "a properties file with values to set"},
		{name: "delete-config", kind: value, arg: "k,k2", many: true, help: "keys to go back to the default of"},
		{name: "force", help: "of no effect: nothing is asked"},
	},
	check: checkConfigs,
	run:   runConfigs,
	failed: func(c *call, _ error) {
		fmt.Fprintf(c.Stderr, "Error while executing config command with args '%s'\n", strings.Join(c.words, " "))
	},
}

// entity is whose configuration it is: a type as Apache calls it, and a name; both name and fallback unset are all.
type entity struct {
	kind     string
	name     string
	named    bool // there is a name
	fallback bool // it is the default of all
}

// configTypes are the types that configurations can be of.
var configTypes = []string{"topics", "clients", "users", "brokers", "ips", "client-metrics", "groups", "broker-loggers"}

// shortcuts are the flags that name an entity at once, in the order in which Apache looks for them.
var shortcuts = []string{"topic", "client", "user", "broker", "broker-logger", "ip", "client-metrics", "group"}

// shortcutKind is the type that a shortcut means.
func shortcutKind(flag string) string { return strings.TrimSuffix(flag, "s") + "s" }

// entities are those of a command line: by --entity-type in its order, then by the shortcuts.
func entities(o *options) []entity {
	var given, out []entity // given are by --entity-name and --entity-default
	names := o.given["entity-name"]
	for _, option := range o.order {
		switch option {
		case "entity-name":
			given, names = append(given, entity{name: names[0], named: true}), names[1:]
		case "entity-default":
			given = append(given, entity{fallback: true})
		}
	}
	for i, kind := range o.given["entity-type"] {
		e := entity{}
		if i < len(given) {
			e = given[i]
		}
		e.kind = kind
		out = append(out, e)
	}
	for _, kind := range shortcuts {
		if o.has(kind) {
			out = append(out, entity{kind: shortcutKind(kind), name: o.text(kind), named: true})
		}
	}
	for _, kind := range shortcuts {
		if o.has(kind + "-defaults") {
			out = append(out, entity{kind: shortcutKind(kind), fallback: true})
		}
	}
	return out
}

// kinds are the types of entities, with commas between them.
func kinds(list []entity) string {
	var out []string
	for _, e := range list {
		out = append(out, e.kind)
	}
	return strings.Join(out, ",")
}

func checkConfigs(o *options) error {
	if o.count("alter", "describe") != 1 {
		return usagef("Command must include exactly one action: --describe, --alter")
	}
	if err := o.exclude("describe", "add-config", "add-config-file", "delete-config"); err != nil {
		return err
	}
	list := entities(o)
	if err := checkEntities(o, list); err != nil {
		return err
	}
	switch n := o.count("bootstrap-server", "zookeeper"); {
	case n == 0 && !o.is27():
		return refuse("Either --bootstrap-server or --bootstrap-controller must be specified.")
	case n == 0:
		return refuse("One of the required --bootstrap-server or --zookeeper arguments must be specified")
	case n == 2:
		return refuse("Only one of --bootstrap-server or --zookeeper must be specified")
	}
	if o.has("describe") {
		if o.has("all") && o.has("zookeeper") {
			return refuse("--bootstrap-server must be specified for --all")
		}
		if list[0].kind == "broker-loggers" && !list[0].named {
			text := "An entity name must be specified with --describe of "
			if o.is27() {
				text = "an entity name must be specified with --describe of "
			}
			return refuse("%s%s", text, kinds(list))
		}
		return nil
	}
	return checkAlteration(o, list)
}

func checkEntities(o *options, list []entity) error {
	var seen []string
	for _, e := range list {
		if slices.Contains(seen, e.kind) {
			return refuse("Duplicate entity type(s) specified: %s", e.kind)
		}
		seen = append(seen, e.kind)
		if !slices.Contains(configTypes, e.kind) {
			if o.is27() {
				return refuse("Invalid entity type %s, the entity type must be one of topics,clients,users,brokers,broker-loggers with the --bootstrap-server argument", e.kind)
			}
			return refuse("Invalid entity type %s, the entity type must be one of %s with a --bootstrap-server or --bootstrap-controller argument", e.kind, strings.Join(configTypes, ", "))
		}
	}
	switch {
	case len(list) == 0:
		return refuse("At least one entity type must be specified")
	case len(list) > 1 && (len(list) > 2 || !slices.Contains(seen, "users") || !slices.Contains(seen, "clients")):
		return refuse("Only 'users' and 'clients' entity types may be specified together")
	case o.any("entity-type", "entity-name", "entity-default") && len(list) > len(o.given["entity-type"]):
		return refuse("--entity-{type,name,default} should not be used in conjunction with specific entity flags")
	}
	for _, e := range list {
		if _, err := strconv.ParseInt(e.name, 10, 32); err != nil && e.named && strings.HasPrefix(e.kind, "broker") {
			return refuse("The entity name for %s must be a valid integer broker id, but it is: %s", e.kind, e.name)
		}
	}
	return nil
}

func checkAlteration(o *options, list []entity) error {
	named := slices.ContainsFunc(list, func(e entity) bool { return e.named })
	fallback := slices.ContainsFunc(list, func(e entity) bool { return e.fallback })
	byDefault := slices.Contains([]string{"users", "clients", "brokers", "ips"}, list[0].kind)
	switch {
	case byDefault && !named && !fallback:
		return refuse("an entity-name or default entity must be specified with --alter of users, clients or brokers")
	case !byDefault && !named:
		return refuse("an entity name must be specified with --alter of %s", kinds(list))
	case o.count("add-config", "add-config-file") == 2:
		return refuse("Only one of --add-config or --add-config-file must be specified")
	case !o.any("add-config", "add-config-file", "delete-config"):
		return refuse("At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter")
	}
	return nil
}

func runConfigs(ctx context.Context, c *call) error {
	list := entities(c.options)
	if c.has("zookeeper") {
		c.printf("Warning: --zookeeper is deprecated and will be removed in a future version of Kafka.\nUse --bootstrap-server instead to specify a broker to connect to.\n")
	}
	kafka, err := c.open(ctx)
	if err != nil {
		return err
	}
	users := list[0].kind == "users" || list[0].kind == "clients"
	switch {
	case c.has("describe") && (users || list[0].kind == "ips"):
		return c.describeQuotas(ctx, kafka, list)
	case c.has("describe"):
		return c.describeConfigs(ctx, kafka, list[0])
	case users:
		return c.alterUsers(ctx, kafka, list)
	case list[0].kind == "ips":
		return c.alterIPs(ctx, kafka, list)
	}
	return c.alterConfigs(ctx, kafka, list[0])
}

// resource is what brokers call an entity.
func (e entity) resource() kmodel.Resource {
	switch e.kind {
	case "topics":
		return kmodel.Resource{Type: kmodel.TopicResource, Name: e.name}
	case "broker-loggers":
		return kmodel.Resource{Type: kmodel.BrokerLoggerResource, Name: e.name}
	case "client-metrics":
		return kmodel.Resource{Type: kmodel.ClientMetricsResource, Name: e.name}
	case "groups":
		return kmodel.Resource{Type: kmodel.GroupResource, Name: e.name}
	}
	return kmodel.Resource{Type: kmodel.BrokerResource, Name: e.name}
}

// own tells whether a value is the entity's own.
func (e entity) own(c kmodel.Config) bool {
	switch {
	case e.kind == "topics":
		return c.Source == kmodel.DynamicTopic
	case e.kind == "broker-loggers":
		return c.Source == kmodel.DynamicBrokerLogger
	case e.kind == "client-metrics":
		return c.Source == kmodel.DynamicClientMetrics
	case e.kind == "groups":
		return c.Source == kmodel.DynamicGroup
	case e.name == "":
		return c.Source == kmodel.DynamicDefaultBroker
	}
	return c.Source == kmodel.DynamicBroker
}

// configsOf are the values of one entity as Apache lists them.
func (c *call) configsOf(ctx context.Context, kafka command.Kafka, e entity, all bool) ([]kmodel.Config, error) {
	if err := liveBroker(ctx, kafka, e); err != nil {
		return nil, err
	}
	described, err := kafka.Configs(ctx, false, e.resource())
	if err == nil {
		err = described[0].Err
	}
	if err != nil {
		return nil, err
	}
	entries := described[0].Entries
	if c.is27() {
		hashOrder(entries, 0, func(e kmodel.Config) string { return e.Name })
	}
	return slices.DeleteFunc(entries, func(entry kmodel.Config) bool { return !all && !e.own(entry) }), nil
}

// liveBroker is an error where there is no such broker: the client would look for it for long.
func liveBroker(ctx context.Context, kafka command.Kafka, e entity) error {
	if !strings.HasPrefix(e.kind, "broker") || e.name == "" {
		return nil
	}
	cluster, err := kafka.Cluster(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(cluster.Brokers, func(b kmodel.Broker) bool { return strconv.Itoa(int(b.ID)) == e.name }) {
		return errors.New("there is no broker " + e.name)
	}
	return nil
}
