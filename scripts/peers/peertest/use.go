package peertest

import "testing"

// ClassPath is what java -cp needs to run the release's server.
func (h Home) ClassPath() string { return h.classPath }

// Missing ends a test that lacks a peer this package does not know of: it fails where
// peers are required and is skipped elsewhere. Remedy says how to install it.
func Missing(t testing.TB, what, remedy string) {
	t.Helper()
	missing(t, what, remedy)
}
