// Command bench measures zoka beside Debian's Apache ZooKeeper and Apache Kafka, in one run on
// one machine, and prints both figures and their ratio.
//
//	go run ./scripts/bench                 every case, three rounds, medians
//	go run ./scripts/bench -rounds 1 load  one case
//	go run ./scripts/bench -side apache    one of the two sides
//
// The cases of one server are start (one-shot and scripts of the shells), load (pipelined
// requests and the memory after them) and tree (a million znodes: memory and restart).
// Those of ensembles of three are three-start (from the start of the processes to the first
// acknowledged write), three-load (requests pipelined at all three), three-write (one write
// at a time at the leader, beside what fdatasync takes), three-failover (the time without
// an acknowledged write when the leader is killed) and three-sessions (2,000 sessions that
// only ping: memory and processor time).
//
// Those of three brokers on three servers, beside Apache Kafka 2.7.2, are kafka-start (from
// the start of all processes to the first acknowledged record, and the memory of idle
// brokers), kafka-load (a foreign client, franz-go, writes and reads six partitions with
// three replicas, acks=all; then one record at a time), kafka-tools (the list of topics, and a
// million lines through the console producer and consumer, also beside kcat) and kafka-failover
// (the longest time without an acknowledged record of any partition when a broker is killed,
// each in turn).
//
// Each waits for acknowledged writes and answers, not for what a server says of itself. It
// needs Java, Debian's packages zookeeper and kcat and, for brokers, what scripts/peers/peers.sh
// install kafka27 brings, and touches nothing but loopback and a temporary folder.
package main
