package zoocfg

import "strings"

// class is what a key does in zoka.
type class int

const (
	// honoured keys do what they do in ZooKeeper.
	honoured class = iota
	// ensemble keys have no effect on a standalone server, neither here nor there.
	ensemble
	// ignored keys are known, checked and warned about.
	ignored
)

// key is one row of the tables of keys.
type key struct {
	name string
	set  set
	class
	// note is why an ignored key is ignored.
	note string
}

// table finds rows by name. System properties without the prefix zookeeper. are apart: zoo.cfg cannot set them.
type table map[string]key

// ignore makes rows of keys that are checked and do nothing.
func ignore(note string, keys ...key) []key {
	for i := range keys {
		keys[i].class, keys[i].note = ignored, note
	}
	return keys
}

func ofEnsemble(keys ...key) []key {
	for i := range keys {
		keys[i].class = ensemble
	}
	return keys
}

func newTable(groups ...[]key) table {
	t := table{}
	for _, rows := range groups {
		for _, k := range rows {
			t[k.name] = k
		}
	}
	return t
}

// prefixes are the families of keys with free names below.
var prefixes = []key{
	{"ssl.", text(nil), ignored, "zoka's server does not speak TLS yet"},
	{"netty.", text(nil), ignored, noNetty},
	{"audit.", text(nil), ignored, "zoka writes no audit log"},
	{"authProvider.", text(nil), honoured, ""},
	{"superUser.", text(nil), ignored, "zoka's server has one super user by SASL, superUser"},
	{"quorum.", text(nil), ensemble, ""},
}

// lookup finds the row of a key of zoo.cfg.
func lookup(tables []table, name string) (key, bool) {
	for _, t := range tables {
		if k, ok := t[name]; ok {
			return k, true
		}
	}
	for _, p := range prefixes {
		if strings.HasPrefix(name, p.name) {
			return p, true
		}
	}
	return key{}, false
}

// isMember tells whether a key is a line of the ensemble's membership.
func isMember(name string) bool {
	return strings.HasPrefix(name, "server.") || strings.HasPrefix(name, "group.") || strings.HasPrefix(name, "weight.")
}
