package kzk

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// EncodeController writes /controller in version 1.
func EncodeController(broker int32, timestampMs int64) []byte {
	b := appendInt([]byte(`{"version":1,"brokerid":`), int64(broker))
	b = appendInt(append(b, `,"timestamp":"`...), timestampMs)
	return append(b, `"}`...)
}

// DecodeController reads which broker is the controller, of versions 1 and 2, and of Kafka 0.7's, which
// was the plain number.
func DecodeController(data []byte) (broker int32, err error) {
	var j struct {
		BrokerID *int32 `json:"brokerid"`
	}
	if n, err := strconv.ParseInt(string(data), 10, 32); err == nil {
		return int32(n), nil
	}
	if err := decode(data, &j); err != nil {
		return -1, err
	}
	if j.BrokerID == nil {
		return -1, errors.New("brokerid is missing")
	}
	return *j.BrokerID, nil
}

// EncodeControllerEpoch writes /controller_epoch: plain digits.
func EncodeControllerEpoch(epoch int32) []byte { return appendInt(nil, int64(epoch)) }

// DecodeControllerEpoch reads /controller_epoch.
func DecodeControllerEpoch(data []byte) (int32, error) {
	n, err := strconv.ParseInt(string(data), 10, 32)
	if err != nil {
		return -1, fmt.Errorf("%q is not a number", data)
	}
	return int32(n), nil
}

// EncodeClusterID writes /cluster/id.
func EncodeClusterID(id string) []byte {
	return append(appendString([]byte(`{"version":"1","id":`), id), '}')
}

// DecodeClusterID reads /cluster/id.
func DecodeClusterID(data []byte) (string, error) {
	var j struct {
		ID string `json:"id"`
	}
	if err := decode(data, &j); err != nil {
		return "", err
	}
	if j.ID == "" {
		return "", errors.New("id is missing")
	}
	return j.ID, nil
}

// EncodeConfig writes the overrides of an entity, its keys sorted.
// Source: ConfigEntityZNode.
func EncodeConfig(config map[string]string) []byte {
	return append(appendMap([]byte(`{"version":1,"config":`), config), '}')
}

// DecodeConfig reads the overrides of an entity. A znode without data has none: it is the parent of others.
func DecodeConfig(data []byte) (map[string]string, error) {
	if len(data) == 0 {
		return nil, nil
	}
	var j struct {
		Config map[string]string `json:"config"`
	}
	if err := decode(data, &j); err != nil {
		return nil, err
	}
	if j.Config == nil {
		return nil, errors.New("config is missing")
	}
	return j.Config, nil
}

// EncodeConfigChange writes the notification that an entity's overrides have changed; key as of [Entity.Key].
func EncodeConfigChange(key string) []byte {
	return append(appendString([]byte(`{"version":2,"entity_path":`), key), '}')
}

// DecodeConfigChange reads which entity's overrides have changed, of versions 1 and 2.
func DecodeConfigChange(data []byte) (key string, err error) {
	var j struct {
		Path string `json:"entity_path"`
		Type string `json:"entity_type"`
		Name string `json:"entity_name"`
	}
	if err := decode(data, &j); err != nil {
		return "", err
	}
	if key = j.Path; key == "" {
		key = j.Type + "/" + j.Name
	}
	if strings.HasPrefix(key, "/") || strings.HasSuffix(key, "/") {
		return "", errors.New("entity_path is missing")
	}
	return key, nil
}

// ProducerIDBlock is a range of producer ids that one broker may hand out, both ends included.
type ProducerIDBlock struct {
	Broker     int32
	Start, End int64
}

// EncodeProducerIDBlock writes /latest_producer_id_block.
func EncodeProducerIDBlock(p ProducerIDBlock) []byte {
	b := appendInt([]byte(`{"version":1,"broker":`), int64(p.Broker))
	b = appendInt(append(b, `,"block_start":"`...), p.Start)
	b = appendInt(append(b, `","block_end":"`...), p.End)
	return append(b, `"}`...)
}

// DecodeProducerIDBlock reads /latest_producer_id_block.
func DecodeProducerIDBlock(data []byte) (ProducerIDBlock, error) {
	var j struct {
		Broker *int32  `json:"broker"`
		Start  *number `json:"block_start"`
		End    *number `json:"block_end"`
	}
	if err := decode(data, &j); err != nil {
		return ProducerIDBlock{}, err
	}
	if j.Broker == nil || j.Start == nil || j.End == nil || *j.Start < 0 || *j.End < *j.Start {
		return ProducerIDBlock{}, errors.New("broker, block_start or block_end is missing or wrong")
	}
	return ProducerIDBlock{*j.Broker, int64(*j.Start), int64(*j.End)}, nil
}

type partitionJSON struct {
	Topic     string  `json:"topic"`
	Partition *int32  `json:"partition"`
	Replicas  []int32 `json:"replicas"`
}

func decodePartitions(data []byte) ([]partitionJSON, error) {
	var j struct {
		Partitions []partitionJSON `json:"partitions"`
	}
	if err := decode(data, &j); err != nil {
		return nil, err
	}
	for _, p := range j.Partitions {
		if p.Topic == "" || p.Partition == nil {
			return nil, errors.New("topic or partition is missing")
		}
	}
	return j.Partitions, nil
}

func appendPartition(b []byte, p TopicPartition) []byte {
	b = appendString(append(b, `{"topic":`...), p.Topic)
	return appendInt(append(b, `,"partition":`...), int64(p.Partition))
}

// EncodePartitions writes the list that /admin/preferred_replica_election and the notifications of changed
// ISRs have.
func EncodePartitions(partitions []TopicPartition) []byte {
	b := []byte(`{"version":1,"partitions":[`)
	for i, p := range partitions {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendPartition(b, p), '}')
	}
	return append(b, "]}"...)
}

// DecodePartitions reads what [EncodePartitions] writes.
func DecodePartitions(data []byte) ([]TopicPartition, error) {
	list, err := decodePartitions(data)
	out := make([]TopicPartition, 0, len(list))
	for _, p := range list {
		out = append(out, TopicPartition{p.Topic, *p.Partition})
	}
	return out, err
}

// EncodeReassignment writes /admin/reassign_partitions.
func EncodeReassignment(r *Reassignment) []byte {
	b := []byte(`{"version":1,"partitions":[`)
	for i, p := range r.Partitions {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendPartition(b, p.TopicPartition)
		b = append(appendIDs(append(b, `,"replicas":`...), p.Replicas), '}')
	}
	return append(b, "]}"...)
}

// DecodeReassignment reads /admin/reassign_partitions. Version is left to the caller.
func DecodeReassignment(data []byte) (*Reassignment, error) {
	list, err := decodePartitions(data)
	if err != nil {
		return nil, err
	}
	r := &Reassignment{Partitions: make([]ReassignPartition, 0, len(list))}
	for _, p := range list {
		if len(p.Replicas) == 0 {
			return nil, fmt.Errorf("replicas of %s-%d are missing", p.Topic, *p.Partition)
		}
		r.Partitions = append(r.Partitions, ReassignPartition{TopicPartition{p.Topic, *p.Partition}, p.Replicas})
	}
	return r, nil
}

// EncodeLogDirEvent writes the notification that a broker's log directory has failed.
func EncodeLogDirEvent(broker int32) []byte {
	return append(appendInt([]byte(`{"version":1,"broker":`), int64(broker)), `,"event":1}`...)
}
