package klog

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

func TestAppendLeader_Refuses(t *testing.T) {
	good := func() []byte { return batchOf(1_700_000_000_000, "a", "b") }
	change := func(f func(b []byte)) []byte {
		b := good()
		f(b)
		kproto.SealBatch(b)
		return b
	}
	set16 := func(at int, v uint16) func([]byte) { return func(b []byte) { binary.BigEndian.PutUint16(b[at:], v) } }
	set32 := func(at int, v uint32) func([]byte) { return func(b []byte) { binary.BigEndian.PutUint32(b[at:], v) } }
	for _, c := range []struct {
		name  string
		batch []byte
		opts  AppendOptions
		cfg   func(*Config)
		want  kproto.Error
	}{
		{"nothing", nil, AppendOptions{}, nil, kproto.CorruptMessage},
		{"half a header", good()[:40], AppendOptions{}, nil, kproto.CorruptMessage},
		{"cut", good()[:70], AppendOptions{}, nil, kproto.CorruptMessage},
		{"two batches", append(good(), good()...), AppendOptions{}, nil, kproto.InvalidRecord},
		{"checksum", func() []byte { b := good(); b[65] ^= 1; return b }(), AppendOptions{}, nil, kproto.CorruptMessage},
		{"old format", change(func(b []byte) { b[16] = 1 }), AppendOptions{}, nil, kproto.InvalidRecord},
		{"base offset", change(func(b []byte) { b[7] = 1 }), AppendOptions{}, nil, kproto.InvalidRecord},
		{"count", change(set32(57, 3)), AppendOptions{}, nil, kproto.InvalidRecord},
		{"count and delta", change(func(b []byte) { set32(57, 3)(b); set32(23, 2)(b) }), AppendOptions{}, nil, kproto.InvalidRecord},
		{"no records", change(func(b []byte) { set32(57, 0)(b) }), AppendOptions{}, nil, kproto.InvalidRecord},
		{"control", change(set16(21, 0x20)), AppendOptions{}, nil, kproto.InvalidRecord},
		{"codec", change(set16(21, 5)), AppendOptions{}, nil, kproto.UnsupportedCompressionType},
		{"zstd", compressed(t, kproto.CodecZstd, good()), AppendOptions{NoZstd: true}, nil, kproto.UnsupportedCompressionType},
		{"append time", change(set16(21, 0x08)), AppendOptions{}, nil, kproto.InvalidTimestamp},
		{"producer without sequence", idempotent(1, 0, -1, 1, "x"), AppendOptions{}, nil, kproto.InvalidRecord},
		{"large", good(), AppendOptions{}, func(c *Config) { c.MaxMessageBytes = 70 }, kproto.MessageTooLarge},
		{"larger than a segment", good(), AppendOptions{Internal: true}, func(c *Config) { c.SegmentBytes = 70 }, kproto.RecordListTooLarge},
		{"no key", good(), AppendOptions{}, func(c *Config) { c.CleanupCompact = true }, kproto.InvalidRecord},
		{"no key, compressed", compressed(t, kproto.CodecLZ4, good()), AppendOptions{}, func(c *Config) { c.CleanupCompact = true }, kproto.InvalidRecord},
		{"time", good(), AppendOptions{}, func(c *Config) { c.TimestampMaxDiffMs = 10 }, kproto.InvalidTimestamp},
		{"time, compressed", compressed(t, kproto.CodecGzip, good()), AppendOptions{}, func(c *Config) { c.TimestampMaxDiffMs = 10 }, kproto.InvalidTimestamp},
		{"no gzip", change(set16(21, 1)), AppendOptions{}, nil, kproto.CorruptMessage},
		{"no snappy", change(set16(21, 2)), AppendOptions{}, nil, kproto.CorruptMessage},
		{"no lz4", change(set16(21, 3)), AppendOptions{}, nil, kproto.CorruptMessage},
		{"no zstd", change(set16(21, 4)), AppendOptions{}, nil, kproto.CorruptMessage},
		{"count, compressed", compressed(t, kproto.CodecSnappy, change(func(b []byte) { set32(57, 3)(b); set32(23, 2)(b) })), AppendOptions{}, nil, kproto.InvalidRecord},
		{"a transaction", change(set16(21, 0x10)), AppendOptions{}, nil, kproto.TransactionalIDAuthorizationFailed},
		{"rubbish behind", append(good(), "rubbish"...), AppendOptions{}, nil, kproto.CorruptMessage},
		{"count -1", change(set32(57, 1<<32-1)), AppendOptions{}, nil, kproto.InvalidRecord},
		{"base offset -1", change(func(b []byte) { binary.BigEndian.PutUint64(b, 1<<64-1) }), AppendOptions{}, nil, kproto.InvalidRecord},
		{"a bomb", compressed(t, kproto.CodecZstd, batchOf(1, string(make([]byte, maxUncompressed)))), AppendOptions{}, func(c *Config) { c.SegmentBytes = 1 << 20 }, kproto.MessageTooLarge},
	} {
		e := newEnv(t)
		e.clock.ms += 1000
		if c.cfg != nil {
			c.cfg(&e.cfg)
		}
		l := e.open()
		_, err := l.AppendLeader(slices.Clone(c.batch), 0, c.opts)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, not %v", c.name, err, c.want)
		}
		if l.EndOffset() != 0 || l.Size() != 0 {
			t.Errorf("%s: appended", c.name)
		}
		e.dir.Abandon()
	}
}

func TestAppendLeader_NamesTheRecords(t *testing.T) {
	e := newEnv(t)
	e.cfg.CleanupCompact = true
	l := e.open()
	_, err := l.AppendLeader(batchOf(1, "k=v", "x", "k=w", "y"), 0, AppendOptions{})
	var refused *BatchError
	if !errors.As(err, &refused) || len(refused.Records) != 2 || refused.Records[0].Index != 1 || refused.Records[1].Index != 3 {
		t.Fatalf("%+v", refused)
	}
}

func TestAppendLeader_OldEpoch(t *testing.T) {
	e := newEnv(t)
	l := e.open()
	must(t, l.AssignEpoch(5, 0))
	if _, err := l.AppendLeader(batchOf(1, "x"), 4, AppendOptions{}); !errors.Is(err, kproto.FencedLeaderEpoch) {
		t.Fatal(err)
	}
}

// TestAppendLeader_Stores: how a batch is stored, by the topic's settings.
func TestAppendLeader_Stores(t *testing.T) {
	for _, from := range []kproto.Codec{0, 1, 2, 3, 4} {
		for _, force := range []bool{false, true} {
			for to := range kproto.Codec(5) {
				for _, appendTime := range []bool{false, true} {
					e := newEnv(t)
					e.cfg.Compression = Compression{Force: force, Codec: to}
					e.cfg.LogAppendTime = appendTime
					l := e.open()
					batch := compressed(t, from, idempotent(1, 0, 0, 1000, "a", "bb", "k=v"))
					a, err := l.AppendLeader(batch, 3, AppendOptions{})
					must(t, err)
					c, err := l.Read(0, 1000, 3, true)
					must(t, err)
					h, err := kproto.ParseBatchHeader(c.Bufs[0])
					must(t, err)
					items, err := decode(c)
					must(t, err)
					want, newest := from, int64(1002)
					if force {
						want = to
					}
					if appendTime {
						newest = e.now()
						if a.LogAppendTime != newest {
							t.Fatalf("append time %d", a.LogAppendTime)
						}
					}
					if h.Codec() != want || h.MaxTimestamp != newest || h.LogAppendTime() != appendTime || h.PartitionLeaderEpoch != 3 ||
						h.ProducerID != 1 || len(items) != 3 || items[2].key != "k" || items[2].value != "v" {
						t.Fatalf("%s to %s (%v): %+v %+v", from, to, force, h, items)
					}
					e.dir.Abandon()
				}
			}
		}
	}
}

// TestAppendLeader_RightensTheTime: the header's largest timestamp is what the records say.
func TestAppendLeader_RightensTheTime(t *testing.T) {
	e := newEnv(t)
	l := e.open()
	b := batchOf(1000, "a", "b")
	setMaxTimestamp(b, 1<<60)
	kproto.SealBatch(b)
	_, err := l.AppendLeader(b, 0, AppendOptions{})
	must(t, err)
	if o, ts, _, err := l.MaxTimestamp(); err != nil || o != 1 || ts != 1001 {
		t.Fatalf("%d %d %v", o, ts, err)
	}
}
