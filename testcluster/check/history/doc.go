// Package history judges what clients of an ensemble were told, operation by operation, each with the time of its call,
// the time of its answer and the zxids in it.
//
//   - [Linearizable] asks a model checker (porcupine) whether each znode's writes and sync-reads are those of one znode
//     that is written and read by one at a time. Its work grows fast: some 300 operations a znode are right.
//   - [Ordered] and [Consistent] are rules about zxids that take linear time, for histories of any length.
//   - [Kept] compares a history with what a server has at the end.
//
// It asks no servers: testcluster/check/torture does, and the tests of testcluster/check.
//
//	problems := history.Ordered(ops)
//	problems = append(problems, history.Consistent(ops)...)
//	verdict := history.Linearizable(ops, history.SyncReads, time.Minute)
package history
