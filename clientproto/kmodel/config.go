package kmodel

// ResourceType is what a configuration belongs to.
type ResourceType int8

// The types, with Kafka's own numbers.
const (
	TopicResource         ResourceType = 2
	BrokerResource        ResourceType = 4
	BrokerLoggerResource  ResourceType = 8
	ClientMetricsResource ResourceType = 16 // of Kafka 4
	GroupResource         ResourceType = 32 // of Kafka 4
)

// String is the name that kafka-configs.sh has for the type.
func (t ResourceType) String() string {
	switch t {
	case TopicResource:
		return "topic"
	case BrokerResource:
		return "broker"
	case BrokerLoggerResource:
		return "broker-logger"
	case ClientMetricsResource:
		return "client-metrics"
	case GroupResource:
		return "group"
	}
	return "unknown"
}

// Resource names what has a configuration.
type Resource struct {
	Type ResourceType
	Name string // a topic, a broker's id; "" is the default of all brokers
}

// Configs is the configuration of a resource.
type Configs struct {
	Resource Resource
	Entries  []Config // by name
	Err      error
}

// ConfigSource tells where a value comes from.
type ConfigSource int8

// The sources, with Kafka's own numbers.
const (
	UnknownSource        ConfigSource = 0
	DynamicTopic         ConfigSource = 1
	DynamicBroker        ConfigSource = 2
	DynamicDefaultBroker ConfigSource = 3
	StaticBroker         ConfigSource = 4
	DefaultConfig        ConfigSource = 5
	DynamicBrokerLogger  ConfigSource = 6
	DynamicClientMetrics ConfigSource = 7
	DynamicGroup         ConfigSource = 8
)

var sourceNames = map[ConfigSource]string{
	DynamicTopic:         "DYNAMIC_TOPIC_CONFIG",
	DynamicBroker:        "DYNAMIC_BROKER_CONFIG",
	DynamicDefaultBroker: "DYNAMIC_DEFAULT_BROKER_CONFIG",
	StaticBroker:         "STATIC_BROKER_CONFIG",
	DefaultConfig:        "DEFAULT_CONFIG",
	DynamicBrokerLogger:  "DYNAMIC_BROKER_LOGGER_CONFIG",
	DynamicClientMetrics: "DYNAMIC_CLIENT_METRICS_CONFIG",
	DynamicGroup:         "DYNAMIC_GROUP_CONFIG",
}

// String is Kafka's name, such as DYNAMIC_TOPIC_CONFIG.
func (s ConfigSource) String() string {
	if name, ok := sourceNames[s]; ok {
		return name
	}
	return "UNKNOWN"
}

// Config is one key of a configuration.
type Config struct {
	Name      string
	Value     string
	Null      bool // there is no value, or it is hidden because Sensitive is set
	ReadOnly  bool
	Sensitive bool
	Source    ConfigSource
	Type      string          // boolean, string, int …; "" where the broker does not tell
	Doc       string          // the broker's documentation, "" where it has none or was not asked
	Synonyms  []ConfigSynonym // what would apply without this value, and the value itself first
}

// ConfigSynonym is a value on the way to the default.
type ConfigSynonym struct {
	Name   string
	Value  string
	Null   bool
	Source ConfigSource
}

// ConfigOp is how a key is changed.
type ConfigOp int8

// The operations, with Kafka's own numbers. Append and Subtract are for keys that are lists.
const (
	SetConfig      ConfigOp = 0
	DeleteConfig   ConfigOp = 1
	AppendConfig   ConfigOp = 2
	SubtractConfig ConfigOp = 3
)

// ConfigChange changes one key.
type ConfigChange struct {
	Op    ConfigOp
	Name  string
	Value string // not of DeleteConfig
}
