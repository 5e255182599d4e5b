package kmodel

import (
	"cmp"
	"strconv"
	"strings"
)

// Cluster is what one broker says of its cluster.
type Cluster struct {
	ID         string   `json:"id"`         // 22 characters; "" from brokers that do not tell
	Controller int32    `json:"controller"` // -1: none known
	Brokers    []Broker `json:"brokers"`    // by id, the live ones
}

// Broker is a live broker, and where it says that clients reach it.
type Broker struct {
	ID   int32  `json:"id"`
	Host string `json:"host"`
	Port int32  `json:"port"`
	Rack string `json:"rack,omitempty"`
}

// Addr is host:port, an IPv6 address in brackets.
func (b Broker) Addr() string {
	host := b.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(int(b.Port))
}

// TopicPartition names a partition.
type TopicPartition struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
}

// String is Kafka's name of a partition, topic-3.
func (p TopicPartition) String() string { return p.Topic + "-" + strconv.Itoa(int(p.Partition)) }

// Compare orders by topic, then by partition.
func (p TopicPartition) Compare(o TopicPartition) int {
	return cmp.Or(cmp.Compare(p.Topic, o.Topic), cmp.Compare(p.Partition, o.Partition))
}

// Outcome is what became of one of several things that were asked for at once.
type Outcome struct {
	Name string // the topic, group or partition
	Err  error
}

// SilentBroker is a broker that did not answer, and why.
type SilentBroker struct {
	Broker Broker
	Err    error
}

// SilentError tells which brokers did not answer a question to all. What the others said stands beside it.
type SilentError struct{ Brokers []SilentBroker } // at least one

func (e *SilentError) Error() string {
	texts := make([]string, len(e.Brokers))
	for i, b := range e.Brokers {
		texts[i] = "broker " + strconv.Itoa(int(b.Broker.ID)) + " at " + b.Broker.Addr() + ": " + b.Err.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap are the reasons.
func (e *SilentError) Unwrap() []error {
	errs := make([]error, len(e.Brokers))
	for i, b := range e.Brokers {
		errs[i] = b.Err
	}
	return errs
}

// OutcomeUnknown is true: they may yet answer.
func (e *SilentError) OutcomeUnknown() bool { return true }

// LogDir is a folder of logs of a broker.
type LogDir struct {
	Broker int32     `json:"broker"`
	Dir    string    `json:"dir"`
	Logs   []LogSize `json:"logs"` // by topic and partition
	Err    error     `json:"-"`
}

// LogSize is a replica on a broker's disk.
type LogSize struct {
	TopicPartition
	Bytes  int64 `json:"bytes"`
	Lag    int64 `json:"lag"`    // offsets behind the high watermark, or behind the present replica where Future is set
	Future bool  `json:"future"` // on its way from another folder
}
