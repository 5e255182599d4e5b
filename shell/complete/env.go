package complete

import (
	"context"

	"github.com/zoka-project/zoka/shell/command"
)

// ForEnv is the Config for the shell of env. Znodes are asked of its session, which is never opened for that.
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
	}
}

// load reads what a key names.
func (cfg Config) load(ctx context.Context, k key) ([]string, error) {
	switch {
	case k.kind == file:
		return readFolder(k.path)
	case cfg.Children == nil:
		return nil, nil
	}
	return cfg.Children(ctx, k.path)
}
