package zkcmd

import (
	"context"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// configPath is the znode of the ensemble's configuration.
const configPath = "/zookeeper/config"

// Config is the result of config and reconfig.
type Config struct {
	Text    string         `json:"config"`  // as the server has it
	Version string         `json:"version"` // hexadecimal without 0x, as reconfig -v takes it; "" for none
	Servers []ConfigServer `json:"servers"`
	Stat    *Stat          `json:"stat,omitempty"`
	// Clients leaves everything but the version and the clients' addresses to JSON.
	Clients bool `json:"-"`
}

// ConfigServer is one server.ID=… line of a configuration.
type ConfigServer struct {
	ID     string `json:"id"`
	Peer   string `json:"peer"`   // host:quorumPort:electionPort[:role], several with | between
	Client string `json:"client"` // host:port, "" where it is not told
}

// View is the text, or the version and the clients' addresses as zkCli's config -c shows them.
func (c Config) View() render.View {
	switch {
	case c.Clients:
		var clients []string
		for _, s := range c.Servers {
			if s.Client != "" {
				clients = append(clients, s.Client)
			}
		}
		return withStat(render.Text{Lines: []string{c.Version + " " + strings.Join(clients, ",")}}, c.Stat)
	case c.Text == "":
		return withStat(render.Empty{}, c.Stat)
	}
	return withStat(render.Text{Lines: strings.Split(strings.TrimSuffix(c.Text, "\n"), "\n")}, c.Stat)
}

// ParseConfig reads the lines of a configuration: key=value.
func ParseConfig(text string) Config {
	c := Config{Text: text, Servers: []ConfigServer{}}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key == "version" {
			c.Version = value
		}
		if id, ok := strings.CutPrefix(key, "server."); ok {
			peer, client, _ := strings.Cut(value, ";")
			c.Servers = append(c.Servers, ConfigServer{ID: id, Peer: peer, Client: client})
		}
	}
	return c
}

var config = command.Spec{
	Name:  "config",
	Group: command.Ensemble,
	Short: "show the configuration of the ensemble",
	Long:  "A standalone server has none.",
	Examples: []command.Example{
		{Line: "config", Means: "servers and version"},
		{Line: "config -c", Means: "the version and the addresses for clients, on one line"},
		{Line: "config -w", Means: "and tell once when it changes"},
	},
	Pipelined: command.Always,
	Bind: func(fs *pflag.FlagSet) command.Run {
		clients := fs.BoolP("clients", "c", false, "only the version and the addresses for clients")
		watch := watchFlag(fs, "the configuration changes")
		stat := statFlag(fs)
		return func(ctx context.Context, env *command.Env, _ []lex.Word) (render.Result, error) {
			zk, err := env.ZK(ctx)
			if err != nil {
				return nil, err
			}
			data, s, err := zk.Config(ctx, env.Watch(*watch))
			if err != nil {
				return nil, err
			}
			if len(data) == 0 {
				env.Notify("config: the server is standalone, or tells no configuration")
			}
			c := ParseConfig(string(data))
			c.Clients, c.Stat = *clients, statIf(*stat, s)
			return c, nil
		}
	},
}
