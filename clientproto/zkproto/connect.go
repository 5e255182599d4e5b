package zkproto

import "github.com/zoka-project/zoka/clientproto/jute"

// PasswordLen is the length of a session password.
const PasswordLen = 16

// ConnectRequest opens or re-attaches a session. It is the first frame of a connection
// and has no header.
//
//	i32 protocol version 0 | i64 last zxid seen | i32 timeout ms | i64 session (0: new)
//	buf password | bool read-only (absent from old clients)
type ConnectRequest struct {
	ProtocolVersion int32
	LastZxidSeen    Zxid
	Timeout         int32 // milliseconds
	SessionID       SessionID
	Password        []byte
	ReadOnly        bool
	// Old marks a client that sends no read-only byte; it must not be sent one either.
	Old bool
}

func (c *ConnectRequest) AppendTo(b []byte) []byte {
	b = jute.AppendInt(b, c.ProtocolVersion)
	b = jute.AppendLong(b, int64(c.LastZxidSeen))
	b = jute.AppendInt(b, c.Timeout)
	b = jute.AppendLong(b, int64(c.SessionID))
	b = jute.AppendBuffer(b, c.Password)
	if !c.Old {
		b = jute.AppendBool(b, c.ReadOnly)
	}
	return b
}

func (c *ConnectRequest) Decode(r *jute.Reader) {
	c.ProtocolVersion = r.Int()
	c.LastZxidSeen = Zxid(r.Long())
	c.Timeout = r.Int()
	c.SessionID = SessionID(r.Long())
	c.Password = r.Buffer()
	c.ReadOnly, c.Old = optionalBool(r)
}

// ConnectResponse answers a [ConnectRequest]. A timeout of 0 says that the session is
// gone or the password wrong.
//
//	i32 protocol version 0 | i32 timeout ms | i64 session | buf password | bool read-only
type ConnectResponse struct {
	ProtocolVersion int32
	Timeout         int32 // milliseconds
	SessionID       SessionID
	Password        []byte
	ReadOnly        bool
	// Old leaves the read-only byte out, as an old client expects.
	Old bool
}

func (c *ConnectResponse) AppendTo(b []byte) []byte {
	b = jute.AppendInt(b, c.ProtocolVersion)
	b = jute.AppendInt(b, c.Timeout)
	b = jute.AppendLong(b, int64(c.SessionID))
	b = jute.AppendBuffer(b, c.Password)
	if !c.Old {
		b = jute.AppendBool(b, c.ReadOnly)
	}
	return b
}

func (c *ConnectResponse) Decode(r *jute.Reader) {
	c.ProtocolVersion = r.Int()
	c.Timeout = r.Int()
	c.SessionID = SessionID(r.Long())
	c.Password = r.Buffer()
	c.ReadOnly, c.Old = optionalBool(r)
}

// optionalBool reads the trailing byte that old peers leave out.
func optionalBool(r *jute.Reader) (v, absent bool) {
	if r.Len() == 0 {
		return false, true
	}
	return r.Bool(), false
}

// RequestHeader precedes every request but the first.
type RequestHeader struct {
	Xid int32
	Op  OpCode
}

func (h RequestHeader) AppendTo(b []byte) []byte {
	return jute.AppendInt(jute.AppendInt(b, h.Xid), int32(h.Op))
}

func (h *RequestHeader) Decode(r *jute.Reader) {
	h.Xid = r.Int()
	h.Op = OpCode(r.Int())
}

// ReplyHeader precedes every reply and event. A body follows only where Err is [OK].
type ReplyHeader struct {
	Xid  int32
	Zxid Zxid
	Err  Code
}

// ReplyHeaderLen is the encoded length of a [ReplyHeader].
const ReplyHeaderLen = 16

func (h ReplyHeader) AppendTo(b []byte) []byte {
	b = jute.AppendInt(b, h.Xid)
	b = jute.AppendLong(b, int64(h.Zxid))
	return jute.AppendInt(b, int32(h.Err))
}

func (h *ReplyHeader) Decode(r *jute.Reader) {
	h.Xid = r.Int()
	h.Zxid = Zxid(r.Long())
	h.Err = Code(r.Int())
}

// AuthRequest adds an identity to the connection. Type is 0.
type AuthRequest struct {
	Type   int32
	Scheme string
	Auth   []byte
}

func (a *AuthRequest) AppendTo(b []byte) []byte {
	b = jute.AppendInt(b, a.Type)
	b = jute.AppendString(b, a.Scheme)
	return jute.AppendBuffer(b, a.Auth)
}

func (a *AuthRequest) Decode(r *jute.Reader) {
	a.Type = r.Int()
	a.Scheme = r.String()
	a.Auth = r.Buffer()
}

// TokenRecord is one step of a SASL exchange, in both directions.
type TokenRecord struct{ Token []byte }

func (t *TokenRecord) AppendTo(b []byte) []byte { return jute.AppendBuffer(b, t.Token) }

func (t *TokenRecord) Decode(r *jute.Reader) { t.Token = r.Buffer() }

// ClientInfo is one identity of a connection, as whoAmI tells it.
type ClientInfo struct {
	Scheme string
	User   string
}

// WhoAmIResponse lists the identities of the connection.
type WhoAmIResponse struct{ Infos []ClientInfo }

func (w *WhoAmIResponse) AppendTo(b []byte) []byte {
	b = jute.AppendInt(b, int32(len(w.Infos)))
	for _, i := range w.Infos {
		b = jute.AppendString(jute.AppendString(b, i.Scheme), i.User)
	}
	return b
}

func (w *WhoAmIResponse) Decode(r *jute.Reader) {
	w.Infos = nil
	for range max(r.Count(8), 0) {
		w.Infos = append(w.Infos, ClientInfo{r.String(), r.String()})
	}
}
