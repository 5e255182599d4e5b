package zkproto

import "github.com/zoka-project/zoka/clientproto/jute"

// PathRequest is the body of getACL, sync, getEphemerals and getAllChildrenNumber. A null
// path, which getEphemerals reads as "all", is decoded as "".
type PathRequest struct{ Path string }

func (p *PathRequest) AppendTo(b []byte) []byte { return jute.AppendString(b, p.Path) }

func (p *PathRequest) Decode(r *jute.Reader) { p.Path = r.String() }

// PathWatchRequest is the body of exists, getData, getChildren and getChildren2.
type PathWatchRequest struct {
	Path  string
	Watch bool
}

func (p *PathWatchRequest) AppendTo(b []byte) []byte {
	return jute.AppendBool(jute.AppendString(b, p.Path), p.Watch)
}

func (p *PathWatchRequest) Decode(r *jute.Reader) {
	p.Path = r.String()
	p.Watch = r.Bool()
}

// PathVersionRequest is the body of delete and check. Version -1 is any.
type PathVersionRequest struct {
	Path    string
	Version int32
}

func (p *PathVersionRequest) AppendTo(b []byte) []byte {
	return jute.AppendInt(jute.AppendString(b, p.Path), p.Version)
}

func (p *PathVersionRequest) Decode(r *jute.Reader) {
	p.Path = r.String()
	p.Version = r.Int()
}

// CreateRequest is the body of create, create2 and createContainer.
type CreateRequest struct {
	Path string
	Data []byte // nil is null
	ACL  []ACL
	Mode CreateMode
}

func (c *CreateRequest) AppendTo(b []byte) []byte {
	b = jute.AppendString(b, c.Path)
	b = jute.AppendBuffer(b, c.Data)
	b = AppendACLs(b, c.ACL)
	return jute.AppendInt(b, int32(c.Mode))
}

func (c *CreateRequest) Decode(r *jute.Reader) {
	c.Path = r.String()
	c.Data = r.Buffer()
	c.ACL = DecodeACLs(r)
	c.Mode = CreateMode(r.Int())
}

// CreateTTLRequest is the body of createTTL. TTL is in milliseconds.
type CreateTTLRequest struct {
	CreateRequest
	TTL int64
}

func (c *CreateTTLRequest) AppendTo(b []byte) []byte {
	return jute.AppendLong(c.CreateRequest.AppendTo(b), c.TTL)
}

func (c *CreateTTLRequest) Decode(r *jute.Reader) {
	c.CreateRequest.Decode(r)
	c.TTL = r.Long()
}

// SetDataRequest is the body of setData. Version -1 is any.
type SetDataRequest struct {
	Path    string
	Data    []byte // nil is null
	Version int32
}

func (s *SetDataRequest) AppendTo(b []byte) []byte {
	b = jute.AppendString(b, s.Path)
	b = jute.AppendBuffer(b, s.Data)
	return jute.AppendInt(b, s.Version)
}

func (s *SetDataRequest) Decode(r *jute.Reader) {
	s.Path = r.String()
	s.Data = r.Buffer()
	s.Version = r.Int()
}

// SetACLRequest is the body of setACL. Version is the aclVersion expected, -1 is any.
type SetACLRequest struct {
	Path    string
	ACL     []ACL
	Version int32
}

func (s *SetACLRequest) AppendTo(b []byte) []byte {
	b = jute.AppendString(b, s.Path)
	b = AppendACLs(b, s.ACL)
	return jute.AppendInt(b, s.Version)
}

func (s *SetACLRequest) Decode(r *jute.Reader) {
	s.Path = r.String()
	s.ACL = DecodeACLs(r)
	s.Version = r.Int()
}

// ReconfigRequest is the body of reconfig. CurConfigID -1 is any.
type ReconfigRequest struct {
	Joining     string
	Leaving     string
	NewMembers  string
	CurConfigID int64
}

func (q *ReconfigRequest) AppendTo(b []byte) []byte {
	for _, s := range [...]string{q.Joining, q.Leaving, q.NewMembers} {
		if s == "" {
			b = jute.AppendNullString(b)
		} else {
			b = jute.AppendString(b, s)
		}
	}
	return jute.AppendLong(b, q.CurConfigID)
}

func (q *ReconfigRequest) Decode(r *jute.Reader) {
	q.Joining = r.String()
	q.Leaving = r.String()
	q.NewMembers = r.String()
	q.CurConfigID = r.Long()
}

// PathResponse answers create and sync.
type PathResponse struct{ Path string }

func (p *PathResponse) AppendTo(b []byte) []byte { return jute.AppendString(b, p.Path) }

func (p *PathResponse) Decode(r *jute.Reader) { p.Path = r.String() }

// Create2Response answers create2, createContainer and createTTL.
type Create2Response struct {
	Path string
	Stat Stat
}

func (c *Create2Response) AppendTo(b []byte) []byte {
	return c.Stat.AppendTo(jute.AppendString(b, c.Path))
}

func (c *Create2Response) Decode(r *jute.Reader) {
	c.Path = r.String()
	c.Stat.Decode(r)
}

// DataResponse answers getData and reconfig.
type DataResponse struct {
	Data []byte // nil is null
	Stat Stat
}

func (d *DataResponse) AppendTo(b []byte) []byte {
	return d.Stat.AppendTo(jute.AppendBuffer(b, d.Data))
}

func (d *DataResponse) Decode(r *jute.Reader) {
	d.Data = r.Buffer()
	d.Stat.Decode(r)
}

// ACLResponse answers getACL.
type ACLResponse struct {
	ACL  []ACL
	Stat Stat
}

func (a *ACLResponse) AppendTo(b []byte) []byte { return a.Stat.AppendTo(AppendACLs(b, a.ACL)) }

func (a *ACLResponse) Decode(r *jute.Reader) {
	a.ACL = DecodeACLs(r)
	a.Stat.Decode(r)
}

// StringsResponse answers getChildren (names, in no order) and getEphemerals (paths).
type StringsResponse struct{ Strings []string }

func (s *StringsResponse) AppendTo(b []byte) []byte { return jute.AppendStrings(b, s.Strings) }

func (s *StringsResponse) Decode(r *jute.Reader) { s.Strings = r.Strings() }

// Children2Response answers getChildren2; the names are in no order.
type Children2Response struct {
	Children []string
	Stat     Stat
}

func (c *Children2Response) AppendTo(b []byte) []byte {
	return c.Stat.AppendTo(jute.AppendStrings(b, c.Children))
}

func (c *Children2Response) Decode(r *jute.Reader) {
	c.Children = r.Strings()
	c.Stat.Decode(r)
}

// CountResponse answers getAllChildrenNumber.
type CountResponse struct{ Total int32 }

func (c *CountResponse) AppendTo(b []byte) []byte { return jute.AppendInt(b, c.Total) }

func (c *CountResponse) Decode(r *jute.Reader) { c.Total = r.Int() }
