package complete

import (
	"context"

	"github.com/zoka-project/zoka/shell/command"
)

// ForEnv is the Config for the shell of env. Znodes are asked of its session, which is never opened for that; brokers are
// looked for only where it is known how.
func ForEnv(env *command.Env, fresh func()) Config {
	return Config{
		Commands: env.Commands,
		Dir:      env.Dir,
		Servers:  env.Session.Servers,
		Fresh:    fresh,
		Children: func(ctx context.Context, path string) ([]string, error) {
			if env.Session.Server() == "" {
				return nil, command.ErrNotConnected
			}
			zk, err := env.ZK(ctx)
			if err != nil {
				return nil, err
			}
			names, _, err := zk.Children(ctx, path, nil)
			return names, err
		},
		Kafka:     kafkaOf(env),
		Bootstrap: env.Brokers.Bootstrap,
	}
}

// load reads what a key names.
func (cfg Config) load(ctx context.Context, k key) ([]string, error) {
	switch {
	case k.kind == file:
		return readFolder(k.path)
	case k.kind == kafkaNames:
		return cfg.Kafka(ctx, k.what, k.path)
	case cfg.Children == nil:
		return nil, nil
	}
	return cfg.Children(ctx, k.path)
}
