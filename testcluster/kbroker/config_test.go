package kbroker_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/testcluster/kbroker/kconf"
)

// TestLongestTimes: the largest number there is, Kafka's way to say never, is a time like any other.
func TestLongestTimes(t *testing.T) {
	noLeaks(t)
	var lines []string
	for _, k := range kconf.Brokers() {
		if k.Honoured && k.Type == kconf.Long && strings.HasSuffix(k.Name, ".ms") {
			lines = append(lines, k.Name+"=9223372036854775807")
		}
	}
	if len(lines) < 10 {
		t.Fatalf("only %q", lines)
	}
	lines = append(lines, "socket.send.buffer.bytes=65536", "socket.receive.buffer.bytes=65536", "log.cleaner.enable=false",
		"log.flush.scheduler.interval.ms=100", "num.recovery.threads.per.data.dir=2", "log.cleaner.dedupe.buffer.size=1048577")
	b := startBroker(t, configure(t, zooKeeper(t).ConnectString(), 1, lines...))
	cl := client(t, []kgo.Opt{kgo.AllowAutoTopicCreation()}, b)
	ok(t, cl.ProduceSync(within(t), &kgo.Record{Topic: "t", Value: []byte("x")}).FirstErr())
}

// TestTwoLogFolders: partitions are spread over the folders, and found there again.
func TestTwoLogFolders(t *testing.T) {
	noLeaks(t)
	first, second := t.TempDir(), t.TempDir()
	b := startBroker(t, configure(t, zooKeeper(t).ConnectString(), 1, "log.dirs="+first+","+second, "num.partitions=6"))
	cl := client(t, []kgo.Opt{kgo.AllowAutoTopicCreation(), kgo.DefaultProduceTopic("t"), kgo.RecordPartitioner(kgo.RoundRobinPartitioner())}, b)
	for i := range 60 {
		ok(t, cl.ProduceSync(within(t), &kgo.Record{Value: fmt.Append(nil, i)}).FirstErr())
	}
	for _, dir := range []string{first, second} {
		found, err := filepath.Glob(filepath.Join(dir, "t-*"))
		if err != nil || len(found) != 3 {
			t.Errorf("in %s: %v, %v", dir, found, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "meta.properties")); err != nil {
			t.Error(err)
		}
	}
	for _, end := range []func(){func() { b.stop(t) }, b.kill} {
		end()
		b.start(t)
		readAll(t, "t", 60, b)
	}
}
