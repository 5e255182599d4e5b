package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/testcluster/kbroker"
	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
)

const brokerUsage = "usage: zoka broker server.properties [--override KEY=VALUE]…"

// runBroker serves what a server.properties describes until a signal comes, which is its ordinary end. A configuration
// that no broker can run with is a usage error: exit code 2.
func runBroker(ctx context.Context, p *process) command.ExitCode {
	if len(p.args) == 1 && (p.args[0] == "-h" || p.args[0] == "--help") {
		fmt.Fprintln(p.stdout, brokerUsage)
		return command.ExitOK
	}
	file, overrides, err := brokerArgs(p.args)
	if err != nil {
		return p.fail(err)
	}
	log := slog.New(slog.NewTextHandler(p.stderr, nil))
	cfg, warnings, err := kconf.LoadBroker(file, overrides...)
	for _, w := range warnings {
		log.Warn(w.String())
	}
	var bad *kconf.Error
	if err == nil {
		defer returnMemory()()
		err = serveBroker(ctx, kbroker.Options{Config: cfg, Logger: log})
	}
	switch {
	case errors.As(err, &bad):
		_ = p.fail(err)
		return command.ExitUsage
	case err != nil:
		_ = p.fail(err)
		return command.ExitFailed
	}
	return command.ExitOK
}

// brokerArgs parts the file from the overrides, which may stand as --override KEY=VALUE or --override=KEY=VALUE.
func brokerArgs(args []string) (file string, overrides []kconf.Override, err error) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		pair, joined := strings.CutPrefix(arg, "--override=")
		switch {
		case arg == "--override":
			if len(args) == 0 {
				return "", nil, command.Usagef("broker: --override needs KEY=VALUE; %s", brokerUsage)
			}
			pair, args = args[0], args[1:]
		case joined:
		case strings.HasPrefix(arg, "-"):
			return "", nil, command.Usagef("broker: %s: unknown flag; %s", arg, brokerUsage)
		case file != "":
			return "", nil, command.Usagef("broker: %s: there is one file already; %s", arg, brokerUsage)
		default:
			file = arg
			continue
		}
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return "", nil, command.Usagef("broker: --override %s: it needs KEY=VALUE", pair)
		}
		overrides = append(overrides, kconf.Override{Key: key, Value: value})
	}
	if file == "" {
		return "", nil, command.Usagef("broker: %s", brokerUsage)
	}
	return file, overrides, nil
}

// serveBroker runs a broker until ctx ends, or until it cannot go on, which is an error.
func serveBroker(ctx context.Context, o kbroker.Options) error {
	var b *kbroker.Broker
	err := unlessBroker(ctx, o.Config.ZooKeeper.Connect, func(ctx context.Context) (err error) {
		b, err = kbroker.Start(ctx, o)
		return err
	})
	if mixed := (*brokerError)(nil); errors.As(err, &mixed) {
		return fmt.Errorf("broker: zookeeper.connect=%s: %w; it wants the client ports of ZooKeeper servers, which are 2181 where nothing else is said", o.Config.ZooKeeper.Connect, mixed)
	}
	if err != nil {
		if ctx.Err() != nil { // a signal during the start
			return nil
		}
		return fmt.Errorf("broker: %w", err)
	}
	for _, l := range o.Config.Listeners {
		o.Logger.Info("listening on "+b.Addr(l.Name).String(), "listener", l.Name)
	}
	// The words that scripts wait for in Kafka's server.log.
	o.Logger.Info(fmt.Sprintf("[KafkaServer id=%d] started (kafka.server.KafkaServer)", b.ID()), "cluster", b.ClusterID(), "pid", os.Getpid())
	select {
	case <-ctx.Done():
		o.Logger.Info(fmt.Sprintf("[KafkaServer id=%d] shutting down (kafka.server.KafkaServer)", b.ID()))
	case <-b.Done():
	}
	err = b.Close()
	if failed := b.Err(); failed != nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	o.Logger.Info(fmt.Sprintf("[KafkaServer id=%d] shut down completed (kafka.server.KafkaServer)", b.ID()))
	return nil
}
