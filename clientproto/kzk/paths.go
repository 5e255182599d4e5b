package kzk

import (
	"strconv"
	"strings"
)

// The znodes with fixed paths, and the parents of those that are named for something.
const (
	BrokerIDsPath         = "/brokers/ids"
	BrokerSequencePath    = "/brokers/seqid" // its version yields automatic broker ids
	TopicsPath            = "/brokers/topics"
	ControllerPath        = "/controller"
	ControllerEpochPath   = "/controller_epoch"
	ClusterPath           = "/cluster"
	ClusterIDPath         = "/cluster/id"
	ConfigPath            = "/config"
	ConfigChangesPath     = "/config/changes"
	DeleteTopicsPath      = "/admin/delete_topics"
	ReassignmentPath      = "/admin/reassign_partitions"
	PreferredElectionPath = "/admin/preferred_replica_election"
	ISRChangesPath        = "/isr_change_notification"
	LogDirEventsPath      = "/log_dir_event_notification"
	ProducerIDBlockPath   = "/latest_producer_id_block"

	// ConfigChangePrefix and the next are of sequential znodes: ZooKeeper adds ten digits.
	ConfigChangePrefix = ConfigChangesPath + "/config_change_"
	ISRChangePrefix    = ISRChangesPath + "/isr_change_"
	LogDirEventPrefix  = LogDirEventsPath + "/log_dir_event_"
)

// PersistentPaths are what every broker creates at its start where it is missing, parents first.
// Source: ZkData.PersistentZkPaths, with their parents.
var PersistentPaths = []string{
	"/consumers", "/brokers", BrokerIDsPath, TopicsPath, ConfigPath, ConfigChangesPath, "/admin", DeleteTopicsPath,
	BrokerSequencePath, ISRChangesPath, ProducerIDBlockPath, LogDirEventsPath,
	ConfigPath + "/topics", ConfigPath + "/clients", ConfigPath + "/users", ConfigPath + "/brokers",
}

// BrokerPath is the registration of a broker.
func BrokerPath(id int32) string { return BrokerIDsPath + "/" + itoa(id) }

// TopicPath is a topic's assignment.
func TopicPath(topic string) string { return TopicsPath + "/" + topic }

// PartitionsPath is the parent of a topic's partitions.
func PartitionsPath(topic string) string { return TopicPath(topic) + "/partitions" }

// PartitionPath is the parent of a partition's state.
func PartitionPath(topic string, partition int32) string {
	return PartitionsPath(topic) + "/" + itoa(partition)
}

// StatePath is a partition's state.
func StatePath(topic string, partition int32) string {
	return PartitionPath(topic, partition) + "/state"
}

// TopicConfigPath has the overrides of a topic.
func TopicConfigPath(topic string) string { return ConfigPath + "/topics/" + topic }

// DeleteTopicPath asks the controller to delete a topic.
func DeleteTopicPath(topic string) string { return DeleteTopicsPath + "/" + topic }

func itoa(n int32) string { return strconv.FormatInt(int64(n), 10) }

// parseID reads a number as itoa writes it: nothing else is a broker or a partition.
func parseID(s string) (int32, bool) {
	n, err := strconv.ParseInt(s, 10, 32)
	return int32(n), err == nil && n >= 0 && itoa(int32(n)) == s
}

// ParseStatePath says which partition's state a path is.
func ParseStatePath(path string) (p TopicPartition, ok bool) {
	rest, ok := strings.CutPrefix(path, TopicsPath+"/")
	if !ok {
		return p, false
	}
	if rest, ok = strings.CutSuffix(rest, "/state"); !ok {
		return p, false
	}
	topic, id, ok := strings.Cut(rest, "/partitions/")
	if !ok || topic == "" || strings.Contains(topic, "/") {
		return p, false
	}
	n, ok := parseID(id)
	return TopicPartition{topic, n}, ok
}
