package kconf

import (
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// UnknownKeyError is a setting that Kafka does not know; the text is Kafka's.
type UnknownKeyError struct {
	Name string
	// Near is a key that may have been meant, empty without one.
	Near string
}

func (e *UnknownKeyError) Error() string { return "Unknown topic config name: " + e.Name }

// ValueError is a value that Kafka does not take; the text is Kafka's ConfigException.
type ValueError struct{ Name, Value, Reason string }

func (e *ValueError) Error() string {
	return "Invalid value " + e.Value + " for configuration " + e.Name + ": " + e.Reason
}

// Check says what is wrong with a value: a [*ValueError], or nil.
func (k Key) Check(value string) error {
	if reason := k.Type.check(value); reason != "" {
		return &ValueError{k.Name, value, reason}
	}
	if k.check == nil {
		return nil
	}
	if k.Type == List {
		return k.checkList(value)
	}
	if reason := k.check(strings.TrimSpace(value)); reason != "" {
		return &ValueError{k.Name, value, reason}
	}
	return nil
}

// checkList names the element that is wrong.
func (k Key) checkList(value string) error {
	for _, element := range splitList(value) {
		if reason := k.check(element); reason != "" {
			return &ValueError{k.Name, element, reason}
		}
	}
	return nil
}

// Canonical is a valid value as Kafka answers it: a Java parser has read it and it was printed again.
func (k Key) Canonical(value string) string {
	value = strings.TrimSpace(value)
	switch k.Type {
	case Bool:
		return strings.ToLower(value)
	case Int, Short, Long:
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			return strconv.FormatInt(n, 10)
		}
	case Double:
		if f, err := strconv.ParseFloat(value, 64); err == nil {
			return kproto.JavaDouble(f)
		}
	case List:
		return strings.Join(splitList(value), ",")
	}
	return value
}

// check says why a text is no value of the type, in the words of Kafka's ConfigDef.
func (t Type) check(value string) string {
	value = strings.TrimSpace(value)
	var err error
	switch t {
	case Bool:
		if !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false") {
			return "Expected value to be either true or false"
		}
	case Int:
		_, err = strconv.ParseInt(value, 10, 32)
	case Short:
		_, err = strconv.ParseInt(value, 10, 16)
	case Long:
		_, err = strconv.ParseInt(value, 10, 64)
	case Double:
		_, err = strconv.ParseFloat(value, 64)
	}
	if err != nil {
		return "Not a number of type " + t.String()
	}
	return ""
}

// String is Kafka's name of the type.
func (t Type) String() string {
	names := [...]string{"UNKNOWN", "BOOLEAN", "STRING", "INT", "SHORT", "LONG", "DOUBLE", "LIST", "CLASS", "PASSWORD"}
	if t < 0 || int(t) >= len(names) {
		return names[0]
	}
	return names[t]
}

// splitList is Kafka's list: commas with blanks around them, none in an empty text.
func splitList(value string) []string {
	value = strings.TrimSpace(value)
	if value == "" {
		return nil
	}
	elements := strings.Split(value, ",")
	for i, e := range elements {
		elements[i] = strings.TrimSpace(e)
	}
	return elements
}

// check is a validator: it says what is wrong with a value of the right type, in Kafka's words; empty is nothing.
type check func(value string) string

func atLeast(least float64) check {
	return func(value string) string {
		if n, err := strconv.ParseFloat(value, 64); err == nil && n < least {
			return "Value must be at least " + number(least)
		}
		return ""
	}
}

func between(least, most float64) check {
	return func(value string) string {
		if reason := atLeast(least)(value); reason != "" {
			return reason
		}
		if n, err := strconv.ParseFloat(value, 64); err == nil && n > most {
			return "Value must be no more than " + number(most)
		}
		return ""
	}
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func oneOf(words []string) check {
	return func(value string) string {
		if !slices.Contains(words, value) {
			return "String must be one of: " + strings.Join(words, ", ")
		}
		return ""
	}
}

// replicaList checks one element of a list of throttled replicas.
func replicaList(value string) string {
	partition, broker, pair := strings.Cut(value, ":")
	if value != "*" && !(pair && digits(partition) && digits(broker)) {
		return "must be the literal '*' or a list of replicas in the following format: " +
			"[partitionId]:[brokerId],[partitionId]:[brokerId],..."
	}
	return ""
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// versions are the protocol versions of Kafka up to 2.7, oldest first; a release's own name is its newest.
const versions = "0.8.0 0.8.1 0.8.2 0.9.0 0.10.0-IV0 0.10.0-IV1 0.10.1-IV0 0.10.1-IV1 0.10.1-IV2 0.10.2-IV0 " +
	"0.11.0-IV0 0.11.0-IV1 0.11.0-IV2 1.0-IV0 1.1-IV0 2.0-IV0 2.0-IV1 2.1-IV0 2.1-IV1 2.1-IV2 2.2-IV0 2.2-IV1 " +
	"2.3-IV0 2.3-IV1 2.4-IV0 2.4-IV1 2.5-IV0 2.6-IV0 2.7-IV0 2.7-IV1 2.7-IV2"

// knownVersion takes a version by its full name, and a release by its numbers: 2.7 and 2.7.1, 0.10.2 and 0.10.2.1.
func knownVersion(value string) string {
	numbers := strings.Split(value, ".")
	count := 2
	if numbers[0] == "0" {
		count = 3
	}
	release := strings.Join(numbers[:min(count, len(numbers))], ".")
	for _, v := range strings.Fields(versions) {
		name, _, _ := strings.Cut(v, "-")
		if v == value || name == release {
			return ""
		}
	}
	return "Version `" + value + "` is not a valid version"
}

// CheckTopic says what is wrong with a topic's setting: an [*UnknownKeyError], a [*ValueError], or nil.
func CheckTopic(name, value string) error {
	t := topicTable()
	k, known := t.byName[name]
	if !known {
		return &UnknownKeyError{Name: name, Near: t.nearest(name)}
	}
	return k.Check(value)
}

// CheckBroker is [CheckTopic] for a broker's setting.
func CheckBroker(name, value string) error {
	t := brokerTable()
	k, known := t.byName[name]
	if !known {
		return &UnknownKeyError{Name: name, Near: t.nearest(name)}
	}
	return k.Check(value)
}
