package txn

import (
	"fmt"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Header is common to all transactions, 32 bytes.
type Header struct {
	Session zkproto.SessionID // who asked; 0 for the server itself
	Cxid    int32             // the asking request's xid
	Zxid    zkproto.Zxid
	Time    int64 // milliseconds since 1970, chosen by who ordered the transaction
	Type    zkproto.OpCode
}

// HeaderLen is the encoded length of a [Header].
const HeaderLen = 32

// ZxidOf returns the zxid of encoded transaction bytes, and false where they are too
// short to have one.
func ZxidOf(b []byte) (zkproto.Zxid, bool) {
	if len(b) < HeaderLen {
		return 0, false
	}
	r := jute.NewReader(b[12:20])
	return zkproto.Zxid(r.Long()), true
}

func (h *Header) AppendTo(b []byte) []byte {
	b = jute.AppendLong(b, int64(h.Session))
	b = jute.AppendInt(b, h.Cxid)
	b = jute.AppendLong(b, int64(h.Zxid))
	b = jute.AppendLong(b, h.Time)
	return jute.AppendInt(b, int32(h.Type))
}

func (h *Header) Decode(r *jute.Reader) {
	h.Session = zkproto.SessionID(r.Long())
	h.Cxid = r.Int()
	h.Zxid = zkproto.Zxid(r.Long())
	h.Time = r.Long()
	h.Type = zkproto.OpCode(r.Int())
}

// Digest is the sum over the tree after the transaction. Source: DigestCalculator.
type Digest struct {
	Version int32 // 2 since ZooKeeper 3.7
	Tree    uint64
}

// digestLen is the encoded length of a [Digest].
const digestLen = 12

// Txn is one transaction.
type Txn struct {
	Header
	Body   Body
	Digest *Digest // nil where there is none
}

// AppendTo appends the transaction's bytes.
func (t *Txn) AppendTo(b []byte) []byte {
	b = t.Header.AppendTo(b)
	b = t.Body.AppendTo(b)
	if t.Digest != nil {
		b = jute.AppendInt(b, t.Digest.Version)
		b = jute.AppendLong(b, int64(t.Digest.Tree))
	}
	return b
}

// Decode reads a transaction from all of b. Buffers of the body share b's memory.
// Bytes after the body that are not a digest are ignored, as Apache's servers do: a
// later version may write more.
func Decode(b []byte) (Txn, error) {
	var t Txn
	r := jute.NewReader(b)
	t.Header.Decode(r)
	body, ok := newBody(t.Type)
	if r.Err() == nil && !ok {
		return t, fmt.Errorf("transaction %v: %w: unknown type %d", t.Zxid, jute.ErrMalformed, t.Type)
	}
	if r.Err() == nil {
		body.Decode(r)
		t.Body = body
	}
	if r.Err() == nil && r.Len() >= digestLen {
		t.Digest = &Digest{Version: r.Int(), Tree: uint64(r.Long())}
	}
	if err := r.Err(); err != nil {
		return t, fmt.Errorf("transaction %v of type %v: %w", t.Zxid, t.Type, err)
	}
	return t, nil
}
