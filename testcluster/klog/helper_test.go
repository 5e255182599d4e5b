package klog

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/klog/codec"
	"github.com/zoka-project/zoka/testcluster/storage"
)

const testDir = "/kafka"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// clock is a time that tests set.
type clock struct {
	mu sync.Mutex
	ms int64
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.UnixMilli(c.ms)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	c.ms += d.Milliseconds()
	c.mu.Unlock()
}

// env is a folder that a test opens again and again.
type env struct {
	t     testing.TB
	fs    storage.FS
	path  string
	clock *clock
	cfg   Config
	opts  Options
	dir   *Dir
}

// newEnv is a folder in memory, with small segments.
func newEnv(t testing.TB) *env {
	e := &env{t: t, fs: storage.NewMemory(), path: testDir, clock: &clock{ms: 1_700_000_000_000}, cfg: smallConfig()}
	t.Cleanup(func() {
		if e.dir != nil && !t.Failed() { // one that failed in a call of the disk may hold locks
			e.dir.Abandon()
		}
	})
	return e
}

func smallConfig() Config {
	cfg := DefaultConfig()
	cfg.SegmentBytes, cfg.IndexIntervalBytes, cfg.RetentionMs = 4096, 300, -1
	return cfg
}

func (e *env) options() Options {
	o := e.opts
	o.FS, o.Path, o.BrokerID, o.ClusterID, o.Now = e.fs, e.path, 1, "cluster", e.clock.now
	o.Config = func(string) Config { return e.cfg }
	o.Tuning.Manual = true
	return o
}

// open opens the folder; a log t-0 is made if it is not there.
func (e *env) open() *Log {
	e.t.Helper()
	d, err := Open(e.t.Context(), e.options())
	must(e.t, err)
	e.dir = d
	l := d.Log("t", 0)
	if l == nil {
		l, err = d.Create("t", 0, Incarnation{Czxid: 7})
		must(e.t, err)
	}
	return l
}

// reopen opens the folder again, in order.
func (e *env) reopen() *Log {
	e.t.Helper()
	must(e.t, e.dir.Close())
	return e.open()
}

// crash opens the folder again after the process was killed.
func (e *env) crash() *Log {
	e.t.Helper()
	e.dir.Abandon()
	return e.open()
}

// batchOf is a producer's batch with one record a value. A value "k=v" is key and value, "k=" deletes k.
func batchOf(ts int64, values ...string) []byte {
	return producerBatch(kproto.BatchHeader{ProducerID: -1, ProducerEpoch: -1, BaseSequence: -1}, ts, values...)
}

func producerBatch(h kproto.BatchHeader, ts int64, values ...string) []byte {
	records := make([]kproto.Record, len(values))
	for i, v := range values {
		records[i] = kproto.Record{Timestamp: ts + int64(i), Value: []byte(v)}
		if k, v, ok := strings.Cut(v, "="); ok {
			records[i].Key, records[i].Value = []byte(k), []byte(v)
			if v == "" {
				records[i].Value = nil
			}
		}
	}
	return kproto.AppendBatch(nil, h, records)
}

// idempotent is a batch of producer id with a sequence number.
func idempotent(id int64, epoch int16, sequence int32, ts int64, values ...string) []byte {
	return producerBatch(kproto.BatchHeader{ProducerID: id, ProducerEpoch: epoch, BaseSequence: sequence}, ts, values...)
}

// coder is used again: making one takes longer than a test's batch.
var coder codec.Coder

// compressed is batch with its records compressed.
func compressed(t testing.TB, c kproto.Codec, batch []byte) []byte {
	t.Helper()
	out, err := coder.Compress(c, append([]byte(nil), batch[:kproto.BatchHeaderSize]...), batch[kproto.BatchHeaderSize:])
	must(t, err)
	setCodec(out, c)
	kproto.SealBatch(out)
	return out
}

func (e *env) now() int64 { return e.clock.now().UnixMilli() }

// append appends values in one batch.
func (e *env) append(l *Log, values ...string) Appended {
	e.t.Helper()
	a, err := l.AppendLeader(batchOf(e.now(), values...), 0, AppendOptions{})
	must(e.t, err)
	return a
}

// fill appends n batches of one record "v<offset>" padded to size.
func (e *env) fill(l *Log, n, size int) {
	e.t.Helper()
	for range n {
		e.append(l, padded(l.EndOffset(), size))
	}
}

func padded(offset int64, size int) string {
	v := fmt.Sprintf("v%d.", offset)
	return v + strings.Repeat("x", max(size-len(v), 0))
}

// item is a record as a reader gets it.
type item struct {
	offset int64
	key    string
	value  string
	null   bool
}

// readAll reads from a log's start to its end in pieces, as a consumer does, and checks what every reader relies on.
func readAll(t testing.TB, l *Log) []item {
	t.Helper()
	items, err := readFrom(l, l.StartOffset(), 700)
	must(t, err)
	return items
}

func readFrom(l *Log, from int64, size int) ([]item, error) {
	var items []item
	for from < l.EndOffset() {
		c, err := l.Read(from, size, math.MaxInt64, true)
		if err != nil {
			return items, err
		}
		if c.Size == 0 {
			return items, fmt.Errorf("nothing at %d, before the end %d", from, l.EndOffset())
		}
		got, err := decode(c)
		if err != nil {
			return items, fmt.Errorf("read at %d: %w", from, err)
		}
		for _, it := range got {
			if it.offset >= from {
				items = append(items, it)
			}
		}
		if c.Next <= from {
			return items, fmt.Errorf("read at %d goes on at %d", from, c.Next)
		}
		from = c.Next
		c.Release()
	}
	return items, nil
}

// decode checks and reads the batches of a Chunk.
func decode(c Chunk) ([]item, error) {
	var items []item
	next, size := int64(-1), 0
	for _, b := range c.Bufs {
		size += len(b)
		for len(b) > 0 {
			h, err := kproto.ParseBatchHeader(b)
			if err != nil {
				return items, err
			}
			if h.Size() > len(b) || !kproto.CheckCRC(b[:h.Size()]) {
				return items, fmt.Errorf("the batch at %d is torn", h.BaseOffset)
			}
			if h.BaseOffset < next {
				return items, fmt.Errorf("offset %d after %d", h.BaseOffset, next-1)
			}
			next = h.NextOffset()
			records, err := coder.Decompress(h.Codec(), b[kproto.BatchHeaderSize:h.Size()], maxUncompressed)
			if err != nil {
				return items, err
			}
			err = kproto.WalkRecords(h, records, func(r kproto.Record) error {
				items = append(items, item{r.Offset, string(r.Key), string(r.Value), r.Value == nil})
				return nil
			})
			if err != nil {
				return items, err
			}
			b = b[h.Size():]
		}
	}
	if size != c.Size || size > 0 && next != c.Next {
		return items, fmt.Errorf("a chunk of %d bytes before %d says %d bytes before %d", size, next, c.Size, c.Next)
	}
	return items, nil
}

// checkFilled checks that a log has the records of fill from its start to end.
func checkFilled(t testing.TB, l *Log, start, end int64) {
	t.Helper()
	if l.StartOffset() != start || l.EndOffset() != end {
		t.Fatalf("the log has %d to %d, not %d to %d", l.StartOffset(), l.EndOffset(), start, end)
	}
	items := readAll(t, l)
	if int64(len(items)) != end-start {
		t.Fatalf("%d records from %d to %d", len(items), start, end)
	}
	for i, it := range items {
		if want := fmt.Sprintf("v%d.", start+int64(i)); it.offset != start+int64(i) || !strings.HasPrefix(it.value, want) {
			t.Fatalf("record %d is %d %.20q", i, it.offset, it.value)
		}
	}
}
