package kconf

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

var rewrite = flag.Bool("rewrite", false, "write what Apache Kafka answers to testdata")

// judged are the settings of the broker that is asked: each kind of key, and values in other units.
var judged = []string{
	"log.retention.hours=48", "log.roll.hours=24", "log.roll.ms=3600000", "log.flush.scheduler.interval.ms=5000",
	"log.cleanup.policy=compact , delete", "compression.type=lz4", "min.insync.replicas=1", "log.cleaner.min.cleanable.ratio=.25",
	"auto.create.topics.enable=FALSE", "num.partitions=+3", "ssl.keystore.password=secret", "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256",
	"log.cleaner.io.max.bytes.per.second=12345678.9", "broker.rack=a rack", "zookeeper.connection.timeout.ms=18000",
}

// Further values: those of the topic, and those that are set while the broker runs, for it and for all.
var (
	topicOverrides = map[string]string{"retention.bytes": "1000", "cleanup.policy": "delete", "min.cleanable.dirty.ratio": "0.75"}
	dynamicBroker  = map[string]string{"log.retention.ms": "1000000", "log.cleaner.threads": "2"}
	dynamicAll     = map[string]string{"log.segment.delete.delay.ms": "30000", "min.insync.replicas": "2"}
)

const (
	capturedFile   = "testdata/server.properties"
	capturedAnswer = "testdata/describe-2.7.2.txt"
)

// TestDescribe_Captured: the tables answer what Kafka 2.7.2 has answered on the same configuration.
func TestDescribe_Captured(t *testing.T) {
	want, err := os.ReadFile(capturedAnswer)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, ours(t, capturedFile), string(want))
}

// TestDescribe_Kafka asks a live 2.7.2.
func TestDescribe_Kafka(t *testing.T) {
	cluster := peertest.StartKafka(t, "27", peertest.StartZK39(t, peertest.Options{}).Addr(), peertest.KafkaOptions{FirstID: 1, Config: judged})
	want := theirs(t, cluster.Bootstrap())
	config := cluster.Brokers[0].ConfigFile
	if *rewrite {
		text, err := os.ReadFile(config)
		if err := errors.Join(err, os.WriteFile(capturedFile, text, 0o644), os.WriteFile(capturedAnswer, []byte(want), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	compare(t, ours(t, config), want)
}

func compare(t *testing.T, got, want string) {
	t.Helper()
	ours, theirs := strings.Split(got, "\n"), strings.Split(want, "\n")
	if len(theirs) < len(Brokers())+len(Topics()) {
		t.Errorf("Kafka has %d lines", len(theirs))
	}
	// What a topic inherits from log.retention.ms, Kafka 2.7.2 goes on to answer as it was when the broker started; it
	// deletes by the new value.
	stale := func(line string) bool { return strings.HasPrefix(line, "topic retention.ms ") }
	for _, line := range ours {
		if !slices.Contains(theirs, line) && !stale(line) {
			t.Errorf("only ours:    %s", line)
		}
	}
	for _, line := range theirs {
		if !slices.Contains(ours, line) && !stale(line) {
			t.Errorf("only Kafka's: %s", line)
		}
	}
}

func ours(t *testing.T, path string) string {
	t.Helper()
	b, _, err := LoadBroker(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, part := range []struct {
		name    string
		entries []Entry
	}{
		{"topic", b.DescribeTopic(topicOverrides, dynamicBroker, dynamicAll)},
		{"broker", b.DescribeBroker(dynamicBroker, dynamicAll)},
		{"all", DescribeAll(dynamicAll)},
	} {
		for _, e := range part.entries {
			line := describe{part.name, e.Key.Name, int8(e.Key.Type), pointer(e.Value, e.Null), e.ReadOnly, int8(e.Source), nil}
			for _, s := range e.Synonyms {
				line.synonyms = append(line.synonyms, synonym{s.Name, pointer(s.Value, s.Null), int8(s.Source)})
			}
			lines = append(lines, line.String())
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func pointer(value string, isNull bool) *string {
	if isNull {
		return nil
	}
	return &value
}

// describe is one line of a comparison.
type describe struct {
	part, name string
	kind       int8
	value      *string
	readOnly   bool
	source     int8
	synonyms   []synonym
}

type synonym struct {
	name   string
	value  *string
	source int8
}

func (d describe) String() string {
	text := fmt.Sprintf("%s %s type=%d source=%d readOnly=%v %s", d.part, d.name, d.kind, d.source, d.readOnly, show(d.value))
	for _, s := range d.synonyms {
		text += fmt.Sprintf(" | %d %s %s", s.source, s.name, show(s.value))
	}
	return text
}

func show(value *string) string {
	if value == nil {
		return "null"
	}
	return fmt.Sprintf("%q", *value)
}

// theirs sets the further values, waits until the broker has taken them, and returns its answer.
func theirs(t *testing.T, bootstrap string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	create := kmsg.NewPtrCreateTopicsRequest()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = "judged", 1, 1
	for name, value := range topicOverrides {
		topic.Configs = append(topic.Configs, kmsg.CreateTopicsRequestTopicConfig{Name: name, Value: &value})
	}
	create.Topics = append(create.Topics, topic)
	if _, err := create.RequestWith(ctx, client); err != nil {
		t.Fatal(err)
	}
	alter := kmsg.NewPtrIncrementalAlterConfigsRequest()
	for _, set := range []struct {
		broker string
		values map[string]string
	}{{"1", dynamicBroker}, {"", dynamicAll}} {
		resource := kmsg.NewIncrementalAlterConfigsRequestResource()
		resource.ResourceType, resource.ResourceName = kmsg.ConfigResourceTypeBroker, set.broker
		for key, value := range set.values {
			resource.Configs = append(resource.Configs, kmsg.IncrementalAlterConfigsRequestResourceConfig{Name: key, Value: &value})
		}
		alter.Resources = append(alter.Resources, resource)
	}
	altered, err := alter.RequestWith(ctx, client)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range altered.Resources {
		if r.ErrorCode != 0 {
			t.Fatalf("alter %q: %d %v", r.ResourceName, r.ErrorCode, r.ErrorMessage)
		}
	}
	for {
		lines, missing := ask(ctx, t, client)
		if len(missing) == 0 {
			return lines
		}
		if ctx.Err() != nil {
			t.Fatalf("these values do not arrive: %q", missing)
		}
	}
}

// awaited are the values that show that a broker has taken all that was set: it does so one after the other.
var awaited = map[string]string{
	"broker log.retention.ms": "1000000", "broker log.cleaner.threads": "2", "broker log.segment.delete.delay.ms": "30000",
	"broker min.insync.replicas": "2", "topic file.delete.delay.ms": "30000", "topic min.insync.replicas": "2",
}

// ask returns the answer, and what of awaited is missing in it.
func ask(ctx context.Context, t *testing.T, client *kgo.Client) (string, map[string]string) {
	t.Helper()
	request := kmsg.NewPtrDescribeConfigsRequest()
	request.IncludeSynonyms = true
	for name, kind := range map[string]kmsg.ConfigResourceType{"judged": kmsg.ConfigResourceTypeTopic, "1": kmsg.ConfigResourceTypeBroker, "": kmsg.ConfigResourceTypeBroker} {
		resource := kmsg.NewDescribeConfigsRequestResource()
		resource.ResourceType, resource.ResourceName = kind, name
		request.Resources = append(request.Resources, resource)
	}
	var lines []string
	missing := maps.Clone(awaited)
	for _, shard := range client.RequestSharded(ctx, request) {
		if shard.Err != nil {
			t.Errorf("describe: %v", shard.Err)
			return "", missing
		}
		for _, r := range shard.Resp.(*kmsg.DescribeConfigsResponse).Resources {
			if r.ErrorCode != 0 {
				t.Fatalf("describe %q: %d %v", r.ResourceName, r.ErrorCode, r.ErrorMessage)
			}
			part := map[string]string{"judged": "topic", "1": "broker", "": "all"}[r.ResourceName]
			for _, c := range r.Configs {
				line := describe{part, c.Name, int8(c.ConfigType), c.Value, c.ReadOnly, int8(c.Source), nil}
				for _, s := range c.ConfigSynonyms {
					line.synonyms = append(line.synonyms, synonym{s.Name, s.Value, int8(s.Source)})
				}
				lines = append(lines, line.String())
				if c.Value != nil && awaited[part+" "+c.Name] == *c.Value {
					delete(missing, part+" "+c.Name)
				}
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n"), missing
}
