package kconf

import (
	"slices"
	"strings"
	"sync"

	"github.com/zoka-project/zoka/clientproto/properties"
)

// Type is the type of a key's value; the numbers are those of DescribeConfigs (KIP-569).
type Type int8

// The types of Kafka's ConfigDef.
const (
	Bool     Type = 1
	String   Type = 2
	Int      Type = 3
	Short    Type = 4
	Long     Type = 5
	Double   Type = 6
	List     Type = 7
	Class    Type = 8
	Password Type = 9
)

// Mode says whether and for whom a broker's value may change while it runs (KIP-226).
type Mode int8

const (
	// ReadOnly keys take effect at the next start.
	ReadOnly Mode = iota
	// PerBroker keys may change for one broker.
	PerBroker
	// ClusterWide keys may change for one broker, or for all that have no value of their own.
	ClusterWide
)

// Key is one row of Kafka's configuration.
type Key struct {
	Name string
	Type Type
	// Default is the value where nothing is set, in Kafka's spelling. HasDefault is false where there is none: then
	// the value is null, or must be given.
	Default    string
	HasDefault bool
	// Doc says in a sentence what the key does; empty where zoka does not act on it.
	Doc string
	// Honoured is set where zoka acts on the key.
	Honoured bool
	// Mode is whether a broker's key may change while it runs. Topics' keys always may.
	Mode Mode
	// Broker is, for a topic's key, the broker's key that gives its default.
	Broker string

	needless bool // not honoured, and nobody misses it
	check    check
}

// Sensitive tells whether the value is a secret, which DescribeConfigs answers with null.
func (k Key) Sensitive() bool { return k.Type == Password }

// null is the default of a key that has none.
const null = "\x00"

func newKey(name string, t Type, fallback string) Key {
	k := Key{Name: name, Type: t}
	if fallback != null {
		k.Default, k.HasDefault = fallback, true
	}
	return k
}

// honoured is a key that zoka acts on, needless one that has nothing to act on in zoka, unused one that is missed.
func honoured(name string, t Type, fallback, doc string) Key {
	k := newKey(name, t, fallback)
	k.Doc, k.Honoured = doc, true
	return k
}

func needless(name string, t Type, fallback string) Key {
	k := newKey(name, t, fallback)
	k.needless = true
	return k
}

func unused(name string, t Type, fallback string) Key { return newKey(name, t, fallback) }

func (k Key) mode(m Mode) Key                 { k.Mode = m; return k }
func (k Key) defaultOf(broker string) Key     { k.Broker = broker; return k }
func (k Key) atLeast(least float64) Key       { k.check = atLeast(least); return k }
func (k Key) between(least, most float64) Key { k.check = between(least, most); return k }
func (k Key) oneOf(words ...string) Key       { k.check = oneOf(words); return k }
func (k Key) version() Key                    { k.check = knownVersion; return k }
func (k Key) replicaList() Key                { k.check = replicaList; return k }

// alternatives are the keys that say the same as a broker's key, in other units: the first that is set counts.
var alternatives = map[string][]string{
	"log.retention.ms":      {"log.retention.ms", "log.retention.minutes", "log.retention.hours"},
	"log.roll.ms":           {"log.roll.ms", "log.roll.hours"},
	"log.roll.jitter.ms":    {"log.roll.jitter.ms", "log.roll.jitter.hours"},
	"log.flush.interval.ms": {"log.flush.interval.ms", "log.flush.scheduler.interval.ms"},
}

// inMs are the units of the alternatives that do not count milliseconds.
var inMs = map[string]int64{
	"log.retention.minutes": minute,
	"log.retention.hours":   hour,
	"log.roll.hours":        hour,
	"log.roll.jitter.hours": hour,
}

const (
	second = 1000
	minute = 60 * second
	hour   = 60 * minute
)

// synonyms are the names under which a broker's value may stand, its own first.
func synonyms(name string) []string {
	if names, several := alternatives[name]; several {
		return names
	}
	return []string{name}
}

// table is the rows of one kind of entity.
type table struct {
	sorted []Key
	byName map[string]Key
}

func newTable(rows ...[]Key) table {
	t := table{sorted: slices.Concat(rows...), byName: map[string]Key{}}
	slices.SortFunc(t.sorted, func(a, b Key) int { return strings.Compare(a.Name, b.Name) })
	for _, k := range t.sorted {
		t.byName[k.Name] = k
	}
	return t
}

// nearest is the known key that a mistyped one may have meant, empty without one.
func (t table) nearest(name string) string {
	names := make([]string, len(t.sorted))
	for i, k := range t.sorted {
		names[i] = k.Name
	}
	return properties.Nearest(name, names)
}

// The tables are made when they are first asked for: most programs that contain them never do.
var (
	topicTable  = sync.OnceValue(func() table { return newTable(topicRows()) })
	brokerTable = sync.OnceValue(func() table { return newTable(honouredRows(), needlessRows(), unusedRows()) })
)

// Topics are the keys of topics by name. The slice is not to be changed.
func Topics() []Key { return topicTable().sorted }

// Brokers are the keys of brokers by name. The slice is not to be changed.
func Brokers() []Key { return brokerTable().sorted }
