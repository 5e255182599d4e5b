package kproto

import (
	"encoding/base64"
	"fmt"
)

// UUID is a topic's or a cluster's id. All zero is none.
type UUID [16]byte

// String is Kafka's form: 22 characters of base64 for URLs, without padding.
func (u UUID) String() string { return base64.RawURLEncoding.EncodeToString(u[:]) }

// IsZero says whether u is none.
func (u UUID) IsZero() bool { return u == UUID{} }

// ParseUUID reads what String writes. Padding is allowed.
func ParseUUID(s string) (UUID, error) {
	var u UUID
	text := s
	if len(text) == 24 && text[22:] == "==" {
		text = text[:22]
	}
	if len(text) != 22 {
		return u, fmt.Errorf("id %q has %d characters, not 22", s, len(s))
	}
	if _, err := base64.RawURLEncoding.Decode(u[:], []byte(text)); err != nil {
		return UUID{}, fmt.Errorf("id %q is not base64 for URLs: %w", s, err)
	}
	return u, nil
}
