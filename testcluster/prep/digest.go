package prep

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// digestProvider is the scheme digest: an id is user:base64(hash("user:password")).
// Source: DigestAuthenticationProvider.
type digestProvider struct {
	super string
	hash  func([]byte) []byte
}

// NewDigest returns the scheme digest. superDigest, if not empty, is the id that makes its
// owner the super user. algorithm is a name of Java's: SHA1 (or empty), SHA-256, SHA-512.
func NewDigest(superDigest, algorithm string) (Provider, error) {
	p := &digestProvider{super: superDigest}
	switch strings.ToUpper(strings.ReplaceAll(algorithm, "-", "")) {
	case "", "SHA1", "SHA":
		p.hash = func(b []byte) []byte { sum := sha1.Sum(b); return sum[:] }
	case "SHA256":
		p.hash = func(b []byte) []byte { sum := sha256.Sum256(b); return sum[:] }
	case "SHA512":
		p.hash = func(b []byte) []byte { sum := sha512.Sum512(b); return sum[:] }
	default:
		return nil, fmt.Errorf("digest algorithm %q: want SHA1, SHA-256 or SHA-512", algorithm)
	}
	return p, nil
}

func (p *digestProvider) Scheme() string { return "digest" }

func (p *digestProvider) Authenticates() bool { return true }

// ValidID wants two parts around a colon; trailing colons do not count, as in Java's split.
func (p *digestProvider) ValidID(id string) bool {
	return strings.Count(strings.TrimRight(id, ":"), ":") == 1
}

func (p *digestProvider) Matches(id, aclID string) bool { return id == aclID }

func (p *digestProvider) Login(_ string, auth []byte) ([]zkproto.ID, bool) {
	user, _, _ := strings.Cut(string(auth), ":")
	id := user + ":" + base64.StdEncoding.EncodeToString(p.hash(auth))
	ids := []zkproto.ID{{Scheme: p.Scheme(), ID: id}}
	if id == p.super {
		ids = append([]zkproto.ID{SuperID}, ids...)
	}
	return ids, true
}
