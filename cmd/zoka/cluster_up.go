package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/clustercmd"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
	local "github.com/zoka-project/zoka/testcluster/ensemble/process"
)

// upResult is what `cluster up` has to say.
type upResult struct {
	Connect   string            `json:"connect"`
	Bootstrap string            `json:"bootstrap,omitempty"` // of Kafka
	Data      string            `json:"data"`
	Nodes     []clustercmd.Node `json:"nodes"`
}

// View is the connect string alone: for `export ZOKA_SERVER=$(zoka cluster up)`.
func (u upResult) View() render.View { return render.Text{Lines: []string{u.Connect}} }

// size binds the flags that say how large a new ensemble is.
func size(fs *pflag.FlagSet, o *local.Options) {
	fs.IntVar(&o.Nodes, "nodes", 0, "`NUMBER` of servers that vote: 3 in a new ensemble")
	fs.IntVar(&o.Observers, "observers", 0, "`NUMBER` of further servers without a vote")
	fs.BoolVar(&o.Brokers, "brokers", true, "a Kafka broker on each node too: `true|false`")
	fs.IntVar(&o.BasePort, "base-port", 0, "client `PORT` of the first server, the others follow; otherwise free ones are chosen")
}

func clusterUp(r *clusterRun) command.Spec {
	return command.Spec{
		Name:  "up",
		Short: "start an ensemble with its brokers, or what of it does not run, and wait until it serves",
		Long: "It prints the connect string. The folder keeps data, ports, zoo.cfg and server.properties files: a second `up` goes\n" +
			"on with them. With --base-port 2181 clients find the servers at 2181, 2182 … and the brokers at 9092, 9093 …, quorum\n" +
			"ports begin at 2888, election ports at 3888.",
		Group: command.Ensemble,
		Examples: []command.Example{
			{Line: "up", Means: "three servers and three brokers, in " + defaultFolder},
			{Line: "up --nodes 5 --base-port 2181", Means: "five, the first at 2181"},
			{Line: "up -o json", Means: "addresses and process ids for scripts"},
		},
		Bind: func(fs *pflag.FlagSet) command.Run {
			o := local.Options{}
			size(fs, &o)
			return func(ctx context.Context, env *command.Env, _ []lex.Word) (render.Result, error) {
				o.Dir = r.folder()
				if err := checkSize(fs, &o); err != nil {
					return nil, err
				}
				c, started, err := local.Up(ctx, o)
				if err = coded(err); err != nil && !serves(err) {
					return nil, err
				}
				nodes, statusErr := nodeRows(ctx, c)
				if statusErr != nil {
					return nil, errors.Join(err, statusErr)
				}
				if err == nil {
					env.Notify(upTalk(o.Dir, started, len(nodes), c.BootstrapServers()))
				}
				return upResult{c.ConnectString(), c.BootstrapServers(), c.Dir(), nodes}, err
			}
		},
	}
}

// serves tells whether the error is about a part of the ensemble, and the others serve.
func serves(err error) bool {
	var partial *local.PartialError
	return errors.As(err, &partial)
}

// checkSize refuses what can never be.
func checkSize(fs *pflag.FlagSet, o *local.Options) error {
	switch {
	case fs.Changed("nodes") && o.Nodes < 1, o.Observers < 0, o.Nodes+o.Observers > local.MaxNodes:
		return command.Usagef("there may be 1 to %d servers", local.MaxNodes)
	case fs.Changed("base-port") && (o.BasePort < 1 || o.BasePort > 65535):
		return command.Usagef("--base-port %d: not a port number", o.BasePort)
	}
	return nil
}

// upTalk tells what runs, and since when.
func upTalk(dir string, started local.Started, nodes int, bootstrap string) string {
	text := counted(nodes, "server")
	if bootstrap != "" {
		text += " and " + counted(strings.Count(bootstrap, ",")+1, "broker")
	}
	text += " in " + dir
	if len(started.Before) == 0 {
		return text
	}
	ids := make([]string, len(started.Before))
	for i, id := range started.Before {
		ids[i] = strconv.Itoa(id)
	}
	return text + "; running already: " + strings.Join(ids, ", ")
}

func counted(n int, noun string) string {
	if n == 1 {
		return "one " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// downResult is what `cluster down` has to say.
type downResult struct {
	Ended int `json:"ended"`
}

// View is nothing: who asks for the end of something gets it.
func (downResult) View() render.View { return render.Empty{} }

func clusterDown(r *clusterRun) command.Spec {
	return command.Spec{
		Name:     "down",
		Short:    "end all nodes of an ensemble",
		Long:     "The data stay for the next `up`. Cut links are whole then.",
		Group:    command.Ensemble,
		Examples: []command.Example{{Line: "down", Means: "no process is left"}},
		Bind: func(*pflag.FlagSet) command.Run {
			return func(ctx context.Context, env *command.Env, _ []lex.Word) (render.Result, error) {
				folder := r.folder()
				c, err := local.Open(folder)
				if errors.Is(err, local.ErrNone) {
					return nil, noCluster(folder)
				}
				if err != nil {
					return nil, err
				}
				ended, err := c.Down(ctx)
				if err == nil && ended == 0 {
					env.Notify("nothing was running in " + folder)
				}
				return downResult{ended}, err
			}
		},
	}
}
