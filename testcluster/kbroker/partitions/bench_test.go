package partitions_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/testcluster/storage"
)

// BenchmarkProduce sends batches of 16 records over one connection, a few at a time, as a producer does. An operation is a
// batch. Broker, replicas and clients share the processors.
func BenchmarkProduce(b *testing.B) {
	for _, bc := range []struct {
		name     string
		replicas []int32
		acks     int16
		record   int
		idle     int // partitions beside the one that is written to
	}{
		{"rf1/1KiB", []int32{1}, 1, 1024, 0},
		{"rf1/100B", []int32{1}, 1, 100, 0},
		{"rf3/1KiB", []int32{1, 2, 3}, -1, 1024, 0},
		{"rf3/100B", []int32{1, 2, 3}, -1, 100, 0},
		{"rf3/100B/idle", []int32{1, 2, 3}, -1, 100, 100},
	} {
		b.Run(bc.name, func(b *testing.B) {
			w := &world{t: b, brokers: map[int32]*broker{}}
			w.minISR.Store(int32(len(bc.replicas)))
			root := b.TempDir()
			w.fs = func(id int32) (storage.FS, string) { return storage.Disk(), fmt.Sprintf("%s/%d", root, id) }
			w.begin(int32(len(bc.replicas)))
			replicas := make([][]int32, bc.idle+1)
			for i := range replicas {
				replicas[i] = bc.replicas
			}
			w.topic("t", replicas...)
			w.brokers[1].leads("t", 0, 0)
			w.brokers[1].client().must("t", 0, batch("x"))
			var records []string
			for range 16 {
				records = append(records, strings.Repeat("x", bc.record))
			}
			b.SetBytes(int64(16 * bc.record))
			b.ReportAllocs()
			b.ResetTimer()
			pipeline(b, w.brokers[1], produceRequest(9, bc.acks, "t", 0, batch(records...)), b.N, 8)
		})
	}
}

// BenchmarkProduce_Latency is one small batch after another, acknowledged by three replicas.
func BenchmarkProduce_Latency(b *testing.B) {
	w := newWorld(b, 3, nil)
	w.minISR.Store(3)
	w.topic("t", []int32{1, 2, 3})
	w.brokers[1].leads("t", 0, 0)
	w.brokers[1].client().must("t", 0, batch("x"))
	b.ReportAllocs()
	b.ResetTimer()
	pipeline(b, w.brokers[1], produceRequest(9, -1, "t", 0, batch("x")), b.N, 1)
}

// BenchmarkFetch reads a partition of 64 MiB over and over, 1 MiB at a time.
func BenchmarkFetch(b *testing.B) {
	w := newWorld(b, 1, nil)
	w.topic("t", []int32{1})
	w.brokers[1].leads("t", 0, 0)
	value := strings.Repeat("x", 1024)
	one := batch(value, value, value, value, value, value, value, value, value, value, value, value, value, value, value, value)
	pipeline(b, w.brokers[1], produceRequest(9, 1, "t", 0, one), 4096, 8)
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	b.ResetTimer()
	pipeline(b, w.brokers[1], fetchRequest(12, "t", 0, 3000), b.N, 4)
}

// pipeline sends a request n times, at most so many before their answers have come.
func pipeline(tb testing.TB, to *broker, q kmsg.Request, n, window int) {
	tb.Helper()
	conn, err := net.Dial("tcp", to.addr)
	ok(tb, err)
	defer conn.Close()
	frame := kmsg.NewRequestFormatter(kmsg.FormatterClientID("bench")).AppendRequest(nil, q, 7)
	free := make(chan struct{}, window)
	sent := make(chan error, 1)
	go func() {
		for range n {
			free <- struct{}{}
			if _, err := conn.Write(frame); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	ok(tb, conn.SetReadDeadline(time.Now().Add(time.Minute)))
	buf := make([]byte, 4<<20)
	for range n {
		_, err := io.ReadFull(conn, buf[:4])
		ok(tb, err)
		_, err = io.ReadFull(conn, buf[:binary.BigEndian.Uint32(buf)])
		ok(tb, err)
		<-free
	}
	ok(tb, <-sent)
}
