package txn

import (
	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Body is what a transaction does: one of the pointer types below.
type Body interface {
	AppendTo(b []byte) []byte
	Decode(r *jute.Reader)
	body()
}

// newBody returns an empty body for a transaction type, and false for an unknown one.
func newBody(op zkproto.OpCode) (Body, bool) {
	switch op {
	case zkproto.OpCreate, zkproto.OpCreate2:
		return new(Create), true
	case zkproto.OpCreateContainer:
		return new(CreateContainer), true
	case zkproto.OpCreateTTL:
		return new(CreateTTL), true
	case zkproto.OpDelete, zkproto.OpDeleteContainer:
		return new(Delete), true
	case zkproto.OpSetData, zkproto.OpReconfig:
		return new(SetData), true
	case zkproto.OpSetACL:
		return new(SetACL), true
	case zkproto.OpCheck:
		return new(Check), true
	case zkproto.OpMulti:
		return new(Multi), true
	case zkproto.OpCreateSession:
		return new(CreateSession), true
	case zkproto.OpCloseSession:
		return new(CloseSession), true
	case zkproto.OpError:
		return new(Error), true
	}
	return nil, false
}

// Create makes a persistent or ephemeral node (types create and create2). The owner of
// an ephemeral one is the header's session. ParentCversion is the parent's stored
// cversion after the creation; -1, in logs of old servers, means one more than it was.
type Create struct {
	Path           string
	Data           []byte
	ACL            []zkproto.ACL
	Ephemeral      bool
	ParentCversion int32
}

func (c *Create) AppendTo(b []byte) []byte {
	b = jute.AppendString(b, c.Path)
	b = jute.AppendBuffer(b, c.Data)
	b = zkproto.AppendACLs(b, c.ACL)
	b = jute.AppendBool(b, c.Ephemeral)
	return jute.AppendInt(b, c.ParentCversion)
}

func (c *Create) Decode(r *jute.Reader) {
	c.Path = r.String()
	c.Data = r.Buffer()
	c.ACL = zkproto.DecodeACLs(r)
	c.Ephemeral = r.Bool()
	if c.ParentCversion = -1; r.Len() > 0 {
		c.ParentCversion = r.Int()
	}
}

// CreateContainer makes a container node.
type CreateContainer struct {
	Path           string
	Data           []byte
	ACL            []zkproto.ACL
	ParentCversion int32
}

func (c *CreateContainer) AppendTo(b []byte) []byte {
	b = jute.AppendString(b, c.Path)
	b = jute.AppendBuffer(b, c.Data)
	b = zkproto.AppendACLs(b, c.ACL)
	return jute.AppendInt(b, c.ParentCversion)
}

func (c *CreateContainer) Decode(r *jute.Reader) {
	c.Path = r.String()
	c.Data = r.Buffer()
	c.ACL = zkproto.DecodeACLs(r)
	c.ParentCversion = r.Int()
}

// CreateTTL makes a node with a time to live in milliseconds.
type CreateTTL struct {
	CreateContainer
	TTL int64
}

func (c *CreateTTL) AppendTo(b []byte) []byte {
	return jute.AppendLong(c.CreateContainer.AppendTo(b), c.TTL)
}

func (c *CreateTTL) Decode(r *jute.Reader) {
	c.CreateContainer.Decode(r)
	c.TTL = r.Long()
}

// Delete removes a node (types delete and deleteContainer).
type Delete struct{ Path string }

func (d *Delete) AppendTo(b []byte) []byte { return jute.AppendString(b, d.Path) }

func (d *Delete) Decode(r *jute.Reader) { d.Path = r.String() }

// SetData replaces a node's data (types setData and reconfig). Version is the new one.
type SetData struct {
	Path    string
	Data    []byte
	Version int32
}

func (s *SetData) AppendTo(b []byte) []byte {
	b = jute.AppendString(b, s.Path)
	b = jute.AppendBuffer(b, s.Data)
	return jute.AppendInt(b, s.Version)
}

func (s *SetData) Decode(r *jute.Reader) {
	s.Path = r.String()
	s.Data = r.Buffer()
	s.Version = r.Int()
}

// SetACL replaces a node's ACL. Version is the new aclVersion.
type SetACL struct {
	Path    string
	ACL     []zkproto.ACL
	Version int32
}

func (s *SetACL) AppendTo(b []byte) []byte {
	b = jute.AppendString(b, s.Path)
	b = zkproto.AppendACLs(b, s.ACL)
	return jute.AppendInt(b, s.Version)
}

func (s *SetACL) Decode(r *jute.Reader) {
	s.Path = r.String()
	s.ACL = zkproto.DecodeACLs(r)
	s.Version = r.Int()
}

// Check does nothing; it stands in a multi for a version check that held.
type Check struct {
	Path    string
	Version int32
}

func (c *Check) AppendTo(b []byte) []byte {
	return jute.AppendInt(jute.AppendString(b, c.Path), c.Version)
}

func (c *Check) Decode(r *jute.Reader) {
	c.Path = r.String()
	c.Version = r.Int()
}

// CreateSession begins the header's session. Timeout is in milliseconds.
type CreateSession struct{ Timeout int32 }

func (c *CreateSession) AppendTo(b []byte) []byte { return jute.AppendInt(b, c.Timeout) }

func (c *CreateSession) Decode(r *jute.Reader) { c.Timeout = r.Int() }

// CloseSession ends the header's session and removes its ephemeral nodes, which Paths
// lists. A nil Paths, in logs of old servers, means all that it has.
type CloseSession struct{ Paths []string }

func (c *CloseSession) AppendTo(b []byte) []byte {
	if c.Paths == nil {
		return b
	}
	return jute.AppendStrings(b, c.Paths)
}

func (c *CloseSession) Decode(r *jute.Reader) {
	c.Paths = nil
	// 12 bytes that begin with 2 are a digest: two paths would need more.
	if n := r.Len(); n < 4 || n == digestLen && r.Peek() == 2 {
		return
	}
	if c.Paths = r.Strings(); c.Paths == nil {
		r.Fail("closeSession with a null list of paths")
	}
}

// Error is a write that was refused. It changes nothing but takes a zxid.
type Error struct{ Code zkproto.Code }

func (e *Error) AppendTo(b []byte) []byte { return jute.AppendInt(b, int32(e.Code)) }

func (e *Error) Decode(r *jute.Reader) { e.Code = zkproto.Code(r.Int()) }

// Sub is one operation of a [Multi].
type Sub struct {
	Type zkproto.OpCode
	Body Body
	// Asked is the operation that the client asked for, where that is another one: a
	// create2 stands as create, since Apache's servers before 3.9 lose a create2 when they
	// replay a multi. It is not written; 0 is Type.
	Asked zkproto.OpCode
}

// Multi does all of its operations or, where one of them is an [Error], none.
type Multi struct{ Subs []Sub }

// Failed says whether one of the operations is an [Error].
func (m *Multi) Failed() bool {
	for _, s := range m.Subs {
		if s.Type == zkproto.OpError {
			return true
		}
	}
	return false
}

func (m *Multi) AppendTo(b []byte) []byte {
	b = jute.AppendInt(b, int32(len(m.Subs)))
	for _, s := range m.Subs {
		b = jute.AppendInt(b, int32(s.Type))
		at := len(b)
		b = jute.AppendInt(b, 0)
		b = s.Body.AppendTo(b)
		jute.PutInt(b[at:], int32(len(b)-at-4))
	}
	return b
}

func (m *Multi) Decode(r *jute.Reader) {
	m.Subs = nil
	for range max(r.Count(8), 0) {
		op := zkproto.OpCode(r.Int())
		data := r.Buffer()
		body, ok := newBody(op)
		if !ok || op == zkproto.OpMulti || op == zkproto.OpCreateSession || op == zkproto.OpCloseSession {
			r.Fail("multi with an operation of type " + op.String())
		}
		if r.Err() != nil {
			return
		}
		sub := jute.NewReader(data)
		body.Decode(sub)
		if err := sub.Err(); err != nil {
			r.Fail(op.String() + " inside a multi: " + err.Error())
			return
		}
		m.Subs = append(m.Subs, Sub{Type: op, Body: body})
	}
}

func (*Create) body()          {}
func (*CreateContainer) body() {}
func (*Delete) body()          {}
func (*SetData) body()         {}
func (*SetACL) body()          {}
func (*Check) body()           {}
func (*CreateSession) body()   {}
func (*CloseSession) body()    {}
func (*Error) body()           {}
func (*Multi) body()           {}
