package kconf

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/zoka-project/zoka/clientproto/properties"
)

// Override is the --override key=value of kafka-server-start.sh: it replaces what the file says.
type Override struct{ Key, Value string }

func (o Override) origin() Origin { return Origin{File: "--override " + o.Key + "=" + o.Value} }

// LoadBroker reads the server.properties at path. An error is an [*Error]; a known key that zoka does not act on, and
// one that nobody knows, are warnings.
func LoadBroker(path string, overrides ...Override) (*Broker, []Warning, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		if cause := (*os.PathError)(nil); errors.As(err, &cause) {
			err = cause.Err
		}
		return nil, nil, &Error{Origin: Origin{File: path}, Reason: err.Error()}
	}
	return ParseBroker(path, string(text), overrides...)
}

// ReadBroker is [LoadBroker] from a reader; origin stands for the path in what it says.
func ReadBroker(r io.Reader, origin string, overrides ...Override) (*Broker, []Warning, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, nil, &Error{Origin: Origin{File: origin}, Reason: err.Error()}
	}
	return ParseBroker(origin, string(text), overrides...)
}

// ParseBroker is [LoadBroker] for a text that has been read.
func ParseBroker(origin, text string, overrides ...Override) (*Broker, []Warning, error) {
	entries, err := properties.Parse(text)
	if cause := (*properties.Error)(nil); errors.As(err, &cause) {
		return nil, nil, &Error{Origin: Origin{File: origin, Line: cause.Line}, Key: cause.Key, Reason: cause.Reason()}
	}
	l := loader{b: &Broker{File: origin, Values: map[string]string{}, origins: map[string]Origin{}}}
	for _, e := range entries {
		o := Origin{File: origin, Line: e.Line}
		if before, twice := l.b.origins[e.Key]; twice {
			l.warn(o, e.Key, "replaces the value of line %d", before.Line)
		}
		if err := l.set(o, e.Key, e.Value); err != nil {
			return nil, l.warnings, err
		}
	}
	for _, o := range overrides {
		if err := l.set(o.origin(), o.Key, o.Value); err != nil {
			return nil, l.warnings, err
		}
	}
	if err := l.b.resolve(); err != nil {
		return nil, l.warnings, err
	}
	return l.b, l.warnings, nil
}

type loader struct {
	b        *Broker
	warnings []Warning
}

func (l *loader) warn(o Origin, key, format string, args ...any) {
	l.warnings = append(l.warnings, Warning{Origin: o, Key: key, Text: fmt.Sprintf(format, args...)})
}

// set takes one setting.
func (l *loader) set(origin Origin, key, value string) error {
	l.b.origins[key] = origin
	k, known := brokerTable().byName[key]
	if !known {
		l.unknown(origin, key)
		return nil
	}
	if err := k.Check(value); err != nil {
		return &Error{Origin: origin, Key: key, Reason: invalid(err)}
	}
	if !k.Honoured && !k.needless && k.Canonical(value) != k.Default {
		l.warn(origin, key, "has no effect: zoka does not have what it sets")
	}
	l.b.Values[key] = value
	return nil
}

// invalid is what is wrong with a value, without the key, which the error names already.
func invalid(err error) string {
	if v := (*ValueError)(nil); errors.As(err, &v) {
		return fmt.Sprintf("invalid value %q: %s", v.Value, v.Reason)
	}
	return err.Error()
}

// later are keys of Kafka's releases without ZooKeeper, which people meet in newer example files.
var later = []string{"process.roles", "node.id", "controller.quorum.voters", "controller.quorum.bootstrap.servers",
	"controller.listener.names", "metadata.log.dir"}

func (l *loader) unknown(origin Origin, key string) {
	for _, k := range later {
		if k == key {
			l.warn(origin, key, "has no effect: it is for Kafka without ZooKeeper")
			return
		}
	}
	if rest, prefixed := strings.CutPrefix(key, "listener.name."); prefixed && strings.Contains(rest, ".") {
		l.warn(origin, key, "has no effect: zoka does not have what it sets")
		return
	}
	text := "is no setting of a Kafka 2.7 broker"
	if near := brokerTable().nearest(key); near != "" {
		text += " (did you mean " + near + "?)"
	}
	l.warn(origin, key, "%s", text)
}
