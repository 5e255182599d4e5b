// Package mixed holds the tests that judge zoka as a member of an Apache ensemble: real processes of Debian's ZooKeeper,
// of Apache's 3.9 and of zoka in one quorum. Ours leads, follows and observes; members are killed, replaced by the
// other kind on the same folder, and brought up to date by DIFF, TRUNC and SNAP; all znodes are compared on all members.
//
// It has no code besides. What the tests themselves are worth shows a run in which a server of Apache's stands in
// for zoka:
//
//	go test ./testcluster/check/mixed -apache-only
//
// There, tests with load may fail by a fault of 3.8.0's that a leader of ours keeps it from (ZOOKEEPER-4394).
package mixed
