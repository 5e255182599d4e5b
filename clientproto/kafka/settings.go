package kafka

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/zoka-project/zoka/clientproto/properties"
)

// settings are what a client.properties says, and what is assumed where it says nothing.
type settings struct {
	bootstrap string
	clientID  string
	protocol  string // of security: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL
	mechanism string
	jaas      string
	tls       tlsSettings
	rack      string

	requestTimeout time.Duration
	connectTimeout time.Duration
	idle           time.Duration
	metadataAge    time.Duration
	retryBackoff   time.Duration

	acks            string
	idempotence     *bool
	compression     string
	linger          *time.Duration
	bufferMemory    int64
	deliveryTimeout time.Duration
	maxRequest      int32
	retries         *int

	instance          string
	autoCommit        *bool
	commitInterval    time.Duration
	isolation         string
	fetchMinBytes     int32
	fetchMaxBytes     int32
	fetchMaxWait      time.Duration
	fetchMaxPartition int32
	sessionTimeout    time.Duration
	heartbeat         time.Duration
	rebalanceTimeout  time.Duration
}

func defaultSettings() settings {
	return settings{
		clientID:       "zoka",
		protocol:       "PLAINTEXT",
		mechanism:      "GSSAPI",
		tls:            tlsSettings{verifyHost: true},
		connectTimeout: 3 * time.Second,
	}
}

// load reads a client.properties. What it says that does not count is told to warn by name, with file and line.
func (s *settings) load(path string, warn func(string)) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return &ConfigError{Err: err}
	}
	entries, err := properties.Parse(string(text))
	if err != nil {
		return &ConfigError{Err: fmt.Errorf("%s: %w", path, err)}
	}
	for _, e := range entries {
		at := path + ":" + strconv.Itoa(e.Line)
		known, err := s.set(e.Key, e.Value)
		switch {
		case err != nil:
			return &ConfigError{Err: fmt.Errorf("%s: %s: %w", at, e.Key, err)}
		case !known && warn != nil:
			warn(fmt.Sprintf("%s: %s does nothing here%s", at, e.Key, instead[e.Key]))
		}
	}
	return nil
}

// with returns a copy that knows more properties. Those that are not known are an error: they were asked for by
// name.
func (s settings) with(extra map[string]string) (settings, error) {
	for name, value := range extra {
		known, err := s.set(name, value)
		if err == nil && !known {
			err = fmt.Errorf("no such property")
		}
		if err != nil {
			return s, &ConfigError{Err: fmt.Errorf("%s: %w", name, err)}
		}
	}
	return s, nil
}

// set gives a property its value, and says whether there is one of that name that counts.
func (s *settings) set(name, value string) (known bool, err error) {
	value = strings.TrimSpace(value)
	if row, ok := propertyTable[name]; ok {
		return true, row(s, value)
	}
	return ignored[name] || strings.HasSuffix(name, ".serializer") || strings.HasSuffix(name, ".deserializer"), nil
}

// ignored are properties of Java's clients that have no meaning outside of Java, or that tune what works differently
// here: to leave them out changes no result.
var ignored = map[string]bool{
	"interceptor.classes": true, "metric.reporters": true, "metrics.num.samples": true, "metrics.recording.level": true,
	"metrics.sample.window.ms": true, "auto.include.jmx.reporter": true, "client.dns.lookup": true,
	"send.buffer.bytes": true, "receive.buffer.bytes": true, "batch.size": true, "partitioner.class": true,
	"partitioner.ignore.keys": true, "partitioner.adaptive.partitioning.enable": true, "max.block.ms": true,
	"max.in.flight.requests.per.connection": true, "max.poll.records": true, "check.crcs": true,
	"exclude.internal.topics": true, "enable.metrics.push": true, "reconnect.backoff.ms": true,
	"reconnect.backoff.max.ms": true, "retry.backoff.max.ms": true, "default.api.timeout.ms": true,
	"socket.connection.setup.timeout.max.ms": true, "security.providers": true, "ssl.provider": true,
	"ssl.secure.random.implementation": true, "ssl.trustmanager.algorithm": true, "ssl.keymanager.algorithm": true,
	"allow.auto.create.topics": true, "metadata.max.idle.ms": true, "group.protocol": true,
}

// instead are the ways of the shell to say what a property of consumers says.
var instead = map[string]string{
	"group.id":          ": `consume --group` reads as a member of a group",
	"auto.offset.reset": ": `consume --from-beginning` reads what is there already",
}

// property gives one property its value.
type property func(s *settings, value string) error

// propertyTable is what of Java's client properties counts. The group and where it begins are not among them: whoever
// only looks at a topic must not take records away from the program whose file it is.
var propertyTable = map[string]property{
	"bootstrap.servers":                     text(func(s *settings) *string { return &s.bootstrap }),
	"client.id":                             text(func(s *settings) *string { return &s.clientID }),
	"client.rack":                           text(func(s *settings) *string { return &s.rack }),
	"security.protocol":                     oneOf(func(s *settings) *string { return &s.protocol }, "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"),
	"sasl.mechanism":                        oneOf(func(s *settings) *string { return &s.mechanism }, "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI", "OAUTHBEARER"),
	"sasl.jaas.config":                      text(func(s *settings) *string { return &s.jaas }),
	"request.timeout.ms":                    millis(func(s *settings) *time.Duration { return &s.requestTimeout }),
	"socket.connection.setup.timeout.ms":    millis(func(s *settings) *time.Duration { return &s.connectTimeout }),
	"connections.max.idle.ms":               millis(func(s *settings) *time.Duration { return &s.idle }),
	"metadata.max.age.ms":                   millis(func(s *settings) *time.Duration { return &s.metadataAge }),
	"retry.backoff.ms":                      millis(func(s *settings) *time.Duration { return &s.retryBackoff }),
	"ssl.truststore.type":                   storeType(func(s *settings) *string { return &s.tls.trustType }),
	"ssl.truststore.location":               text(func(s *settings) *string { return &s.tls.trustFile }),
	"ssl.truststore.certificates":           text(func(s *settings) *string { return &s.tls.trustPEM }),
	"ssl.truststore.password":               text(func(s *settings) *string { return &s.tls.trustPassword }),
	"ssl.keystore.type":                     storeType(func(s *settings) *string { return &s.tls.keyType }),
	"ssl.keystore.location":                 text(func(s *settings) *string { return &s.tls.keyFile }),
	"ssl.keystore.certificate.chain":        text(func(s *settings) *string { return &s.tls.chainPEM }),
	"ssl.keystore.key":                      text(func(s *settings) *string { return &s.tls.keyPEM }),
	"ssl.keystore.password":                 text(func(s *settings) *string { return &s.tls.storePassword }),
	"ssl.key.password":                      text(func(s *settings) *string { return &s.tls.keyPassword }),
	"ssl.protocol":                          func(s *settings, v string) error { return s.tls.setVersions(v) },
	"ssl.enabled.protocols":                 func(s *settings, v string) error { return s.tls.setVersions(v) },
	"ssl.endpoint.identification.algorithm": func(s *settings, v string) error { s.tls.verifyHost = v != ""; return nil },

	"acks":                oneOf(func(s *settings) *string { return &s.acks }, "all", "-1", "0", "1"),
	"enable.idempotence":  flag(func(s *settings) **bool { return &s.idempotence }),
	"compression.type":    oneOf(func(s *settings) *string { return &s.compression }, codecNames...),
	"buffer.memory":       number(func(s *settings) *int64 { return &s.bufferMemory }),
	"delivery.timeout.ms": millis(func(s *settings) *time.Duration { return &s.deliveryTimeout }),
	"max.request.size":    number(func(s *settings) *int32 { return &s.maxRequest }),
	"linger.ms": func(s *settings, v string) error {
		s.linger = new(time.Duration)
		return millis(func(s *settings) *time.Duration { return s.linger })(s, v)
	},
	"retries": func(s *settings, v string) error {
		s.retries = new(int)
		return number(func(s *settings) *int { return s.retries })(s, v)
	},
	"transactional.id": func(*settings, string) error { return fmt.Errorf("transactions are not written here") },

	"group.instance.id":             text(func(s *settings) *string { return &s.instance }),
	"enable.auto.commit":            flag(func(s *settings) **bool { return &s.autoCommit }),
	"auto.commit.interval.ms":       millis(func(s *settings) *time.Duration { return &s.commitInterval }),
	"isolation.level":               oneOf(func(s *settings) *string { return &s.isolation }, "read_uncommitted", "read_committed"),
	"fetch.min.bytes":               number(func(s *settings) *int32 { return &s.fetchMinBytes }),
	"fetch.max.bytes":               number(func(s *settings) *int32 { return &s.fetchMaxBytes }),
	"fetch.max.wait.ms":             millis(func(s *settings) *time.Duration { return &s.fetchMaxWait }),
	"max.partition.fetch.bytes":     number(func(s *settings) *int32 { return &s.fetchMaxPartition }),
	"session.timeout.ms":            millis(func(s *settings) *time.Duration { return &s.sessionTimeout }),
	"heartbeat.interval.ms":         millis(func(s *settings) *time.Duration { return &s.heartbeat }),
	"max.poll.interval.ms":          millis(func(s *settings) *time.Duration { return &s.rebalanceTimeout }),
	"partition.assignment.strategy": func(*settings, string) error { return nil },
}

func text(field func(*settings) *string) property {
	return func(s *settings, v string) error { *field(s) = v; return nil }
}

// oneOf is a property with a choice, in whatever case.
func oneOf(field func(*settings) *string, values ...string) property {
	return func(s *settings, v string) error {
		for _, known := range values {
			if strings.EqualFold(v, known) {
				*field(s) = known
				return nil
			}
		}
		return fmt.Errorf("%q is none of %s", v, strings.Join(values, ", "))
	}
}

func flag(field func(*settings) **bool) property {
	return func(s *settings, v string) error {
		if v != "true" && v != "false" {
			return fmt.Errorf("%q is neither true nor false", v)
		}
		b := v == "true"
		*field(s) = &b
		return nil
	}
}

func millis(field func(*settings) *time.Duration) property {
	return func(s *settings, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 || n > int64(1<<62)/int64(time.Millisecond) {
			return fmt.Errorf("%q is no number of milliseconds", v)
		}
		*field(s) = time.Duration(n) * time.Millisecond
		return nil
	}
}

func number[T int | int32 | int64](field func(*settings) *T) property {
	return func(s *settings, v string) error {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 || int64(T(n)) != n {
			return fmt.Errorf("%q is no number that fits", v)
		}
		*field(s) = T(n)
		return nil
	}
}
