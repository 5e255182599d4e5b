package kmodel

// ScramMechanism is a hash of SASL/SCRAM, by Kafka's numbers.
type ScramMechanism int8

// The mechanisms that Kafka has.
const (
	ScramSHA256 ScramMechanism = 1
	ScramSHA512 ScramMechanism = 2
)

// ScramMechanisms are all of them.
func ScramMechanisms() []ScramMechanism { return []ScramMechanism{ScramSHA256, ScramSHA512} }

// ParseScramMechanism is the mechanism of a name.
func ParseScramMechanism(name string) (m ScramMechanism, ok bool) {
	for _, m := range ScramMechanisms() {
		if m.String() == name {
			return m, true
		}
	}
	return 0, false
}

// String is the name that SASL has for it.
func (m ScramMechanism) String() string {
	switch m {
	case ScramSHA256:
		return "SCRAM-SHA-256"
	case ScramSHA512:
		return "SCRAM-SHA-512"
	}
	return "UNKNOWN"
}

// LeastScramIterations are what RFC 7677 and Kafka ask for at least, and what is taken where nothing is said.
const LeastScramIterations = 4096

// Scram is a credential of a user, of which brokers tell no more.
type Scram struct {
	User       string
	Mechanism  ScramMechanism
	Iterations int32
}

// ScramPassword is a credential to be set.
type ScramPassword struct {
	Scram
	Password string
}
