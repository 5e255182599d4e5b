package zkproto

import "github.com/zoka-project/zoka/clientproto/jute"

// MultiHeader precedes each operation and each result of a multi; one with Done set and
// type -1 ends the list.
type MultiHeader struct {
	Op   OpCode
	Done bool
	Err  Code
}

func (h MultiHeader) AppendTo(b []byte) []byte {
	b = jute.AppendInt(b, int32(h.Op))
	b = jute.AppendBool(b, h.Done)
	return jute.AppendInt(b, int32(h.Err))
}

func (h *MultiHeader) Decode(r *jute.Reader) {
	h.Op = OpCode(r.Int())
	h.Done = r.Bool()
	h.Err = Code(r.Int())
}

var multiEnd = MultiHeader{OpError, true, -1}

// MultiOp is one operation of a multi or multiRead: the op code and its request record.
type MultiOp struct {
	Op  OpCode
	Req Record
}

// MultiRequest is the body of multi and multiRead. Writes (create, create2,
// createContainer, createTTL, delete, setData, check) and reads (getData, getChildren)
// do not mix.
type MultiRequest struct{ Ops []MultiOp }

func (m *MultiRequest) AppendTo(b []byte) []byte {
	for _, op := range m.Ops {
		b = MultiHeader{op.Op, false, -1}.AppendTo(b)
		b = op.Req.AppendTo(b)
	}
	return multiEnd.AppendTo(b)
}

// Decode reads operations until the end mark. An operation that a multi cannot have, or
// a mixture of reads and writes, is malformed.
func (m *MultiRequest) Decode(r *jute.Reader) {
	m.Ops = nil
	var read, write bool
	for {
		var h MultiHeader
		h.Decode(r)
		if r.Err() != nil || h.Done {
			return
		}
		switch h.Op {
		case OpCreate, OpCreate2, OpCreateContainer, OpCreateTTL, OpDelete, OpSetData, OpCheck:
			write = true
		case OpGetData, OpGetChildren:
			read = true
		default:
			r.Fail(h.Op.String() + " inside a multi")
			return
		}
		if read && write {
			r.Fail("reads and writes mixed in a multi")
			return
		}
		row, _ := h.Op.Info()
		req := row.New()
		req.Decode(r)
		m.Ops = append(m.Ops, MultiOp{h.Op, req})
	}
}

// MultiResult is the result of one operation of a multi. Op says which fields are set:
// create: Path; create2 (also of createContainer and createTTL): Path and Stat; setData:
// Stat; getData: Data and Stat; getChildren: Children; delete, check: none;
// error: Err.
type MultiResult struct {
	Op       OpCode
	Err      Code
	Path     string
	Data     []byte
	Children []string
	Stat     Stat
}

// MultiResponse answers multi and multiRead. When a multi fails, every result is an
// error: [OK] before the operation that failed, its code, and [RuntimeInconsistency]
// after it.
type MultiResponse struct{ Results []MultiResult }

func (m *MultiResponse) AppendTo(b []byte) []byte {
	for i := range m.Results {
		b = m.Results[i].appendTo(b)
	}
	return multiEnd.AppendTo(b)
}

func (res *MultiResult) appendTo(b []byte) []byte {
	b = MultiHeader{res.Op, false, res.Err}.AppendTo(b)
	switch res.Op {
	case OpCreate:
		b = jute.AppendString(b, res.Path)
	case OpCreate2:
		b = res.Stat.AppendTo(jute.AppendString(b, res.Path))
	case OpSetData:
		b = res.Stat.AppendTo(b)
	case OpGetData:
		b = res.Stat.AppendTo(jute.AppendBuffer(b, res.Data))
	case OpGetChildren:
		b = jute.AppendStrings(b, res.Children)
	case OpError:
		b = jute.AppendInt(b, int32(res.Err))
	}
	return b
}

func (m *MultiResponse) Decode(r *jute.Reader) {
	m.Results = nil
	for {
		var h MultiHeader
		h.Decode(r)
		if r.Err() != nil || h.Done {
			return
		}
		res := MultiResult{Op: h.Op, Err: h.Err}
		switch h.Op {
		case OpCreate:
			res.Path = r.String()
		case OpCreate2:
			res.Path = r.String()
			res.Stat.Decode(r)
		case OpSetData:
			res.Stat.Decode(r)
		case OpGetData:
			res.Data = r.Buffer()
			res.Stat.Decode(r)
		case OpGetChildren:
			res.Children = r.Strings()
		case OpDelete, OpCheck:
		case OpError:
			res.Err = Code(r.Int())
		default:
			r.Fail("result of type " + h.Op.String() + " in a multi")
			return
		}
		m.Results = append(m.Results, res)
	}
}
