// Package scripttest has the scripts that say what zoka does: testdata/script, one file a subject, run on the real
// binary with a server of our own, an ensemble of five and Apache's. It has tests alone. A new command, or a new way to use one,
// gets its block in one of the scripts.
package scripttest
