// Package zoocfg reads ZooKeeper's configuration file, zoo.cfg: Java's properties format, every key that ZooKeeper 3.9
// knows, the server lines, the dynamic file and myid.
//
// It says what a file means and starts nothing. A value that is wrong is an error with file and line; a key that is
// unknown, or known and without effect in zoka, is a warning, because a file that served ZooKeeper serves here too.
// Called by the server command, and by tests that want a server as a file describes it.
//
//	cfg, warnings, err := zoocfg.Load("zoo.cfg", nil)
//	for _, w := range warnings {
//		log.Warn(w.String())
//	}
//	server, err := zkserver.New(cfg.Server())
package zoocfg
