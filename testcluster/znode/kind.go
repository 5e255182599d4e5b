package znode

import "math"

// Kind is how long a node lives.
type Kind uint8

const (
	Persistent Kind = iota // until it is deleted
	Ephemeral              // until its session ends
	Container              // until its last child is gone
	TTL                    // until it has had no change and no children for so long
)

// String is the kind in lower case.
func (k Kind) String() string {
	switch k {
	case Ephemeral:
		return "ephemeral"
	case Container:
		return "container"
	case TTL:
		return "ttl"
	}
	return "persistent"
}

// The persisted owner of a node that has no session. Source: EphemeralType.
const (
	// ContainerOwner is the owner of every container.
	ContainerOwner int64 = math.MinInt64

	ttlMask int64 = -1 << 40 // the upper byte ff, and 16 reserved bits that are 0 for a TTL
	ttlMark int64 = -1 << 56
)

// TTLOwner is the persisted owner of a node with a time to live in milliseconds, 1 to [zkproto.MaxTTL].
func TTLOwner(ttl int64) int64 { return ttlMark | ttl }

// KindOf says what a persisted owner means on a server with these options.
func (o Options) KindOf(owner int64) Kind {
	switch {
	case owner == 0:
		return Persistent
	case owner == ContainerOwner:
		return Container
	case o.ExtendedTypes && owner&ttlMask == ttlMark:
		return TTL
	case o.ExtendedTypes && o.Emulate353TTL && owner < 0:
		return TTL
	}
	return Ephemeral
}
