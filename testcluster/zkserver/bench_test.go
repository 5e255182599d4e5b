package zkserver

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Pipelined load: 6 connections, each with 64 requests under way, 100 bytes of data, as
// scripts/bench has it, but with client and server in one process.
func BenchmarkPipelined(b *testing.B) {
	const conns, window = 6, 64
	data := make([]byte, 100)
	for _, bm := range []struct {
		name string
		op   zkproto.OpCode
		rec  func(conn, i int) zkproto.Record
	}{
		{"get", zkproto.OpGetData, func(int, int) zkproto.Record { return &zkproto.PathWatchRequest{Path: "/bench"} }},
		{"set", zkproto.OpSetData, func(int, int) zkproto.Record {
			return &zkproto.SetDataRequest{Path: "/bench", Data: data, Version: -1}
		}},
		{"create", zkproto.OpCreate, func(conn, i int) zkproto.Record {
			return &zkproto.CreateRequest{Path: fmt.Sprintf("/bench/%d-%d", conn, i), Data: data, ACL: zkproto.OpenACL()}
		}},
		{"mixed", 0, func(_, i int) zkproto.Record {
			if i%2 == 0 {
				return &zkproto.PathWatchRequest{Path: "/bench"}
			}
			return &zkproto.SetDataRequest{Path: "/bench", Data: data, Version: -1}
		}},
	} {
		for _, noSync := range []bool{true, false} {
			b.Run(fmt.Sprintf("%s/sync=%v", bm.name, !noSync), func(b *testing.B) {
				s := start(b, func(c *Config) {
					c.NoSync, c.FS, c.DataDir, c.PreAlloc, c.Logger = noSync, nil, b.TempDir(), 0, nil
				})
				setup := rawDial(b, s)
				setup.call(zkproto.OpCreate, &zkproto.CreateRequest{Path: "/bench", Data: data, ACL: zkproto.OpenACL()})
				var wg sync.WaitGroup
				cs := make([]*rawConn, conns)
				for i := range cs {
					cs[i] = rawDial(b, s)
				}
				b.ResetTimer()
				for n, c := range cs {
					wg.Go(func() {
						pump(b, c, b.N/conns+1, window, func(i int) []byte {
							rec := bm.rec(n, i)
							op := bm.op
							if op == 0 {
								if op = zkproto.OpSetData; i%2 == 0 {
									op = zkproto.OpGetData
								}
							}
							return rec.AppendTo(zkproto.RequestHeader{Xid: int32(i + 1), Op: op}.AppendTo(nil))
						})
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
			})
		}
	}
}

// pump keeps a window of requests under way.
func pump(b *testing.B, c *rawConn, n, window int, frame func(int) []byte) {
	c.nc.SetReadDeadline(time.Time{}) // the handshake left one
	out := bufio.NewWriterSize(c.nc, 32<<10)
	in := bufio.NewReaderSize(c.nc, 64<<10)
	sent := 0
	send := func() {
		f := frame(sent)
		out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(f))))
		out.Write(f)
		sent++
	}
	for sent < min(n, window) {
		send()
	}
	out.Flush()
	buf := make([]byte, 64<<10)
	for got := range n {
		var head [4]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			b.Error(err)
			return
		}
		reply := buf[:binary.BigEndian.Uint32(head[:])]
		if _, err := io.ReadFull(in, reply); err != nil {
			b.Error(err)
			return
		}
		if xid := int32(binary.BigEndian.Uint32(reply)); xid != int32(got+1) {
			b.Errorf("reply %d has xid %d", got+1, xid)
			return
		}
		if code := int32(binary.BigEndian.Uint32(reply[12:])); code != 0 {
			b.Errorf("reply %d has error %v", got+1, zkproto.Code(code))
			return
		}
		if sent < n {
			send()
		}
		if in.Buffered() == 0 {
			out.Flush()
		}
	}
}
