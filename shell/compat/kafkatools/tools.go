package kafkatools

import (
	"context"
	"slices"
)

// tool is one of Apache's programs.
type tool struct {
	about string
	table []option
	// logger is the name that errors are logged by, of 2.7 and of 4.
	logger [2]string
	// check refuses command lines before anything is dialled.
	check func(*options) error
	run   func(context.Context, *call) error
	// failed writes what Apache's writes for an error, apart from the logged line. Nil is nothing.
	failed func(*call, error)
}

var tools = map[string]*tool{
	"kafka-configs.sh":          configsTool,
	"kafka-delete-records.sh":   deleteRecordsTool,
	"kafka-console-consumer.sh": consumerTool,
	"kafka-console-producer.sh": producerTool,
	"kafka-consumer-groups.sh":  groupsTool,
	"kafka-get-offsets.sh":      getOffsetsTool,
	"kafka-topics.sh":           topicsTool,
}

// Names are the names of the tools, sorted.
func Names() []string {
	var names []string
	for name := range tools {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Usage is the text of a tool's --help.
func Usage(name string) string {
	t := tools[name]
	return t.about + "\n" + usage(t.table)
}
