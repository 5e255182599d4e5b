// Package archtest holds the rules of who may import whom, and the checker that enforces them.
//
// It parses the sources itself, so it also sees files that the build of this machine leaves out, and a package that
// does not compile yet. It is not a linter: style and correctness belong to go vet and staticcheck. Its caller is its
// own test, which walks the module from its root:
//
//	go test ./scripts/archtest
//
// The rules are data: [Packages] is the import table, [Libraries] says who stands in front of each outside library.
// A new package or library gets its row there, in the commit that brings it.
//
// Test files are free to import what they like. All other files are held to these rules:
//   - a package has a row, its own or that of the nearest folder above it, and imports of ours only what the row names;
//   - a [Pure] package does without net, os, time, sync, log, outside libraries and goroutines;
//   - a [Core] package does without net, os, goroutines and the clock (time is there for its Duration alone);
//   - an outside library is imported only by the packages that its row names.
//
// And every package, test files counted, has a doc comment.
package archtest
