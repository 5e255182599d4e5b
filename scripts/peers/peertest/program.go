package peertest

import "path/filepath"

// Program is what runs a server: one of Apache's releases, or zoka.
type Program struct {
	// Name is what messages call it: "ZooKeeper 3.9.4", "zoka".
	Name string
	// Apache is set for Apache's releases.
	Apache bool

	command []string // the path of zoo.cfg follows
}

// Program is the release's server: with a small heap, and without what a test's few seconds do not repay.
func (h Home) Program() Program {
	command := append(h.Java(), "org.apache.zookeeper.server.quorum.QuorumPeerMain")
	return Program{Name: "ZooKeeper " + h.Version, Apache: true, command: command}
}

// Java is how to run a class of the release, whose name and arguments follow.
func (h Home) Java() []string {
	command := append(java("256m"), h.vmOptions...)
	return append(command, "-cp", h.classPath)
}

// java is a virtual machine with a small heap, and without what a test's few seconds do not repay.
func java(heap string) []string {
	return []string{"java", "-Xmx" + heap, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"}
}

// archive is the option that halves the time which a start takes, where peers.sh has made an archive of the classes in
// this folder's libs. Without one it has no effect.
func archive(dir string) string { return "-XX:SharedArchiveFile=" + filepath.Join(dir, "classes.jsa") }

// Zoka is the server of a zoka binary; package testbin builds one.
func Zoka(binary string) Program {
	return Program{Name: "zoka", command: []string{binary, "server"}}
}
