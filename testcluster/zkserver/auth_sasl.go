package zkserver

import (
	"crypto/rand"
	"slices"

	"github.com/zoka-project/zoka/clientproto/jute"
	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/prep"
	"github.com/zoka-project/zoka/testcluster/zkserver/sasl"
)

// saslProvider is the scheme sasl: its ids are given by the exchange of opcode sasl, never
// by an auth request. Source: SASLAuthenticationProvider.
type saslProvider struct{}

func (saslProvider) Scheme() string { return "sasl" }

func (saslProvider) Authenticates() bool { return true }

func (saslProvider) ValidID(id string) bool { return id != "" }

func (saslProvider) Matches(id, aclID string) bool { return id == aclID }

func (saslProvider) Login(string, []byte) ([]zkproto.ID, bool) { return nil, false }

// authenticate handles one token of a SASL exchange. The connection's lock is held.
// Source: ZooKeeperServer.processSasl.
func (c *conn) authenticate(xid int32, body []byte) {
	var q zkproto.TokenRecord
	if err := zkproto.Decode(body, &q); err != nil || c.s.cfg.SASLUsers == nil {
		// Without a mechanism, what follows would be unauthenticated.
		c.refuse(xid, 0, zkproto.AuthFailed)
		return
	}
	answer, err := c.saslStep(q.Token)
	if err != nil {
		c.s.log.Warn("authentication failed", "client", c.nc.RemoteAddr(), "session", c.session, "scheme", "sasl", "err", err)
		c.s.authFailures.Add(1)
		code := zkproto.AuthFailed
		if slices.Contains(c.s.cfg.RequireAuth, saslProvider{}.Scheme()) {
			code = zkproto.SessionClosedRequireSASLAuth
		}
		c.refuse(xid, 0, code)
		return
	}
	at := c.begin(xid, 0, zkproto.OK)
	c.out = jute.AppendBuffer(c.out, answer)
	c.end(at)
}

// saslStep goes on with the connection's exchange, or begins one, and adds the identity
// that the client has proved.
func (c *conn) saslStep(token []byte) ([]byte, error) {
	if c.sasl == nil || c.sasl.Done() {
		ex, err := sasl.NewExchange(c.s.cfg.SASLUsers, rand.Reader)
		if err != nil {
			return nil, err
		}
		c.sasl = ex
	}
	answer, err := c.sasl.Step(token)
	if err == nil && c.sasl.Done() {
		id := c.sasl.AuthorizationID()
		ids := []zkproto.ID{{Scheme: saslProvider{}.Scheme(), ID: id}}
		if id == c.s.cfg.SASLSuper {
			ids = append(ids, prep.SuperID)
		}
		c.addIDs(ids)
	}
	return answer, err
}
