// Package tutorial does what tutorials of ZooKeeper and Kafka have their readers do, on ensembles of three and of five
// servers: zoo.cfg and myid files written by hand, servers started one by one with zkServer.sh, the shell and Apache's
// zkCli.sh on them, servers killed; then a broker beside each server, by a server.properties and kafka-server-start.sh,
// and Kafka's console tools, also at a terminal. What the texts promise must be seen, also in the servers' logs and in
// the brokers' files. It has tests alone.
//
// What a server does in an ensemble, and a broker in a cluster, has its tests in testcluster; here it is real processes
// as a person starts them.
package tutorial
