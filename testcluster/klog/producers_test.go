package klog

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// TestProducer_Sequence walks the rules for sequence numbers, also after a restart of each kind.
func TestProducer_Sequence(t *testing.T) {
	e := newEnv(t)
	l := e.open()
	send := func(epoch int16, sequence int32, n int, want error) Appended {
		t.Helper()
		values := make([]string, n)
		a, err := l.AppendLeader(idempotent(7, epoch, sequence, e.now(), values...), 0, AppendOptions{})
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Fatalf("epoch %d sequence %d: %v, not %v", epoch, sequence, err, want)
		}
		return a
	}
	if a := send(3, 20, 2, nil); a.Base != 0 || a.Duplicate { // any first number
		t.Fatalf("%+v", a)
	}
	for i := range int32(6) {
		send(3, 22+2*i, 2, nil)
	}
	send(3, 35, 1, kproto.OutOfOrderSequenceNumber) // a gap
	send(3, 22, 2, kproto.OutOfOrderSequenceNumber) // older than the last five
	send(3, 24, 1, kproto.OutOfOrderSequenceNumber) // the first half of one of them
	for i := range int32(5) {
		if a := send(3, 24+2*i, 2, nil); !a.Duplicate || a.Base != int64(4+2*i) || a.Last != a.Base+1 {
			t.Fatalf("duplicate %d: %+v", i, a)
		}
	}
	send(2, 34, 1, kproto.InvalidProducerEpoch)
	send(4, 5, 1, kproto.OutOfOrderSequenceNumber)
	send(4, 0, 3, nil)
	send(3, 34, 1, kproto.InvalidProducerEpoch)
	for _, again := range []func() *Log{e.reopen, e.crash, e.crashAfterCheckpoint} {
		l = again()
		if a := send(4, 0, 3, nil); !a.Duplicate || a.Base != 14 {
			t.Fatalf("%+v", a)
		}
		send(4, 2, 1, kproto.OutOfOrderSequenceNumber)
	}
	if l.EndOffset() != 17 {
		t.Fatalf("end %d", l.EndOffset())
	}
}

// TestProducer_InFlight: all that a client may have in flight is known again after a restart of each kind, whether its
// batches stand before a snapshot or behind it, in one segment or in several.
func TestProducer_InFlight(t *testing.T) {
	for before := range 12 {
		e := newEnv(t)
		l := e.open()
		for i := range int32(before) {
			_, err := l.AppendLeader(idempotent(8, 0, i, e.now(), padded(int64(i), 700)), 0, AppendOptions{})
			must(t, err)
		}
		base := l.EndOffset()
		for i := range int32(keptBatches) {
			_, err := l.AppendLeader(idempotent(7, 3, 20+i, e.now(), padded(int64(i), 300)), 0, AppendOptions{})
			must(t, err)
		}
		for _, again := range []func() *Log{e.reopen, e.crash, e.crashAfterCheckpoint, e.reopen} {
			l = again()
			for i := range int32(keptBatches) {
				a, err := l.AppendLeader(idempotent(7, 3, 20+i, e.now(), padded(int64(i), 300)), 0, AppendOptions{})
				if err != nil || !a.Duplicate || a.Base != base+int64(i) {
					t.Fatalf("%d batches before: batch %d: %+v %v", before, i, a, err)
				}
			}
		}
	}
}

func TestProducer_SequenceWraps(t *testing.T) {
	e := newEnv(t)
	l := e.open()
	send := func(sequence int32, n int) Appended {
		t.Helper()
		a, err := l.AppendLeader(idempotent(7, 0, sequence, e.now(), make([]string, n)...), 0, AppendOptions{})
		must(t, err)
		return a
	}
	send(math.MaxInt32-2, 2) // to the largest but one
	send(math.MaxInt32, 3)   // the largest, 0 and 1
	send(2, 1)
	if a := send(math.MaxInt32, 3); !a.Duplicate || a.Base != 2 {
		t.Fatalf("%+v", a)
	}
}

func TestProducer_Expires(t *testing.T) {
	e := newEnv(t)
	e.opts.Tuning.ProducerExpiry = time.Hour
	l := e.open()
	_, err := l.AppendLeader(idempotent(7, 0, 0, e.now(), "x"), 0, AppendOptions{})
	must(t, err)
	e.clock.advance(59 * time.Minute)
	must(t, l.retain())
	if len(l.Producers()) != 1 {
		t.Fatal("forgotten too early")
	}
	e.clock.advance(2 * time.Minute)
	must(t, l.retain())
	if len(l.Producers()) != 0 {
		t.Fatal("not forgotten")
	}
	_, err = l.AppendLeader(idempotent(7, 0, 900, e.now(), "x"), 0, AppendOptions{})
	must(t, err)
}

// TestProducer_Follower: what a leader appended counts on a follower that becomes leader.
func TestProducer_Follower(t *testing.T) {
	e := newEnv(t)
	leader := e.open()
	follower, err := e.dir.Create("f", 0, Incarnation{})
	must(t, err)
	for i := range int32(30) {
		_, err := leader.AppendLeader(idempotent(9, 1, i, e.now(), padded(int64(i), 300)), 0, AppendOptions{})
		must(t, err)
	}
	for follower.EndOffset() < leader.EndOffset() {
		c, err := leader.Read(follower.EndOffset(), 2000, math.MaxInt64, true)
		must(t, err)
		_, err = follower.AppendFollower(bytes.Join(c.Bufs, nil), 0)
		must(t, err)
		c.Release()
	}
	if a, b := fmt.Sprint(leader.Producers()), fmt.Sprint(follower.Producers()); a != b {
		t.Fatalf("%s\n%s", a, b)
	}
	a, err := follower.AppendLeader(idempotent(9, 1, 27, e.now(), padded(27, 300)), 1, AppendOptions{})
	if err != nil || !a.Duplicate || a.Base != 27 {
		t.Fatalf("%+v %v", a, err)
	}
}

func TestSnapshot_RoundTrip(t *testing.T) {
	p := producers{}
	for id := range int64(40) {
		for i := range int32(id % 8) {
			p.note(kproto.BatchHeader{BaseOffset: id*100 + int64(i), MaxTimestamp: 1000 + id, ProducerID: id, ProducerEpoch: int16(id), BaseSequence: i}, -1)
		}
	}
	p.note(kproto.BatchHeader{ProducerID: 3, ProducerEpoch: 3, Attributes: kproto.AttrControl, BaseSequence: -1, BaseOffset: 900}, 17)
	b := p.encode()
	q, err := decodeProducers("x", b)
	must(t, err)
	if fmt.Sprint(p.list()) != fmt.Sprint(q.list()) || q[3].coordinatorEpoch != 17 {
		t.Fatalf("%v\n%v", p.list(), q.list())
	}
	for i := range b {
		damaged := bytes.Clone(b)
		damaged[i] ^= 0x40
		if _, err := decodeProducers("x", damaged); !isA[*FormatError](err) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
}

// TestSnapshot_Damaged: without a snapshot the log is read.
func TestSnapshot_Damaged(t *testing.T) {
	e := newEnv(t)
	l := e.open()
	for i := range int32(60) {
		_, err := l.AppendLeader(idempotent(9, 1, i, e.now(), padded(int64(i), 300)), 0, AppendOptions{})
		must(t, err)
	}
	want := fmt.Sprint(l.Producers())
	must(t, e.dir.Close())
	names, err := folderNames(e.fs, filepath.Join(testDir, "t-0"))
	must(t, err)
	offsets := snapshotOffsets(names)
	if len(offsets) < 4 {
		t.Fatalf("snapshots at %v", offsets)
	}
	for _, o := range offsets[1:] {
		must(t, storage.WriteFile(e.fs, filepath.Join(testDir, "t-0", fileName(o, snapshotSuffix)), []byte("rubbish")))
	}
	if got := fmt.Sprint(e.open().Producers()); got != want {
		t.Fatalf("%s\n%s", got, want)
	}
}

// TestSnapshot_OfAnotherLife: a log that starts anew where an old one had a snapshot knows no producers.
func TestSnapshot_OfAnotherLife(t *testing.T) {
	e := newEnv(t)
	l := e.open()
	for i := range int32(60) {
		_, err := l.AppendLeader(idempotent(9, 1, i, e.now(), padded(int64(i), 300)), 0, AppendOptions{})
		must(t, err)
	}
	must(t, l.Flush())
	must(t, l.TruncateFullyAndStartAt(l.active().base))
	for range 2 {
		if p := l.Producers(); len(p) != 0 {
			t.Fatalf("%+v", p)
		}
		l = e.crash()
	}
}
