package kafkacmd

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/render/theme"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// ConfigValues is the result of configs describe.
type ConfigValues struct {
	Type    string        `json:"type"`
	Name    string        `json:"name"` // "" for all brokers
	Configs []ConfigValue `json:"configs"`
	docs    bool
}

// ConfigValue is a key with its value.
type ConfigValue struct {
	Key       string  `json:"key"`
	Value     *string `json:"value"` // null where there is none, or it is a secret
	Source    string  `json:"source"`
	Own       bool    `json:"own"` // set for this topic or broker, while it runs
	ReadOnly  bool    `json:"read_only,omitempty"`
	Sensitive bool    `json:"sensitive,omitempty"`
	Type      string  `json:"type,omitempty"`
	Doc       string  `json:"doc,omitempty"`
}

// sources are the places that values come from, as people read them.
var sources = map[kmodel.ConfigSource]string{
	kmodel.DynamicTopic:         "topic",
	kmodel.DynamicBroker:        "broker",
	kmodel.DynamicDefaultBroker: "all brokers",
	kmodel.StaticBroker:         "server.properties",
	kmodel.DefaultConfig:        "default",
	kmodel.DynamicBrokerLogger:  "logger",
}

// View is a table.
func (c ConfigValues) View() render.View {
	t := render.Table{Columns: []render.Column{{Name: "key"}, {Name: "value"}, {Name: "from"}}}
	if c.docs {
		t.Columns = append(t.Columns, render.Column{Name: "type"}, render.Column{Name: "what it is"})
	}
	for _, v := range c.Configs {
		value := render.Cell{Text: "null", Role: theme.Null}
		switch {
		case v.Sensitive:
			value.Text = hidden
		case v.Value != nil:
			value = render.Cell{Text: *v.Value, Role: theme.Value}
		}
		from := render.Cell{Text: v.Source}
		if !v.Own {
			from.Role = theme.Dim
		}
		row := []render.Cell{{Text: v.Key, Role: theme.Key}, value, from}
		if c.docs {
			row = append(row, orNothing(v.Type), render.Cell{Text: strings.Join(strings.Fields(v.Doc), " ")})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

var configsDescribe = command.Spec{
	Name:  "describe",
	Group: command.Cluster,
	Args: []command.Arg{
		resourceArgs[0],
		{Name: "NAME", Kind: command.ConfigOwner, Optional: true},
		{Name: "KEY", Kind: command.ConfigKey, Optional: true, Repeat: true},
	},
	Short: "show what a topic or broker has for itself, or the values of keys",
	Long: "Without a KEY it is what was set for it. A value comes from the topic, the broker, all brokers (set while they\n" +
		"run), from server.properties, or it is the default. Without a NAME it is the quotas of all users, or clients.",
	Examples: []command.Example{
		{Line: "describe topic orders", Means: "what was set for the topic"},
		{Line: "describe topic orders retention.ms", Means: "one value, and where it comes from"},
		{Line: "describe broker 1 --all", Means: "every key"},
		{Line: "describe broker default", Means: "what was set for all brokers"},
		{Line: "describe user", Means: "the quotas of all users"},
		{Line: "describe user alice client app", Means: "that of one client of one user"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		all := fs.Bool("all", false, "all keys, with the defaults")
		docs := fs.Bool("docs", false, "with types and what the keys are, as far as the broker tells")
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			if isQuota(args) {
				return describeQuotas(ctx, env, args)
			}
			if len(args) < 2 {
				return nil, command.Usagef("missing NAME")
			}
			resource, err := parseResource(args)
			if err != nil {
				return nil, err
			}
			kafka, err := env.Kafka(ctx)
			if err != nil {
				return nil, err
			}
			entries, err := describeConfigs(ctx, kafka, *docs, resource)
			if err != nil {
				return nil, err
			}
			keys := texts(args[2:])
			if err := unknownKey(entries, keys, resource.Type.String(), nil); err != nil && resource.Name != "" {
				return nil, err
			}
			result := ConfigValues{Type: resource.Type.String(), Name: resource.Name, Configs: []ConfigValue{}, docs: *docs}
			for _, e := range entries {
				own := e.Source == ownSource(resource)
				if *all || slices.Contains(keys, e.Name) || len(keys) == 0 && own {
					result.Configs = append(result.Configs, configValue(e, own))
				}
			}
			return result, nil
		}
	},
}

func configValue(e kmodel.Config, own bool) ConfigValue {
	v := ConfigValue{Key: e.Name, Source: sources[e.Source], Own: own, ReadOnly: e.ReadOnly, Sensitive: e.Sensitive, Type: e.Type, Doc: e.Doc}
	if v.Source == "" {
		v.Source = "unknown"
	}
	if !e.Null {
		v.Value = &e.Value
	}
	return v
}
