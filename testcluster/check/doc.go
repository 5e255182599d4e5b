// Package check judges a server by what it told its clients: a [Ledger] records what each
// acknowledged, refused or unanswered write leaves possible, and compares that with what
// is found afterwards. Nothing acknowledged may be missing, nothing refused present, and
// a transaction of several operations is there wholly or not at all.
//
// [ReadTree] and [Differences] compare what servers have, znode by znode; [Scribble] gives them something of every kind.
//
// It starts no servers and injects no faults; its tests do, with real processes. Package
// history judges what many clients of an ensemble were told, package torture runs ensembles
// under clients and faults, and the tests of the folder mixed have ensembles of Apache's
// servers and zoka's.
//
//	var l check.Ledger
//	_, err := client.Set(ctx, "/a", value, -1)
//	l.Wrote("/a", check.Present(value), check.OutcomeOf(err, zkclient.OutcomeUnknown))
//	…
//	problem := l.Verify("/a", found)
package check
