// Package tutorial does what tutorials of ZooKeeper have their readers do, on ensembles of three and of five servers:
// zoo.cfg and myid files written by hand, servers started one by one with zkServer.sh, the shell and Apache's zkCli.sh on
// them, servers killed. What the texts promise must be seen, also in the servers' logs. It has tests alone.
//
// What a server does in an ensemble has its tests in testcluster; here it is real processes as a person starts them.
package tutorial
