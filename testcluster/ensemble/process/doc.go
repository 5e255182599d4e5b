// Package process runs ensembles of processes: each node is a zoka server with a folder of
// its own. zoka cluster is this package at a command line; in Go:
//
//	c, err := process.Up(ctx, process.Options{Dir: dir, Nodes: 3})
//	err = c.Kill(ctx, 2)
//	err = c.Down(ctx)
//
// What an ensemble is stands in its folder, and nowhere else, so that any program can go on
// where another has ended, in whatever way:
//
//	cluster.json     ports, process ids and cuts; written anew in one step
//	cluster.lock     held by who changes something
//	owner.lock       of a temporary ensemble: held by who has started it, and watched by the nodes
//	node1/zoo.cfg    its configuration, kept and free to be edited while the node is down
//	node1/data       its data, as ZooKeeper has them
//	node1/server.properties, node1/kafka-logs   the same of its broker, where it has one
//	node1/server.log what it has said
//
// A process id stands there together with the moment at which its process started, so that
// a process which has got the same number later is never taken for the node.
//
// It is for Unix. It is not for production: all nodes are on one machine, on 127.0.0.1.
package process
