package zkserver

import (
	"fmt"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/zab"
)

// requestHead is what stands before the record in the data of a REQUEST:
// i64 session | i32 cxid | i32 opcode. Source: Learner.request.
const requestHead = 8 + 4 + 4

// request is the packet that forwards a write, or a sync, to the leader.
func request(w *write) *zab.Packet {
	data := make([]byte, 0, requestHead+len(w.body))
	data = jute.AppendLong(data, int64(w.session))
	data = jute.AppendInt(data, w.xid)
	data = jute.AppendInt(data, int32(w.op))
	return &zab.Packet{Type: zab.Request, Zxid: -1, Data: append(data, w.body...), Auth: w.ids}
}

// forwarded is the write that a REQUEST asks for. It shares the packet's memory.
func forwarded(p *zab.Packet) (*write, error) {
	if len(p.Data) < requestHead {
		return nil, fmt.Errorf("REQUEST with %d bytes of data: its head alone has %d", len(p.Data), requestHead)
	}
	r := jute.NewReader(p.Data)
	w := &write{session: zkproto.SessionID(r.Long()), xid: r.Int(), op: zkproto.OpCode(r.Int()), ids: p.Auth}
	w.body = p.Data[requestHead:len(p.Data):len(p.Data)]
	return w, nil
}
