package main

import (
	"context"
	"errors"
	"time"

	"golang.org/x/term"

	"github.com/zoka-project/zoka/clientproto/kafka"
	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/compat/kafkatools"
)

// findBrokers bounds how long the tools look for a broker that answers: Apache's take a minute.
const findBrokers = 10 * time.Second

// kafkaTools are the modes that stand for Apache Kafka's programs.
func kafkaTools() []mode {
	var modes []mode
	for _, name := range kafkatools.Names() {
		modes = append(modes, mode{
			names: []string{name},
			short: "Apache Kafka's " + name + ", with the flags of 2.7 and of 4",
			run:   func(ctx context.Context, p *process) command.ExitCode { return runKafkaTool(ctx, p, name) },
			help:  func(ctx context.Context, p *process) command.ExitCode { return helpKafkaTool(ctx, p, name) },
		})
	}
	return modes
}

func runKafkaTool(ctx context.Context, p *process, name string) command.ExitCode {
	return command.ExitCode(kafkatools.Run(ctx, name, p.args, kafkatools.Config{
		Stdin:  shell.Reader(ctx, p.stdin),
		Stdout: p.stdout,
		Stderr: p.stderr,
		Prompt: term.IsTerminal(int(p.stdin.Fd())),
		Dial: func(ctx context.Context, t command.KafkaTarget) (kafkatools.Cluster, error) {
			t.Timeout = findBrokers
			c, err := dialCluster(ctx, t)
			if err != nil {
				return nil, err // not c: an empty cluster in an interface is not nil
			}
			return c, nil
		},
		ZK: func(ctx context.Context, servers string) (command.ZK, error) {
			zk, err := dial(ctx, command.Target{Servers: servers, Timeout: findBrokers})
			if err != nil {
				var none *zkclient.ConnectError
				hosts, _, _ := zkclient.ParseConnectString(servers)
				if errors.As(err, &none) && len(hosts) > 0 && kafka.Probe(ctx, hosts[0]) == kafka.Kafka {
					return nil, errors.New(hosts[0] + " is a Kafka broker, no ZooKeeper server; --bootstrap-server is how to name it")
				}
				return nil, err // not zk: a nil *Client in an interface is not nil
			}
			return zk, nil
		},
		Release: p.getenv("ZOKA_KAFKA_TOOLS"),
		Version: version(),
	}))
}

// helpKafkaTool is `zoka help kafka-topics.sh`.
func helpKafkaTool(ctx context.Context, p *process, name string) command.ExitCode {
	lines := []string{
		kafkatools.Usage(name),
		"The output is that of Kafka 4.2, or of 2.7 where a flag is given that only 2.7 has; ZOKA_KAFKA_TOOLS=2.7 or 4",
		"says which. What differs from Apache's tools, on purpose:",
	}
	for _, d := range kafkatools.Differences {
		lines = append(lines, "", d.What, "  Apache  "+d.Apache, "  zoka    "+d.Zoka, "  why     "+d.Why)
	}
	if err := (render.Printer{Out: p.stdout}).Print(ctx, textResult(lines)); err != nil {
		return p.fail(err)
	}
	return command.ExitOK
}
