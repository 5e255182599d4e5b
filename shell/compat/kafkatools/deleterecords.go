package kafkatools

import (
	"context"
	"encoding/json"
	"os"

	"github.com/zoka-project/zoka/clientproto/kmodel"
)

var deleteRecordsTool = &tool{
	about:  "This tool helps to delete records of the given partitions down to the specified offset.",
	logger: [2]string{"kafka.admin.DeleteRecordsCommand$", "org.apache.kafka.tools.DeleteRecordsCommand"},
	table: []option{
		{name: "bootstrap-server", kind: value, arg: "host:port,…", help: "brokers of the cluster"},
		{name: "offset-json-file", kind: value, arg: "file", help: `{"partitions":[{"topic":"t","partition":0,"offset":1}],"version":1}; -1 is the end`},
		{name: "command-config", kind: value, arg: "file", help: "a client.properties"},
	},
	check: func(o *options) error { return o.require("bootstrap-server", "offset-json-file") },
	run:   runDeleteRecords,
}

func runDeleteRecords(ctx context.Context, c *call) error {
	before, err := readOffsets(c.text("offset-json-file"))
	if err != nil {
		return err
	}
	kafka, err := c.open(ctx)
	if err != nil {
		return err
	}
	c.printf("Executing records delete operation\n")
	answers, err := kafka.DeleteRecords(ctx, before)
	if err != nil {
		return err
	}
	c.printf("Records delete operation completed:\n")
	// A copy of a map is made for a third more than there is, and one.
	hashOrderBy(answers, len(answers)*4/3+1, func(o kmodel.PartitionOffset) int32 { return partitionHash(o.TopicPartition) })
	for _, a := range answers {
		if a.Err != nil {
			err = reported{a.Err}
			c.printf("partition: %s\terror: %s\n", a.TopicPartition, exception(a.Err))
		} else {
			c.printf("partition: %s\tlow_watermark: %d\n", a.TopicPartition, a.Offset)
		}
	}
	return err
}

// readOffsets reads the file of --offset-json-file.
func readOffsets(path string) ([]kmodel.PartitionOffset, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, refuse("Unable to read file %s", path)
	}
	var file struct {
		Version    *int `json:"version"`
		Partitions []struct {
			Topic     *string `json:"topic"`
			Partition *int32  `json:"partition"`
			Offset    *int64  `json:"offset"`
		} `json:"partitions"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, refuse("The input string is not a valid JSON: %v", err)
	}
	if file.Version != nil && *file.Version != 1 {
		return nil, refuse("Not supported version field value %d", *file.Version)
	}
	if file.Partitions == nil {
		return nil, refuse("Missing partitions field")
	}
	seen := map[kmodel.TopicPartition]bool{}
	var before []kmodel.PartitionOffset
	for _, p := range file.Partitions {
		if p.Topic == nil || p.Partition == nil || p.Offset == nil {
			return nil, refuse("%s: each partition wants topic, partition and offset", path)
		}
		at := kmodel.TopicPartition{Topic: *p.Topic, Partition: *p.Partition}
		if seen[at] {
			return nil, refuse("Offset json file contains duplicate topic partitions: %s", at)
		}
		seen[at] = true
		before = append(before, kmodel.PartitionOffset{TopicPartition: at, Offset: *p.Offset, Timestamp: -1, LeaderEpoch: -1})
	}
	return before, nil
}
