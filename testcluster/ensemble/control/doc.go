// Package control is how an ensemble of processes reaches into a node's process: what the
// environment tells the process when it starts, and files in the node's folder.
//
//	node, err := control.Join(os.Getenv) // nil: an ordinary server
//	defer node.Close()
//	ctx, cancel := node.Context(ctx)     // ends when the owner of a temporary ensemble has
//	err = node.Obey(cuts)                // partitions, from now on
//
// A node waits at its start until the process that started it has written down its process
// id and says so: whoever dies in between leaves no process that nobody knows of. Which
// links are cut stands in the file cuts.json, so that a node that is restarted stays cut;
// SIGUSR1 has the node read it again, and the file cuts.seen says that it has.
//
// It is no interface for people: package process writes these files, and zoka server, when
// it is a node, reads them.
package control
