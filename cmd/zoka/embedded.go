package main

import (
	"context"

	"github.com/zoka-project/zoka/shell/clustercmd"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// startEnsemble starts the ensemble of --embedded, and makes it the one to connect to. It goes with the shell.
func (f *shellFlags) startEnsemble(ctx context.Context) (stop func(), err error) {
	e, err := ensemble.Start(ctx, ensemble.Options{Brokers: true})
	if err != nil {
		return nil, err
	}
	f.server, f.own = e.ConnectString(), e
	f.kafka.Bootstrap = ""               // of the environment
	return func() { _ = e.Close() }, nil // there is nothing left to lose
}

// cluster is the ensemble that the shell's command of that name is about: that of --embedded, or the one of
// processes.
func (s *session) cluster(context.Context) (clustercmd.Cluster, error) {
	if s.flags.own != nil {
		return clusterNodes{s.flags.own}, nil
	}
	return openCluster(clusterFolder(s.p.getenv))
}
