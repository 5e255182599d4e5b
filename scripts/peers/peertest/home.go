package peertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Home is one installed release of Apache ZooKeeper.
type Home struct {
	// Version is the release, for example 3.9.4.
	Version string
	// ZkCli is the path of its zkCli.sh.
	ZkCli string

	classPath string
	vmOptions []string
}

const zk39Version = "3.9.4"

// ZK39 finds ZooKeeper 3.9.4: in $ZOKA_ZK39, or where peers.sh puts it.
func ZK39(t testing.TB) Home {
	t.Helper()
	beforeSearch(t)
	dir := installed(t, "ZooKeeper", "zk39", zk39Version)
	return Home{
		Version:   zk39Version,
		ZkCli:     filepath.Join(dir, "bin", "zkCli.sh"),
		classPath: filepath.Join(dir, "libs", "*"),
		vmOptions: []string{"-Dlogback.configurationFile=" + filepath.Join(dir, "server-log.xml"), archive(dir)},
	}
}

// installed is the folder of what peers.sh install NAME brings: $ZOKA_NAME, or where it puts it by itself.
func installed(t testing.TB, what, name, version string) string {
	t.Helper()
	dir := os.Getenv("ZOKA_" + strings.ToUpper(name))
	if dir == "" {
		dir = filepath.Join(peersDir(), name)
	}
	if found, err := os.ReadFile(filepath.Join(dir, "ok")); err != nil || strings.TrimSpace(string(found)) != version {
		missing(t, what+" "+version+" is not in "+dir, "scripts/peers/peers.sh install "+name)
	}
	return dir
}

func peersDir() string {
	if dir := os.Getenv("ZOKA_PEERS_DIR"); dir != "" {
		return dir
	}
	return filepath.Join(os.Getenv("HOME"), ".cache", "zoka-peers")
}

// Debian finds the ZooKeeper of Debian's package zookeeper, 3.8.0 on Debian 12.
func Debian(t testing.TB) Home {
	t.Helper()
	beforeSearch(t)
	const java, cli = "/usr/share/java/", "/usr/share/zookeeper/bin/zkCli.sh"
	jars, _ := filepath.Glob(java + "zookeeper-[0-9]*.jar") // the pattern is well formed
	if _, err := os.Stat(cli); err != nil || len(jars) == 0 {
		missing(t, "Debian's package zookeeper is not installed", "scripts/peers/peers.sh install debian")
	}
	return Home{
		Version: strings.TrimSuffix(strings.TrimPrefix(filepath.Base(jars[0]), "zookeeper-"), ".jar"),
		ZkCli:   cli,
		// The package brings no binding for its logging interface; without one its log is empty.
		classPath: jars[0] + ":" + java + "slf4j-simple.jar",
	}
}

// ZkCli is the path of 3.9.4's zkCli.sh.
func ZkCli(t testing.TB) string {
	t.Helper()
	return ZK39(t).ZkCli
}

func required() bool { return os.Getenv("ZOKA_PEERS") == "require" }

// beforeSearch ends the test early where no peer is wanted, or none could run.
func beforeSearch(t testing.TB) {
	t.Helper()
	if testing.Short() && !required() {
		t.Skip("peers are left out under -short")
	}
	if _, err := exec.LookPath("java"); err != nil {
		missing(t, "java is not installed", "apt-get install openjdk-17-jre-headless")
	}
}

// missing fails the test where peers are required and skips it elsewhere.
func missing(t testing.TB, what, remedy string) {
	t.Helper()
	if required() {
		t.Fatalf("%s, and ZOKA_PEERS=require; try: %s", what, remedy)
	}
	t.Skipf("%s; try: %s", what, remedy)
}
