package prep

import (
	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// Provider is one authentication scheme. Source: ServerAuthenticationProvider.
type Provider interface {
	// Scheme is the word before the colon of an ACL.
	Scheme() string
	// Authenticates says that an id of the scheme proves who somebody is, so that an "auth"
	// entry of an ACL may stand for it. An address does not.
	Authenticates() bool
	// ValidID says whether an ACL may name id.
	ValidID(id string) bool
	// Matches says whether a connection's id is meant by an ACL's.
	Matches(id, aclID string) bool
	// Login turns what a client sent with an auth request into identities of its connection.
	// peer is the client's address without the port.
	Login(peer string, auth []byte) ([]zkproto.ID, bool)
}

// Auth holds the schemes of a server.
type Auth struct {
	skip      bool
	providers map[string]Provider
}

// NewAuth returns the rules with the given schemes. skipACL lets everybody do everything.
// The schemes world, auth and super are built in.
func NewAuth(skipACL bool, providers ...Provider) *Auth {
	a := &Auth{skip: skipACL, providers: make(map[string]Provider)}
	for _, p := range providers {
		a.providers[p.Scheme()] = p
	}
	return a
}

// SuperID is the identity that passes every ACL.
var SuperID = zkproto.ID{Scheme: "super"}

// Login handles an auth request.
func (a *Auth) Login(scheme, peer string, auth []byte) ([]zkproto.ID, bool) {
	p := a.providers[scheme]
	if p == nil {
		return nil, false
	}
	return p.Login(peer, auth)
}

// Allowed says whether a connection with the given identities has one of perms. An empty
// ACL allows everything. Source: ZooKeeperServer.checkACL.
func (a *Auth) Allowed(acl []zkproto.ACL, perms zkproto.Perms, ids []zkproto.ID) bool {
	if a.skip || len(acl) == 0 {
		return true
	}
	for i := range acl {
		if acl[i].Perms&perms != 0 && isAnyone(acl[i].ID) {
			return true
		}
	}
	for _, id := range ids {
		if id.Scheme == SuperID.Scheme {
			return true
		}
		p := a.providers[id.Scheme]
		for i := range acl {
			if acl[i].Perms&perms != 0 && acl[i].Scheme == id.Scheme && p != nil && p.Matches(id.ID, acl[i].ID.ID) {
				return true
			}
		}
	}
	return false
}

func isAnyone(id zkproto.ID) bool { return id.Scheme == "world" && id.ID == "anyone" }

// Fix makes a client's ACL fit to be stored: duplicates go, "auth" becomes the client's own
// identities. It is false for an ACL that must be refused. The result may be acl itself.
// Source: PrepRequestProcessor.fixupACL.
func (a *Auth) Fix(acl []zkproto.ACL, ids []zkproto.ID) ([]zkproto.ACL, bool) {
	if len(acl) == 1 && isAnyone(acl[0].ID) {
		return acl, true
	}
	var fixed []zkproto.ACL
	for i, entry := range acl {
		if contains(acl[:i], entry) {
			continue
		}
		switch p := a.providers[entry.Scheme]; {
		case isAnyone(entry.ID):
			fixed = append(fixed, entry)
		case entry.Scheme == "auth": // its id says nothing, and may be null
			own := a.authenticated(ids)
			if len(own) == 0 {
				return nil, false
			}
			for _, id := range own {
				fixed = append(fixed, zkproto.ACL{Perms: entry.Perms, ID: id})
			}
		case p == nil || entry.Null || !p.ValidID(entry.ID.ID):
			return nil, false
		default:
			fixed = append(fixed, entry)
		}
	}
	return fixed, len(fixed) > 0
}

func (a *Auth) authenticated(ids []zkproto.ID) []zkproto.ID {
	var own []zkproto.ID
	for _, id := range ids {
		if p := a.providers[id.Scheme]; p != nil && p.Authenticates() {
			own = append(own, id)
		}
	}
	return own
}

func contains(acl []zkproto.ACL, entry zkproto.ACL) bool {
	for i := range acl {
		if acl[i] == entry {
			return true
		}
	}
	return false
}
