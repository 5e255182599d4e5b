package main

import (
	"context"

	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// startServer starts the server of --embedded, and makes it the one to connect to. It keeps its data in memory
// and goes with the shell.
func (f *shellFlags) startServer(ctx context.Context) (stop func(), err error) {
	e, err := ensemble.Start(ctx, ensemble.Options{Nodes: 1})
	if err != nil {
		return nil, err
	}
	f.server = e.ConnectString()
	return func() { _ = e.Close() }, nil // there is nothing left to lose
}
