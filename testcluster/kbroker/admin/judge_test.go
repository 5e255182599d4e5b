package admin_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
)

// captured is what Kafka 2.7.2 answers to the requests of probes.
const captured = "testdata/kafka-2.7.2.txt"

// ours are the answers that are not Kafka's, and why.
var ours = map[string]string{
	// Kafka falls over a null.
	"alter without value": "a INVALID_REQUEST Null value not supported for : retention.ms",
	"append to unknown":   "a INVALID_CONFIG Unknown topic config name: no.such",
	// Kafka forgets to decode the name.
	"all credentials":  `NONE | "a" NONE 1/4096 2/8192 | "ü/b" NONE 1/16384`,
	"credentials left": `NONE | "a" NONE 2/8192 | "ü/b" NONE 1/16384`,
	// Kafka says nothing of its own.
	"describe the unknown": "x INVALID_REQUEST Unsupported resource type: UNKNOWN",
}

// TestAnswers_AreKafkas compares each answer with the one that was captured from Kafka.
func TestAnswers_AreKafkas(t *testing.T) {
	c := newCluster(t, 1)
	want := golden(t)
	for name, answer := range ours {
		if want[name] == "" || want[name] == answer {
			t.Errorf("%q is no deviation", name)
		}
		want[name] = answer
	}
	ask(t, c.client, want)
}

// TestCaptured_IsKafkas asks a live Kafka the same. With ZOKA_CAPTURE set it writes the file.
func TestCaptured_IsKafkas(t *testing.T) {
	zk := peertest.StartZK39(t, peertest.Options{})
	kafka := peertest.StartKafka(t, "27", zk.Addr(), peertest.KafkaOptions{FirstID: 1})
	client, err := kgo.NewClient(kgo.SeedBrokers(kafka.Bootstrap()), kgo.MaxVersions(kversion.V2_7_0()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if os.Getenv("ZOKA_CAPTURE") == "" {
		ask(t, client, golden(t))
		return
	}
	if err := os.WriteFile(captured, []byte(ask(t, client, nil)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// golden are the captured answers by probe.
func golden(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile(captured)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		name, answer, _ := strings.Cut(line, ": ")
		want[name] = answer
	}
	if len(want) != len(probes()) {
		t.Fatalf("%d answers to %d probes", len(want), len(probes()))
	}
	return want
}

// ask sends all probes to broker 1, writes down the answers, and compares them with those that are wanted, if any.
func ask(t *testing.T, client *kgo.Client, want map[string]string) string {
	t.Helper()
	var b strings.Builder
	for _, p := range probes() {
		var answer string
		for deadline := time.Now().Add(3 * time.Second); ; {
			resp, err := client.Broker(1).Request(t.Context(), p.req)
			if err != nil {
				t.Fatalf("%s: %v", p.name, err)
			}
			answer = strings.Join(written(resp), " | ")
			if !p.later || want != nil && answer == want[p.name] || time.Now().After(deadline) {
				break
			}
		}
		if want != nil && answer != want[p.name] {
			t.Errorf("%s\ngot  %s\nwant %s", p.name, answer, want[p.name])
		}
		fmt.Fprintf(&b, "%s: %s\n", p.name, answer)
		if p.settle {
			gone(t, client, "tmp")
		}
	}
	return b.String()
}

// gone waits until a topic may be made again.
func gone(t *testing.T, client *kgo.Client, topic string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		req := create(kmsg.CreateTopicsRequestTopic{Topic: topic, NumPartitions: 1, ReplicationFactor: 1})
		req.ValidateOnly = true
		resp, err := client.Broker(1).Request(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.(*kmsg.CreateTopicsResponse).Topics[0].ErrorCode == 0 {
			return
		}
	}
	t.Fatalf("topic %s does not go", topic)
}

func outcome(code int16, text *string) string {
	s := kproto.Error(code).Name()
	if text != nil && *text != "" {
		s += " " + *text
	}
	return s
}

// written is an answer for people.
func written(resp kmsg.Response) []string {
	var out []string
	switch r := resp.(type) {
	case *kmsg.CreateTopicsResponse:
		for _, t := range r.Topics {
			s := fmt.Sprintf("%s %s %d %d", t.Topic, outcome(t.ErrorCode, t.ErrorMessage), t.NumPartitions, t.ReplicationFactor)
			for _, c := range t.Configs {
				if c.Source != 5 && c.Source != 4 {
					s += fmt.Sprintf(" %s=%s(%d)", c.Name, text(c.Value), c.Source)
				}
			}
			out = append(out, fmt.Sprintf("%s, %d configs", s, len(t.Configs)))
		}
	case *kmsg.DeleteTopicsResponse:
		for _, t := range r.Topics {
			out = append(out, *t.Topic+" "+outcome(t.ErrorCode, t.ErrorMessage))
		}
	case *kmsg.CreatePartitionsResponse:
		for _, t := range r.Topics {
			out = append(out, t.Topic+" "+outcome(t.ErrorCode, t.ErrorMessage))
		}
	case *kmsg.AlterConfigsResponse:
		for _, t := range r.Resources {
			out = append(out, t.ResourceName+" "+outcome(t.ErrorCode, t.ErrorMessage))
		}
	case *kmsg.IncrementalAlterConfigsResponse:
		for _, t := range r.Resources {
			out = append(out, t.ResourceName+" "+outcome(t.ErrorCode, t.ErrorMessage))
		}
	case *kmsg.DescribeConfigsResponse:
		for _, t := range r.Resources {
			var configs []string // Kafka's are in the order of a hash map
			for _, c := range t.Configs {
				if c.Source == 5 || c.Source == 4 {
					continue
				}
				s := fmt.Sprintf(" %s=%s(%d,%d,%v)", c.Name, text(c.Value), c.Source, c.ConfigType, c.ReadOnly)
				for _, syn := range c.ConfigSynonyms {
					s += fmt.Sprintf(" <%s=%s(%d)", syn.Name, text(syn.Value), syn.Source)
				}
				configs = append(configs, s)
			}
			slices.Sort(configs)
			out = append(out, t.ResourceName+" "+outcome(t.ErrorCode, t.ErrorMessage)+strings.Join(configs, ""))
		}
	case *kmsg.DescribeClientQuotasResponse:
		out = append(out, outcome(r.ErrorCode, r.ErrorMessage))
		var entries []string
		for _, e := range r.Entries {
			var s []string
			for _, c := range e.Entity {
				name := "<default>"
				if c.Name != nil {
					name = fmt.Sprintf("%q", *c.Name)
				}
				s = append(s, c.Type+" "+name)
			}
			slices.Sort(s)
			var values []string
			for _, v := range e.Values {
				values = append(values, fmt.Sprintf("%s=%v", v.Key, v.Value))
			}
			slices.Sort(values)
			entries = append(entries, strings.Join(append(s, values...), " "))
		}
		slices.Sort(entries)
		out = append(out, entries...)
	case *kmsg.AlterClientQuotasResponse:
		for _, e := range r.Entries {
			out = append(out, outcome(e.ErrorCode, e.ErrorMessage))
		}
	case *kmsg.DescribeUserSCRAMCredentialsResponse:
		out = append(out, outcome(r.ErrorCode, r.ErrorMessage))
		for _, u := range r.Results {
			s := fmt.Sprintf("%q %s", u.User, outcome(u.ErrorCode, u.ErrorMessage))
			for _, c := range u.CredentialInfos {
				s += fmt.Sprintf(" %d/%d", c.Mechanism, c.Iterations)
			}
			out = append(out, s)
		}
		slices.Sort(out[1:])
	case *kmsg.AlterUserSCRAMCredentialsResponse:
		for _, u := range r.Results {
			out = append(out, fmt.Sprintf("%q %s", u.User, outcome(u.ErrorCode, u.ErrorMessage)))
		}
		slices.Sort(out)
	case *kmsg.DescribeACLsResponse:
		out = append(out, outcome(r.ErrorCode, r.ErrorMessage))
	case *kmsg.CreateACLsResponse:
		for _, e := range r.Results {
			out = append(out, outcome(e.ErrorCode, e.ErrorMessage))
		}
	case *kmsg.DeleteACLsResponse:
		for _, e := range r.Results {
			out = append(out, outcome(e.ErrorCode, e.ErrorMessage))
		}
	default:
		out = append(out, fmt.Sprintf("%T", resp))
	}
	return out
}

func text(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}
