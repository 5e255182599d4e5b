package kconf

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

	check check
}

// Sensitive tells whether the value is a secret, which DescribeConfigs answers with null.
func (k Key) Sensitive() bool { return k.Type == Password }
