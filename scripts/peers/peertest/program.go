package peertest

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
	command := []string{"java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true"}
	command = append(command, h.vmOptions...)
	command = append(command, "-cp", h.classPath, "org.apache.zookeeper.server.quorum.QuorumPeerMain")
	return Program{Name: "ZooKeeper " + h.Version, Apache: true, command: command}
}

// Zoka is the server of a zoka binary; package testbin builds one.
func Zoka(binary string) Program {
	return Program{Name: "zoka", command: []string{binary, "server"}}
}
