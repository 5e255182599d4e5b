package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/zoka-project/zoka/shell/clustercmd"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/testcluster/ensemble"
	local "github.com/zoka-project/zoka/testcluster/ensemble/process"
)

// defaultFolder is where an ensemble of processes lives for which no other folder is named.
const defaultFolder = "zoka-cluster"

func clusterFolder(getenv func(string) string) string {
	return cmp.Or(getenv("ZOKA_CLUSTER"), defaultFolder)
}

// openCluster returns the ensemble in a folder.
func openCluster(folder string) (clustercmd.Cluster, error) {
	c, err := local.Open(folder)
	if errors.Is(err, local.ErrNone) {
		return nil, noCluster(folder)
	}
	if err != nil {
		return nil, err
	}
	return clusterNodes{c}, nil
}

func noCluster(folder string) error {
	return fmt.Errorf("there is no ensemble in %s: `zoka cluster up` starts one, --data and ZOKA_CLUSTER name another folder", folder)
}

// clusterNodes is what the shell's commands need of an ensemble.
type clusterNodes struct{ ensemble.Cluster }

// Status asks all nodes.
func (c clusterNodes) Status(ctx context.Context) ([]clustercmd.Node, error) {
	return nodeRows(ctx, c.Cluster)
}

func nodeRows(ctx context.Context, c ensemble.Cluster) ([]clustercmd.Node, error) {
	all, err := ensemble.Ask(ctx, c)
	if err != nil {
		return nil, err
	}
	rows := make([]clustercmd.Node, len(all))
	for i, s := range all {
		rows[i] = clustercmd.Node{
			ID: s.ID, Pid: s.Pid, Addr: s.Addr, Broker: s.Broker, Role: s.Role, Serving: s.Serving(),
			Epoch: s.Epoch, Zxid: s.Zxid.String(), Sessions: s.Sessions, Znodes: s.Znodes, Latency: s.Latency,
			In: s.In, Out: s.Out,
		}
	}
	return rows, nil
}

// Partition cuts links between groups.
func (c clusterNodes) Partition(ctx context.Context, groups [][]int, oneWay bool) error {
	return c.Cluster.Partition(ctx, ensemble.Partition{Groups: groups, OneWay: oneWay})
}

// coded gives errors of package process the exit codes that they deserve.
func coded(err error) error {
	var partial *local.PartialError
	var silent *local.NotServingError
	var mismatch *local.MismatchError
	var base *local.BasePortError
	switch {
	case errors.As(err, &partial), errors.As(err, &silent):
		return &command.PartialError{Err: err}
	case errors.As(err, &mismatch), errors.As(err, &base):
		return command.Usagef("%v", err)
	}
	return err
}
