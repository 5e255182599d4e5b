package kzk

import (
	"fmt"
	"strings"
)

// DefaultEntity stands for all brokers, users or clients that have no overrides of their own.
const DefaultEntity = "<default>"

// Types of what has overrides, as they stand in paths.
const (
	TopicEntity  = "topics"
	BrokerEntity = "brokers"
	UserEntity   = "users"
	ClientEntity = "clients"
)

// Entity is what may have overrides in /config: a topic, a broker, a user, a client, or a client of a user.
type Entity struct {
	Type string // [TopicEntity] …; of a client of a user it is [UserEntity]
	Name string // as people write it, or [DefaultEntity]
	// Client is the client's name where the entity is one of a user's clients, else "".
	Client string
}

// Key is the entity's path below /config and its key in [Image.Configs]. The names of users and
// clients are encoded, which changes nothing but what is no letter, digit, dot, hyphen or underscore.
func (e Entity) Key() string {
	if e.Type != UserEntity && e.Type != ClientEntity {
		return e.Type + "/" + e.Name
	}
	key := e.Type + "/" + Sanitize(e.Name)
	if e.Client != "" {
		key += "/" + ClientEntity + "/" + Sanitize(e.Client)
	}
	return key
}

// Path is the znode with the entity's overrides.
func (e Entity) Path() string { return ConfigPath + "/" + e.Key() }

// ParseEntity reads what [Entity.Key] writes.
func ParseEntity(key string) (Entity, error) {
	parts := strings.Split(key, "/")
	switch {
	case len(parts) == 2 && parts[1] != "":
	case len(parts) == 4 && parts[0] == UserEntity && parts[1] != "" && parts[2] == ClientEntity && parts[3] != "":
	default:
		return Entity{}, fmt.Errorf("%q is not TYPE/NAME and not users/NAME/clients/NAME", key)
	}
	e := Entity{Type: parts[0], Name: parts[1]}
	if e.Type != UserEntity && e.Type != ClientEntity {
		return e, nil
	}
	var err error
	if e.Name, err = Desanitize(e.Name); err == nil && len(parts) == 4 {
		e.Client, err = Desanitize(parts[3])
	}
	return e, err
}

// Sanitize encodes a name of a user or client so that it may stand in a path: all but ASCII's letters,
// digits, dot, hyphen and underscore as %XX of its UTF-8. [DefaultEntity] stays.
// Source: org.apache.kafka.common.utils.Sanitizer.
func Sanitize(name string) string {
	if name == DefaultEntity {
		return name
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; plain(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

func plain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_'
}

// Desanitize undoes [Sanitize]; as in Kafka a plus is a space. A name that is "<default>" when decoded, and
// was not before, is left encoded: it is not the default.
func Desanitize(s string) (string, error) {
	if !strings.ContainsAny(s, "%+") {
		return s, nil
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b = append(b, ' ')
		case s[i] != '%':
			b = append(b, s[i])
		case i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			return "", fmt.Errorf("name %q has a %% that is not followed by two hexadecimal digits", s)
		}
	}
	if string(b) == DefaultEntity {
		return s, nil
	}
	return string(b), nil
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
