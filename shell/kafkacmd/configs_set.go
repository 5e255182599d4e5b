package kafkacmd

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// ConfigsChanged is the result of configs set and configs delete.
type ConfigsChanged struct {
	Type    string         `json:"type"`
	Name    string         `json:"name"` // "" for all brokers
	Changes []ConfigChange `json:"changes"`
	DryRun  bool           `json:"dry_run,omitempty"`
	title   string
}

// ConfigChange is what was done to a key.
type ConfigChange struct {
	Key   string `json:"key"`
	Op    string `json:"op"`              // set, delete, append, subtract
	Value string `json:"value,omitempty"` // (hidden) of a password
}

// View is a line for each key.
func (c ConfigsChanged) View() render.View {
	var lines []string
	for _, change := range c.Changes {
		line := c.title + ": " + change.Key
		switch change.Op {
		case "set":
			line += "=" + change.Value
		case "append":
			line += "+=" + change.Value
		case "subtract":
			line += "-=" + change.Value
		default:
			line += " is the default again"
		}
		if c.DryRun {
			line = "would change " + line
		}
		lines = append(lines, line)
	}
	return render.Text{Lines: lines}
}

// hidden stands for a value that nobody is to see.
const hidden = "(hidden)"

var opNames = map[kmodel.ConfigOp]string{
	kmodel.SetConfig: "set", kmodel.DeleteConfig: "delete", kmodel.AppendConfig: "append", kmodel.SubtractConfig: "subtract",
}

func changed(r kmodel.Resource, changes []kmodel.ConfigChange, dryRun bool) ConfigsChanged {
	c := ConfigsChanged{Type: r.Type.String(), Name: r.Name, DryRun: dryRun, title: title(r)}
	for _, change := range changes {
		value := change.Value
		if command.HoldsSecret(change.Name + "=") {
			value = hidden
		}
		c.Changes = append(c.Changes, ConfigChange{change.Name, opNames[change.Op], value})
	}
	return c
}

var configsSet = command.Spec{
	Name:  "set",
	Group: command.Cluster,
	Args:  append(slices.Clip(resourceArgs), command.Arg{Name: "KEY=VALUE", Kind: command.ConfigKey, Repeat: true}),
	Short: "set values of a topic or broker, while it runs",
	Long:  "KEY+=VALUE adds to a list, KEY-=VALUE takes from it. What a broker takes only from server.properties it refuses.",
	Examples: []command.Example{
		{Line: "set topic orders retention.ms=86400000 segment.ms=3600000", Means: "two values"},
		{Line: "set topic orders cleanup.policy+=compact", Means: "also compacted"},
		{Line: "set user alice client app consumer_byte_rate=1048576", Means: "a quota of one client of one user"},
		{Line: "set broker default log.cleaner.threads=2", Means: "for all brokers without a value of their own"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		dryRun := fs.Bool("dry-run", false, "only find out whether it could be done")
		return altering(dryRun, false, parseChange)
	},
}

// altering is what set and delete do to the configuration that their words name, each further word by one change.
func altering(dryRun *bool, unset bool, parse func(text string) (kmodel.ConfigChange, error)) command.Run {
	return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
		if isQuota(args) {
			return setQuotas(ctx, env, args, unset, *dryRun)
		}
		resource, err := parseResource(args)
		if err != nil {
			return nil, err
		}
		var changes []kmodel.ConfigChange
		for _, w := range args[2:] {
			change, err := parse(w.Text)
			if err != nil {
				return nil, err
			}
			changes = append(changes, change)
		}
		kafka, err := env.Kafka(ctx)
		if err != nil {
			return nil, err
		}
		if err := alter(ctx, kafka, resource, changes, *dryRun); err != nil {
			return nil, err
		}
		return changed(resource, changes, *dryRun), nil
	}
}

// parseChange reads KEY=VALUE, KEY+=VALUE or KEY-=VALUE.
func parseChange(text string) (kmodel.ConfigChange, error) {
	key, value, ok := strings.Cut(text, "=")
	change := kmodel.ConfigChange{Op: kmodel.SetConfig, Value: value}
	if rest, cut := strings.CutSuffix(key, "+"); cut {
		key, change.Op = rest, kmodel.AppendConfig
	} else if rest, cut := strings.CutSuffix(key, "-"); cut {
		key, change.Op = rest, kmodel.SubtractConfig
	}
	if change.Name = strings.TrimSpace(key); !ok || change.Name == "" {
		return change, command.Usagef("%s: want KEY=VALUE", lex.Quote(text))
	}
	return change, nil
}

var configsDelete = command.Spec{
	Name:  "delete",
	Group: command.Cluster,
	Args:  append(slices.Clip(resourceArgs), command.Arg{Name: "KEY", Kind: command.ConfigKey, Repeat: true}),
	Short: "go back to the defaults of keys",
	Examples: []command.Example{
		{Line: "delete topic orders retention.ms", Means: "kept as long as the broker says"},
	},
	Bind: func(fs *pflag.FlagSet) command.Run {
		dryRun := fs.Bool("dry-run", false, "only find out whether it could be done")
		return altering(dryRun, true, func(text string) (kmodel.ConfigChange, error) {
			return kmodel.ConfigChange{Op: kmodel.DeleteConfig, Name: text}, nil
		})
	},
}
