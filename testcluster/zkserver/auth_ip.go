package zkserver

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// ipProvider is the scheme ip: every connection has its address as an identity, and an ACL
// names an address or address/bits. Source: IPAuthenticationProvider.
type ipProvider struct{}

func (ipProvider) Scheme() string { return "ip" }

// Authenticates is false: an address is not a person.
func (ipProvider) Authenticates() bool { return false }

func (ipProvider) ValidID(id string) bool {
	_, _, ok := parseNet(id)
	return ok
}

func (ipProvider) Matches(id, aclID string) bool {
	addr, err := netip.ParseAddr(id)
	if err != nil {
		return false
	}
	of, bits, ok := parseNet(aclID)
	if !ok || of.BitLen() != addr.BitLen() {
		return false
	}
	return netip.PrefixFrom(of.WithZone(""), bits).Contains(addr.WithZone(""))
}

func (p ipProvider) Login(peer string, _ []byte) ([]zkproto.ID, bool) {
	return []zkproto.ID{{Scheme: p.Scheme(), ID: peer}}, true
}

// parseNet reads an address, or address/bits.
func parseNet(s string) (addr netip.Addr, bits int, ok bool) {
	text, length, masked := strings.Cut(s, "/")
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return addr, 0, false
	}
	if bits = addr.BitLen(); masked {
		if bits, err = strconv.Atoi(length); err != nil || bits < 0 || bits > addr.BitLen() {
			return addr, 0, false
		}
	}
	return addr, bits, true
}
