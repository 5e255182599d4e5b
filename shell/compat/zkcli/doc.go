// Package zkcli is zoka in the place of Apache's zkCli.sh: the flags, prompts, outputs, channels and exit codes of
// ZooKeeper 3.9.4, byte for byte, so that scripts which scrape them go on working.
//
//	front, err := zkcli.New(cfg, zkcli.ParseOptions(os.Args[1:], os.Stderr))
//	defer front.Close(ctx)
//	front.Script(ctx, os.Stdin) // or OneShot, or Line for each line that a person types
//	os.Exit(front.ExitCode())
//
// It knows no terminal and no socket: cmd/zoka hands in writers and what opens sessions. Commands, their flags and
// usage lines are the rows of commands.go; what shell/zkcmd can do already is called there, not done again. Where
// zkCli.sh loses data, dies, or says that it succeeded when it did not, this package differs: [Differences].
//
// Sources: ZooKeeperMain and org.apache.zookeeper.cli of 3.9.4, DefaultParser of commons-cli 1.5.0.
package zkcli
