package complete

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/kafkacmd"
)

// names is a small Kafka cluster.
type names struct{ command.Kafka }

func (names) Topics(context.Context, ...string) ([]kmodel.Topic, error) {
	return []kmodel.Topic{{Name: "orders"}, {Name: "orders.eu"}, {Name: "people"}}, nil
}

func (names) Groups(context.Context, ...string) ([]kmodel.GroupListing, error) {
	return []kmodel.GroupListing{{Name: "billing"}, {Name: "my group"}}, nil
}

func (names) Cluster(context.Context) (kmodel.Cluster, error) {
	return kmodel.Cluster{Brokers: []kmodel.Broker{{ID: 1}, {ID: 12}}}, nil
}

func (names) Configs(_ context.Context, _ bool, of ...kmodel.Resource) ([]kmodel.Configs, error) {
	entries := map[kmodel.Resource][]kmodel.Config{
		{Type: kmodel.TopicResource, Name: "orders"}:    {{Name: "retention.bytes"}, {Name: "retention.ms"}},
		{Type: kmodel.TopicResource, Name: "people"}:    {{Name: "retention.of.people"}},
		{Type: kmodel.BrokerResource, Name: "1"}:        {{Name: "log.dirs", ReadOnly: true}, {Name: "log.retention.ms"}},
		{Type: kmodel.BrokerLoggerResource, Name: "12"}: {{Name: "kafka.log"}},
	}
	return []kmodel.Configs{{Resource: of[0], Entries: entries[of[0]]}}, nil
}

// TestComplete_Kafka types lines as TestComplete does.
func TestComplete_Kafka(t *testing.T) {
	r, err := command.NewRegistry(kafkacmd.Commands)
	if err != nil {
		t.Fatal(err)
	}
	c := New(Config{Commands: r, Kafka: func(ctx context.Context, what KafkaNames, of string) ([]string, error) {
		return askKafka(ctx, names{}, what, of)
	}})
	defer c.Close()
	for line, want := range map[string]string{
		"topics ":                                    "list describe create alter delete",
		"topics de":                                  "describe delete",
		"topics describe ":                           "orders orders.eu people",
		"topics describe orders p":                   "people",
		"topics delete --re":                         "--regex",
		"topics create o":                            "", // a new name
		"topics create new -c retention.":            "retention.bytes=⏎ retention.ms=⏎",
		"topics alter orders --delete-config r":      "retention.bytes retention.ms",
		"topics --under":                             "--under-replicated --under-min-isr",
		"topics nonsense ":                           "",
		"groups describe ":                           "billing 'my group'",
		"groups reset billing --topic or":            "orders orders.eu",
		"configs describe ":                          "topic broker logger user client ip",
		"configs describe topic pe":                  "people",
		"configs describe broker ":                   "1 12 default",
		"configs set topic people ":                  "retention.of.people=⏎",
		"configs set topic people a=1 ":              "retention.of.people=⏎",
		"configs set topic people retention=":        "",
		"configs set topic people cleanup.policy=":   "cleanup.policy=compact cleanup.policy=delete cleanup.policy=compact,delete",
		"configs set topic people cleanup.policy+=d": "cleanup.policy+=delete",
		"configs set topic people unclean.leader.election.enable=f": "unclean.leader.election.enable=false",
		"configs set logger 12 kafka.log=de":                        "kafka.log=DEBUG",
		"topics create new -c compression.type=z":                   "compression.type=zstd",
		"topics create new --config=message.timestamp.type=log":     "message.timestamp.type=LogAppendTime",
		"users set a --mechanism ":                                  "SCRAM-SHA-256 SCRAM-SHA-512",
		"configs delete topic orders retention.m":                   "retention.ms",
		"configs set broker default ":                               "log.retention.ms=⏎", // none that cannot change
		"configs set logger 12 ":                                    "kafka.log=⏎",
		"configs set broker 77 ":                                    "log.retention.ms=⏎",
		"configs set user alice prod":                               "producer_byte_rate=⏎",
		"configs delete client app con":                             "consumer_byte_rate controller_mutation_rate connection_creation_rate",
		"delete-records ":                                           "orders orders.eu people",
		"consume -g b":                                              "billing",
	} {
		if got := strings.Join(ask(c, line), " "); got != want {
			t.Errorf("%q offers %q, want %q", line, got, want)
		}
	}
	if got := ask(New(Config{Commands: r}), "topics describe "); !slices.Equal(got, nil) {
		t.Errorf("without a cluster: %q", got)
	}
}
