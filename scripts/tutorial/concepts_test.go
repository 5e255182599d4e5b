package tutorial

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func (bs brokers) creates(t *testing.T, topic string, partitions int, config ...string) {
	t.Helper()
	args := []string{"--bootstrap-server", bs.addrs(), "--create", "--topic", topic, "--partitions", fmt.Sprint(partitions), "--replication-factor", "3"}
	for _, c := range config {
		args = append(args, "--config", c)
	}
	tool(t, "kafka-topics.sh", args...)
}

// keyed are n lines with seven keys, in the form key:number.
func keyed(from, n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf("key%d:%06d", i%7, from+i))
	}
	return lines
}

// byKey are the producer's flags for keyed.
var byKey = []string{"--property", "parse.key=true", "--property", "key.separator=:"}

// withKey has the consumer show what keyed has made.
var withKey = []string{"--formatter-property", "print.key=true", "--formatter-property", "key.separator=:"}

// partitionOrder: within a partition records have the order in which they were written, and records of one key are in
// one partition. The producer has ended before the consumer begins: data waits in the log.
func partitionOrder(t *testing.T, bs brokers) {
	bs.creates(t, "order", 3)
	lines := keyed(0, 300)
	bs.produces(t, "order", lines, byKey...)
	last := map[string]string{}    // of each partition
	homes := map[string][]string{} // of each key
	for _, line := range bs.reads(t, "order", len(lines), append(withKey, "--formatter-property", "print.partition=true")...) {
		m := regexp.MustCompile(`Partition:(\d):(key\d):(\d+)$|^(key\d):Partition:(\d):(\d+)$`).FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("the consumer shows %q", line)
		}
		partition, key, number := m[1], m[2], m[3]
		if last[partition] >= number {
			t.Errorf("partition %s has %s after %s", partition, number, last[partition])
		}
		last[partition] = number
		if !slices.Contains(homes[key], partition) {
			homes[key] = append(homes[key], partition)
		}
	}
	if len(last) < 2 || len(homes) != 7 {
		t.Errorf("of 3 partitions %v have records of the keys %v", last, homes)
	}
	for key, at := range homes {
		if len(at) != 1 {
			t.Errorf("%s is in the partitions %v", key, at)
		}
	}
}

// pointToPoint: of the consumers of one group each gets some records, and none gets another's.
func pointToPoint(t *testing.T, bs brokers) {
	bs.creates(t, "queue", 4)
	one := bs.consumes(t, "queue", append(withKey, "--group", "workers")...)
	other := bs.consumes(t, "queue", append(withKey, "--group", "workers")...)
	bs.awaitMembers(t, "workers", 2)
	lines := keyed(0, 100)
	bs.produces(t, "queue", lines, byKey...)
	bs.awaitLag(t, "workers", "queue", 100)
	first, second := messages(t, one.interrupt(130)), messages(t, other.interrupt(130))
	if len(first) == 0 || len(second) == 0 {
		t.Errorf("one consumer gets %d records, the other %d", len(first), len(second))
	}
	got := append(first, second...)
	slices.Sort(got)
	slices.Sort(lines)
	if !slices.Equal(got, lines) {
		t.Errorf("the two get\n%q\nof\n%q", got, lines)
	}
}

// publishSubscribe: every group gets everything, one that was away gets what came meanwhile.
func publishSubscribe(t *testing.T, bs brokers) {
	bs.creates(t, "news", 1)
	durable := bs.consumes(t, "news", "--group", "durable")
	other := bs.consumes(t, "news", "--group", "other")
	bs.awaitMembers(t, "durable", 1)
	bs.awaitMembers(t, "other", 1)
	bs.produces(t, "news", []string{"one", "two"})
	for _, s := range []*session{durable, other} {
		s.sees("one")
		s.sees("two")
	}
	same(t, strings.Join(durable.interrupt(130), "\n"), "Processed a total of 2 messages")
	bs.produces(t, "news", []string{"while it was away"})
	other.sees("while it was away")
	durable = bs.consumes(t, "news", "--group", "durable")
	if got := durable.next(); got != "while it was away" {
		t.Errorf("who was away gets %q first", got)
	}
	bs.produces(t, "news", []string{"now"})
	durable.sees("now")
	other.sees("now")
	same(t, strings.Join(durable.interrupt(130), "\n"), "Processed a total of 2 messages")
}

// crashedConsumer: who takes over from a consumer that was killed begins at its committed offset.
func crashedConsumer(t *testing.T, bs brokers) {
	bs.creates(t, "work", 1)
	flags := []string{"--group", "crash", "--from-beginning", "--command-property", "auto.commit.interval.ms=100", "--command-property", "session.timeout.ms=1000",
		"--command-property", "heartbeat.interval.ms=300"}
	s := bs.consumes(t, "work", flags...)
	bs.awaitMembers(t, "crash", 1)
	bs.produces(t, "work", []string{"1", "2", "3"})
	s.sees("3")
	bs.awaitLag(t, "crash", "work", 3)
	s.kill()
	bs.produces(t, "work", []string{"4", "5"})
	s = bs.consumes(t, "work", flags...)
	if got := s.next(); got != "4" {
		t.Errorf("who takes over begins with %q", got)
	}
	s.sees("5")
	same(t, strings.Join(s.interrupt(130), "\n"), "Processed a total of 2 messages")
}

// retention: records stay as long as the topic says, whether somebody has read them or not.
func retention(t *testing.T, bs brokers) {
	bs.creates(t, "expires", 1, "retention.ms=3600000")
	bs.creates(t, "stays", 1, "retention.ms=3600000")
	bs.shell(t, "produce", "--timestamp", "-2h", "expires", "two hours old")
	bs.produces(t, "stays", []string{"read", "and read again"})
	for range 2 {
		same(t, strings.Join(bs.reads(t, "stays", 2, "--group", "readers"), "\n"), "read\nand read again")
		tool(t, "kafka-consumer-groups.sh", "--bootstrap-server", bs.addrs(), "--group", "readers", "--delete")
	}
	bs[0].eventually("to delete the old record, which nobody has read", func() bool {
		return tool(t, "kafka-get-offsets.sh", "--bootstrap-server", bs.addrs(), "--topic", "expires", "--time", "-2") == "expires:0:1\n"
	})
	same(t, tool(t, "kafka-get-offsets.sh", "--bootstrap-server", bs.addrs(), "--topic", "stays", "--time", "-2"), "stays:0:0\n")
}

// segments: each of a partition's files is named by the first offset in it, on all replicas.
func segments(t *testing.T, bs brokers) {
	bs.creates(t, "segmented", 1, "segment.bytes=1000")
	lines := keyed(0, 100)
	for at := range slices.Chunk(lines, 10) {
		bs.produces(t, "segmented", at, "--property", "parse.key=false")
	}
	for _, b := range bs {
		var names []string
		b.eventually("to all records of segmented", func() bool {
			paths, _ := filepath.Glob(filepath.Join(b.logs, "segmented-0", "*.log")) // the pattern is well formed
			names = paths
			return len(paths) > 2 && lastOffset(t, paths[len(paths)-1]) == 99
		})
		if got := filepath.Base(names[0]); got != "00000000000000000000.log" {
			t.Errorf("broker %d: the first file is %s", b.id, got)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			ok(t, err)
			if want := fmt.Sprintf("%020d.log", binary.BigEndian.Uint64(text)); filepath.Base(name) != want {
				t.Errorf("broker %d: %s should be %s by its first record", b.id, name, want)
			}
		}
	}
	same(t, strings.Join(bs.reads(t, "segmented", 100), "\n"), strings.Join(lines, "\n"))
}

// lastOffset walks the batches of a log file: 8 bytes of first offset, 4 of length; 23 bytes in, the last offset's distance.
func lastOffset(t *testing.T, name string) (last uint64) {
	t.Helper()
	text, err := os.ReadFile(name)
	ok(t, err)
	for len(text) >= 61 {
		last = binary.BigEndian.Uint64(text) + uint64(binary.BigEndian.Uint32(text[23:]))
		text = text[min(len(text), 12+int(binary.BigEndian.Uint32(text[8:]))):]
	}
	return last
}

// awaitLag waits until a group has committed all n records of a topic, by what its description sums up.
func (bs brokers) awaitLag(t *testing.T, group, topic string, n int) {
	t.Helper()
	row := regexp.MustCompile(`(?m)^` + group + ` +` + topic + ` +\d+ +(\d+) +(\d+) +0 `)
	bs[0].eventually(fmt.Sprintf("to commits of %d records by %s", n, group), func() bool {
		sum := 0
		for _, m := range row.FindAllStringSubmatch(run(t, nil, "../kafka-consumer-groups.sh", "--bootstrap-server", bs.addrs(), "--describe", "--group", group).stdout, -1) {
			var at int
			_, _ = fmt.Sscan(m[1], &at) // it is a number
			sum += at
		}
		return sum == n
	})
}

// messages are the lines that a consumer has shown before its last word.
func messages(t *testing.T, said []string) []string {
	t.Helper()
	n := len(said) - 1
	if n < 0 || said[n] != fmt.Sprintf("Processed a total of %d messages", n) {
		t.Fatalf("a consumer ends with %q", said)
	}
	return said[:n]
}
