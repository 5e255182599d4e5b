package zkproto

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/zoka-project/zoka/clientproto/jute"
)

// Perms is a set of permissions.
type Perms int32

const (
	PermRead   Perms = 1
	PermWrite  Perms = 2
	PermCreate Perms = 4
	PermDelete Perms = 8
	PermAdmin  Perms = 16
	PermAll    Perms = 31
)

// permLetters has the letters in zkCli's order.
var permLetters = [...]struct {
	letter byte
	perm   Perms
}{{'c', PermCreate}, {'d', PermDelete}, {'r', PermRead}, {'w', PermWrite}, {'a', PermAdmin}}

// String is a subset of "cdrwa", in that order.
func (p Perms) String() string {
	var b []byte
	for _, l := range permLetters {
		if p&l.perm != 0 {
			b = append(b, l.letter)
		}
	}
	return string(b)
}

// ParsePerms reads a word of the letters c, d, r, w and a. Source: ZKUtil.getPermFromString.
func ParsePerms(s string) (Perms, error) {
	var p Perms
next:
	for i := range len(s) {
		for _, l := range permLetters {
			if s[i] == l.letter {
				p |= l.perm
				continue next
			}
		}
		return 0, fmt.Errorf("unknown permission %q in %q: the letters are c, d, r, w and a", s[i], s)
	}
	return p, nil
}

// ID is an identity: a scheme such as "digest" and an id whose form the scheme decides.
type ID struct {
	Scheme string
	ID     string
	// Null marks an ID whose scheme or id was null on the wire; it matches nothing.
	Null bool
}

// String is scheme:id.
func (i ID) String() string { return i.Scheme + ":" + i.ID }

func (i ID) appendTo(b []byte) []byte {
	if i.Null {
		return jute.AppendNullString(jute.AppendNullString(b))
	}
	return jute.AppendString(jute.AppendString(b, i.Scheme), i.ID)
}

func (i *ID) decode(r *jute.Reader) {
	var ok1, ok2 bool
	i.Scheme, ok1 = r.NullString()
	i.ID, ok2 = r.NullString()
	i.Null = !ok1 || !ok2
}

// ACL grants permissions to an identity.
type ACL struct {
	Perms Perms
	ID
}

// String is scheme:id:perms, which [ParseACL] reads.
func (a ACL) String() string { return a.ID.String() + ":" + a.Perms.String() }

// OpenACL grants everything to everybody: what a node has when nothing else is said.
func OpenACL() []ACL { return []ACL{{PermAll, ID{Scheme: "world", ID: "anyone"}}} }

// ParseACL reads one scheme:id:perms. The id may contain colons.
func ParseACL(s string) (ACL, error) {
	first, last := strings.IndexByte(s, ':'), strings.LastIndexByte(s, ':')
	if first < 0 || first == last {
		return ACL{}, fmt.Errorf("ACL %q does not have the form scheme:id:perms", s)
	}
	p, err := ParsePerms(s[last+1:])
	if err != nil {
		return ACL{}, fmt.Errorf("ACL %q: %w", s, err)
	}
	return ACL{p, ID{Scheme: s[:first], ID: s[first+1 : last]}}, nil
}

// ParseACLs reads a comma-separated list of scheme:id:perms.
func ParseACLs(s string) ([]ACL, error) {
	var acls []ACL
	for part := range strings.SplitSeq(s, ",") {
		a, err := ParseACL(part)
		if err != nil {
			return nil, err
		}
		acls = append(acls, a)
	}
	return acls, nil
}

// AppendACLs appends a vector of ACLs; nil is written as the null vector.
func AppendACLs(b []byte, acls []ACL) []byte {
	if acls == nil {
		return jute.AppendInt(b, -1)
	}
	b = jute.AppendInt(b, int32(len(acls)))
	for _, a := range acls {
		b = jute.AppendInt(b, int32(a.Perms))
		b = a.ID.appendTo(b)
	}
	return b
}

// The open ACL, which nearly every create has, is decoded without an allocation.
var (
	openACL      = OpenACL()
	openACLBytes = AppendACLs(nil, openACL)
)

// DecodeACLs reads a vector of ACLs; null is nil. The slice may be shared: it must not be
// changed.
func DecodeACLs(r *jute.Reader) []ACL {
	if r.Skip(openACLBytes) {
		return openACL[:1:1]
	}
	n := r.Count(12)
	if n < 0 {
		return nil
	}
	acls := make([]ACL, n)
	for i := range acls {
		acls[i].Perms = Perms(r.Int())
		acls[i].ID.decode(r)
	}
	if r.Err() != nil {
		return nil
	}
	return acls
}

// DigestID is the id of the digest scheme for "user:password":
// user:base64(SHA-1("user:password")). Source: DigestAuthenticationProvider.generateDigest.
func DigestID(userPassword string) string {
	user, _, _ := strings.Cut(userPassword, ":")
	sum := sha1.Sum([]byte(userPassword))
	return user + ":" + base64.StdEncoding.EncodeToString(sum[:])
}
