// Package peertest gives tests Apache's own programs as judges: ZooKeeper's servers of two releases, alone or
// in ensembles, and zkCli.sh; Kafka's brokers and tools of three; and kcat.
//
// It is for tests alone and talks no protocol beyond four-letter words; what a test says to the server it says with
// its own client, or with zkCli.sh. scripts/peers/peers.sh installs the programs. Where one is missing the test is
// skipped with a line that says so, and so it is under -short; with ZOKA_PEERS=require in the environment it fails
// instead, as it does in CI.
//
//	func TestAgainstApache(t *testing.T) {
//		s := peertest.StartZK39(t, peertest.Options{Config: []string{"maxClientCnxns=2"}})
//		conn, err := zkclient.Dial(t.Context(), s.Addr())
//
// An [Ensemble] has several members, each run by a release of Apache's or by zoka; they are killed, paused, emptied and
// started again, also by another program on the same folder:
//
//	apache, zoka := peertest.Debian(t).Program(), peertest.Zoka(testbin.Zoka(t))
//	e := peertest.StartEnsemble(t, peertest.EnsembleOptions{Members: []peertest.Program{apache, apache, zoka}})
//	e.Leader(t).Kill()
//
// A cluster of Kafka's brokers runs on any ZooKeeper, or without one:
//
//	c := peertest.StartKafka(t, "27", s.Addr(), peertest.KafkaOptions{Brokers: 3})
//	topics := peertest.KafkaTool(t, "27", "kafka-topics.sh")
//
// Every server listens on 127.0.0.1 with a small heap, has all four-letter words and no AdminServer, and is ended with
// the test that started it.
package peertest
