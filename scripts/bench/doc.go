// Command bench measures zoka and Debian's Apache ZooKeeper side by side, in one run on
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
// Each waits for acknowledged writes and answers, not for what a server says of itself. It
// needs Java and Debian's package zookeeper, and touches nothing but loopback and a
// temporary folder.
package main
