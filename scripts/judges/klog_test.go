package judges

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/testcluster/klog"
	"github.com/zoka-project/zoka/testcluster/klog/codec"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// klogOptions are those of a folder with small segments that nothing but the test works on.
func klogOptions(t *testing.T, path string) klog.Options {
	return klog.Options{
		FS: storage.Disk(), Path: path, BrokerID: 0,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Config: func(topic string) klog.Config {
			cfg := klog.DefaultConfig()
			cfg.SegmentBytes = 100_000
			cfg.CleanupCompact = strings.HasPrefix(topic, "__") || strings.HasPrefix(topic, "compact")
			cfg.CleanupDelete = !cfg.CleanupCompact
			cfg.MinCleanableRatio = 0.01
			return cfg
		},
		Tuning: klog.Tuning{CompactionEvery: 20 * time.Millisecond},
	}
}

var allCodecs = []kproto.Codec{kproto.CodecNone, kproto.CodecGzip, kproto.CodecSnappy, kproto.CodecLZ4, kproto.CodecZstd}

// klogBatch is a batch of n records with keys, of an idempotent producer, compressed.
func klogBatch(t *testing.T, c kproto.Codec, producer int64, sequence int32, n int) []byte {
	t.Helper()
	var records []kproto.Record
	for i := range n {
		records = append(records, kproto.Record{
			Timestamp: time.Now().UnixMilli(),
			Key:       fmt.Appendf(nil, "key %d", rand.IntN(50)),
			Value:     []byte(strings.Repeat("value ", rand.IntN(40))),
			Headers:   []kproto.Header{{Key: "h", Value: []byte{byte(i)}}},
		})
	}
	batch := kproto.AppendBatch(nil, kproto.BatchHeader{ProducerID: producer, BaseSequence: sequence}, records)
	var coder codec.Coder
	packed, err := coder.Compress(c, append([]byte(nil), batch[:kproto.BatchHeaderSize]...), batch[kproto.BatchHeaderSize:])
	if err != nil {
		t.Fatal(err)
	}
	packed[22] = packed[22]&^7 | byte(c)
	kproto.SealBatch(packed)
	return packed
}

// writeKlog appends 200 batches of all codecs in two leader epochs.
func writeKlog(t *testing.T, l *klog.Log) {
	t.Helper()
	epoch := l.LatestEpoch() + 1
	sequences := map[int64]int32{}
	for _, p := range l.Producers() {
		sequences[p.ID] = p.LastSequence + 1
	}
	for i := range 200 {
		c := allCodecs[i%len(allCodecs)]
		producer := int64(100 + i%3)
		n := 1 + rand.IntN(30)
		batch := klogBatch(t, c, producer, sequences[producer], n)
		if i == 100 {
			epoch++
		}
		if _, err := l.AppendLeader(batch, epoch, klog.AppendOptions{}); err != nil {
			t.Fatal(err)
		}
		sequences[producer] += int32(n)
	}
	l.SetHighWatermark(l.EndOffset())
}

// dump runs Apache's DumpLogSegments.
func dump(t *testing.T, kafka peertest.Kafka, files []string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), kafka.Tool("kafka-dump-log.sh"), append([]string{"--files", strings.Join(files, ",")}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("DumpLogSegments %v: %v\n%.2000s", args, err, out)
	}
	return string(out)
}

var complaint = regexp.MustCompile(`(?i)mismatch|invalid|isvalid: false|out of order|error|exception|not |missing`)

// complaints are the lines in which the tool is not content.
func complaints(out string) []string {
	var found []string
	for line := range strings.Lines(out) {
		line, _, _ = strings.Cut(line, "payload:")
		if complaint.MatchString(line) && !strings.Contains(line, "log4j") {
			found = append(found, line)
		}
	}
	return found
}

func checkDump(t *testing.T, out string) {
	t.Helper()
	for _, line := range complaints(out) {
		t.Errorf("DumpLogSegments says: %.300s", line)
	}
}

// checkDamage makes sure that the tool, and we who read it, would see a wrong index.
func checkDamage(t *testing.T, kafka peertest.Kafka, index string) {
	t.Helper()
	b, err := os.ReadFile(index)
	if err != nil || len(b) < 16 {
		t.Fatalf("%s has %d bytes, %v", index, len(b), err)
	}
	b[3]++ // the first entry's offset
	if err := os.WriteFile(index, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if out := dump(t, kafka, []string{index}); len(complaints(out)) == 0 {
		t.Errorf("the tool is content with a damaged index:\n%.1000s", out)
	}
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s in %s: %v", pattern, dir, err)
	}
	return files
}

// TestKlog_DumpLogSegments: Apache's tool reads every file that klog writes.
func TestKlog_DumpLogSegments(t *testing.T) {
	t.Parallel()
	kafka := peertest.FindKafka(t, "27")
	for _, topic := range []string{"plain", "compact"} {
		t.Run(topic, func(t *testing.T) {
			o := klogOptions(t, t.TempDir())
			d, err := klog.Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			l, err := d.Create(topic, 0, klog.Incarnation{TopicID: kproto.UUID{1}, Czxid: 5})
			if err != nil {
				t.Fatal(err)
			}
			writeKlog(t, l)
			records := l.EndOffset()
			if topic == "compact" {
				awaitCompaction(t, l)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(o.Path, topic+"-0")
			out := dump(t, kafka, glob(t, dir, "*.log"), "--deep-iteration")
			checkDump(t, out)
			if n := strings.Count(out, "keysize:"); topic == "plain" && int64(n) != records || n == 0 || int64(n) > records {
				t.Errorf("the tool sees %d records of %d", n, records)
			}
			indexes := append(glob(t, dir, "*.index"), glob(t, dir, "*.timeindex")...)
			checkDump(t, dump(t, kafka, indexes))
			checkDump(t, dump(t, kafka, indexes, "--verify-index-only"))
			out = dump(t, kafka, glob(t, dir, "*.index"), "--index-sanity-check")
			if n := strings.Count(out, "passed sanity check"); n != len(glob(t, dir, "*.index")) {
				t.Errorf("sanity check of %d indexes: %s", n, out)
			}
			out = dump(t, kafka, glob(t, dir, "*.snapshot"))
			checkDump(t, out)
			if !strings.Contains(out, "producerId: 102") {
				t.Errorf("the snapshots do not show the producers:\n%.1000s", out)
			}
			if topic == "plain" {
				checkDamage(t, kafka, glob(t, dir, "*.index")[0])
			}
		})
	}
}

// awaitCompaction waits until the log has become smaller.
func awaitCompaction(t *testing.T, l *klog.Log) {
	t.Helper()
	before := l.Size()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for l.Size() >= before*2/3 {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("the log was not compacted")
		}
	}
}

// TestKlog_SharesAFolderWithKafka hands one log folder to and fro between Apache's broker and klog, closed in
// order and killed. Nobody may miss a record, nor see one that is not there.
func TestKlog_SharesAFolderWithKafka(t *testing.T) {
	t.Parallel()
	zk := peertest.StartZK39(t, peertest.Options{Config: []string{"tickTime=500"}})
	c := peertest.StartKafka(t, "27", zk.Addr(), peertest.KafkaOptions{Config: []string{
		"log.segment.bytes=100000", "num.partitions=1", "log.cleaner.backoff.ms=100", "zookeeper.session.timeout.ms=2000",
	}})
	broker := c.Brokers[0]
	var want []string
	produceCodecs(t, c.Bootstrap(), &want)
	commitOffsets(t, c.Bootstrap())
	checkConsume(t, c.Bootstrap(), want)

	end := map[bool]func(){true: func() {
		if err := broker.Stop(); err != nil {
			t.Fatal(err)
		}
	}, false: broker.Kill}
	for _, inOrder := range []bool{false, true} {
		end[inOrder]()
		d, err := klog.Open(t.Context(), klogOptions(t, broker.LogDir))
		if err != nil {
			t.Fatal(err)
		}
		l := d.Log("shared", 0)
		if l == nil {
			t.Fatal("the log is not there")
		}
		checkKlog(t, l, want)
		for _, l := range d.Logs() {
			readKlog(t, l)
		}
		want = append(want, appendText(t, l)...)
		checkKlog(t, l, want)
		if inOrder {
			d.Abandon()
		} else if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		awaitGone(t, zk, "/brokers/ids/0")
		broker.Start(t)
		checkConsume(t, c.Bootstrap(), want)
		produceCodecs(t, c.Bootstrap(), &want)
		checkConsume(t, c.Bootstrap(), want)
	}
}

// awaitGone waits until ZooKeeper has ended the session that made an ephemeral node.
func awaitGone(t *testing.T, zk *peertest.Server, path string) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if text, err := zk.Ask("dump"); err == nil && !strings.Contains(text, path) {
			return
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatalf("%s is still there", path)
		}
	}
}

// appendText appends batches of all codecs to the log and returns their values.
func appendText(t *testing.T, l *klog.Log) []string {
	t.Helper()
	var values []string
	for i := range 100 {
		var records []kproto.Record
		for j := range 1 + i%7 {
			v := fmt.Sprintf("klog %d %d %s", i, j, strings.Repeat("y", rand.IntN(600)))
			records = append(records, kproto.Record{Timestamp: time.Now().UnixMilli(), Value: []byte(v)})
			values = append(values, v)
		}
		batch := kproto.AppendBatch(nil, kproto.BatchHeader{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}, records)
		if _, err := l.AppendLeader(batch, l.LatestEpoch(), klog.AppendOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	l.SetHighWatermark(l.EndOffset())
	return values
}

// readKlog returns the values of all records of a log, from its segments' start.
func readKlog(t *testing.T, l *klog.Log) []string {
	t.Helper()
	var values []string
	var coder codec.Coder
	for from := l.StartOffset(); from < l.EndOffset(); {
		chunk, err := l.Read(from, 1<<16, l.EndOffset(), true)
		if err != nil {
			t.Fatal(err)
		}
		if chunk.Size == 0 {
			break
		}
		for _, b := range chunk.Bufs {
			for len(b) > 0 {
				h, err := kproto.ParseBatchHeader(b)
				if err != nil {
					t.Fatal(err)
				}
				records, err := coder.Decompress(h.Codec(), b[kproto.BatchHeaderSize:h.Size()], 1<<26)
				if err != nil {
					t.Fatal(err)
				}
				err = kproto.WalkRecords(h, records, func(r kproto.Record) error {
					values = append(values, string(r.Value))
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				b = b[h.Size():]
			}
		}
		from = chunk.Next
		chunk.Release()
	}
	return values
}

func checkKlog(t *testing.T, l *klog.Log, want []string) {
	t.Helper()
	checkValues(t, "klog", readKlog(t, l), want)
}

func checkValues(t *testing.T, who string, got, want []string) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%s: record %d is %.50q, not %.50q", who, i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d records, not %d", who, len(got), len(want))
	}
}

// produceCodecs produces records with every codec and adds their values to want.
func produceCodecs(t *testing.T, bootstrap string, want *[]string) {
	t.Helper()
	codecs := []kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(),
		kgo.Lz4Compression(), kgo.ZstdCompression()}
	for _, c := range codecs {
		client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ProducerBatchCompression(c), kgo.AllowAutoTopicCreation(),
			kgo.DefaultProduceTopic("shared"), kgo.UnknownTopicRetries(20))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		for i := range 100 {
			var records []*kgo.Record
			for j := range 1 + i%9 {
				v := fmt.Sprintf("kafka %d %d %s", i, j, strings.Repeat("x", rand.IntN(600)))
				records = append(records, kgo.StringRecord(v))
				*want = append(*want, v)
			}
			if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		cancel()
		client.Close()
	}
}

// commitOffsets gives __consumer_offsets something to hold.
func commitOffsets(t *testing.T, bootstrap string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ConsumerGroup("g"), kgo.ConsumeTopics("shared"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 3 {
		if err := client.PollRecords(ctx, 50).Err(); err != nil {
			t.Fatal(err)
		}
		if err := client.CommitUncommittedOffsets(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

func checkConsume(t *testing.T, bootstrap string, want []string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ConsumeTopics("shared"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var got []string
	for len(got) < len(want) {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %d of %d records: %v", len(got), len(want), err)
		}
		fetches.EachRecord(func(r *kgo.Record) { got = append(got, string(r.Value)) })
	}
	checkValues(t, "Kafka", got, want)
}
