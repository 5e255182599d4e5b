package kbroker_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// kcat runs kcat with some input and returns what it shows.
func kcat(t *testing.T, input string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(within(t), peertest.Kcat(t), args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("kcat %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// TestKcat: the client of the C library lists, writes in every compression, idempotently, reads, and reads as a group.
func TestKcat(t *testing.T) {
	peertest.Kcat(t)
	e := zooKeeper(t)
	b := startBroker(t, configure(t, e.ConnectString(), 1, "num.partitions=2"))
	list := kcat(t, "", "-b", b.addr(), "-L")
	if !strings.Contains(list, " 1 brokers:\n  broker 1 at "+b.addr()+" (controller)\n 0 topics:\n") {
		t.Errorf("%s", list)
	}
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		kcat(t, codec+"\n", "-b", b.addr(), "-P", "-t", "codecs", "-p", "0", "-z", codec, "-X", "enable.idempotence=true")
	}
	kcat(t, "k=v\n", "-b", b.addr(), "-P", "-t", "codecs", "-p", "0", "-K", "=", "-H", "h=1", "-X", "acks=0")
	kcat(t, "last\n", "-b", b.addr(), "-P", "-t", "codecs", "-p", "0", "-X", "acks=1")
	got := kcat(t, "", "-b", b.addr(), "-C", "-t", "codecs", "-p", "0", "-e", "-q", "-f", "%o %k %h %s\n")
	want := "0   none\n1   gzip\n2   snappy\n3   lz4\n4   zstd\n5 k h=1 v\n6   last\n"
	if got != want {
		t.Errorf("read %q\nwant %q", got, want)
	}
	grouped := kcat(t, "", "-b", b.addr(), "-G", "readers", "-c", "7", "-q", "-X", "auto.offset.reset=earliest", "codecs")
	if strings.Count(grouped, "\n") != 7 || !strings.Contains(grouped, "zstd\n") {
		t.Errorf("as a group: %q", grouped)
	}
	offset := kcat(t, "", "-b", b.addr(), "-Q", "-t", "codecs:0:-1")
	if offset != "codecs [0] offset 7\n" {
		t.Errorf("%q", offset)
	}
}
