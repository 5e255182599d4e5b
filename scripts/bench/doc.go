// Command bench measures zoka and Debian's Apache ZooKeeper side by side, in one run on
// one machine, and prints both figures and their ratio.
//
//	go run ./scripts/bench                 every case, three rounds, medians
//	go run ./scripts/bench -rounds 1 load  one case
//
// The cases are start (one-shot and scripts of the shells), load (pipelined requests and
// the memory after them) and tree (a million znodes: memory and restart). It needs Java
// and Debian's package zookeeper, and touches nothing but loopback and a temporary folder.
package main
