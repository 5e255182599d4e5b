package zkclient_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// BenchmarkGet measures the client alone: the other end answers each getData with the same 100
// bytes as fast as a socket takes them.
//
//	sync      64 goroutines call Get
//	pipeline  one goroutine keeps 1000 requests under way
func BenchmarkGet(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			echo(conn)
		}
	}()
	defer func() {
		_ = l.Close()
		<-done
	}()

	b.Run("sync", func(b *testing.B) {
		c := dial(b, zkclient.Config{Servers: l.Addr().String()})
		b.ReportAllocs()
		b.SetParallelism(32)
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if data, _, err := c.Get(ctx, "/bench", nil); err != nil || len(data) != 100 {
					b.Errorf("%d bytes, %v", len(data), err)
					return
				}
			}
		})
		b.StopTimer()
		closeClient(b, c)
	})
	b.Run("pipeline", func(b *testing.B) {
		c := dial(b, zkclient.Config{Servers: l.Addr().String()})
		b.ReportAllocs()
		b.ResetTimer()
		req := &zkproto.PathWatchRequest{Path: "/bench"}
		var window [1000]*zkclient.Call
		for i := range b.N + len(window) {
			at := i % len(window)
			if call := window[at]; call != nil {
				if err := call.Wait(ctx); err != nil {
					b.Fatal(err)
				}
			}
			window[at] = nil
			if i < b.N {
				window[at] = c.Start(ctx, zkproto.OpGetData, req, new(zkproto.DataResponse))
			}
		}
		b.StopTimer()
		closeClient(b, c)
	})
}

// echo serves one connection.
func echo(conn net.Conn) {
	defer conn.Close()
	in, out := bufio.NewReaderSize(conn, 256<<10), bufio.NewWriterSize(conn, 256<<10)
	reply := zkproto.ReplyHeader{Zxid: 1}.AppendTo(make([]byte, 4, 256))
	reply = (&zkproto.DataResponse{Data: make([]byte, 100)}).AppendTo(reply)
	binary.BigEndian.PutUint32(reply, uint32(len(reply)-4))
	buf := make([]byte, 1<<10)
	for first := true; ; first = false {
		if _, err := io.ReadFull(in, buf[:4]); err != nil {
			return
		}
		n := binary.BigEndian.Uint32(buf)
		if _, err := io.ReadFull(in, buf[:n]); err != nil {
			return
		}
		switch {
		case first:
			_, _ = out.Write(unhex(granted))
		case int32(binary.BigEndian.Uint32(buf[4:])) == int32(zkproto.OpCloseSession):
			return
		default:
			copy(reply[4:8], buf[:4])
			_, _ = out.Write(reply)
		}
		if in.Buffered() == 0 {
			if out.Flush() != nil {
				return
			}
		}
	}
}
