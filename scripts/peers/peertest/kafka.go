package peertest

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// kafkaVersions are the releases of Kafka by the names they have here: 27 and 39 run on ZooKeeper, 4 does without.
var kafkaVersions = map[string]string{"27": "2.7.2", "39": "3.9.1", "4": "4.2.0"}

// Kafka is one installed release of Apache Kafka.
type Kafka struct {
	// Version is the release, for example 2.7.2.
	Version string

	dir string
}

// FindKafka finds release 27, 39 or 4 of Kafka: in $ZOKA_KAFKA27 and so on, or where peers.sh puts it.
func FindKafka(t testing.TB, release string) Kafka {
	t.Helper()
	version, known := kafkaVersions[release]
	if !known {
		t.Fatalf("no such release of Kafka: %s", release)
	}
	beforeSearch(t)
	return Kafka{Version: version, dir: installed(t, "Kafka", "kafka"+release, version)}
}

// Tool is the path of one of the release's scripts, for example kafka-topics.sh.
func (k Kafka) Tool(script string) string { return filepath.Join(k.dir, "bin", script) }

// Java is how to run a class of the release, whose name and arguments follow: for a test's few seconds, whose logging
// goes to its standard output where the class is a server.
func (k Kafka) Java() []string {
	log := "file:" + filepath.Join(k.dir, "server-log.properties")
	return append(java("384m"), archive(k.dir),
		"-Dlog4j.configuration="+log, "-Dlog4j2.configurationFile="+log, "-cp", filepath.Join(k.dir, "libs", "*"))
}

// KafkaTool is the path of a script of a release, for example kafka-topics.sh of 27.
func KafkaTool(t testing.TB, release, script string) string {
	t.Helper()
	return FindKafka(t, release).Tool(script)
}

// Kcat is the path of kcat.
func Kcat(t testing.TB) string {
	t.Helper()
	if testing.Short() && !required() {
		t.Skip("peers are left out under -short")
	}
	path, err := exec.LookPath("kcat")
	if err != nil {
		missing(t, "kcat is not installed", "scripts/peers/peers.sh install debian")
	}
	return path
}
