package kafkacmd_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/zoka-project/zoka/clientproto/kafka"
	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/scripts/peers/peertest"
	"github.com/zoka-project/zoka/shell/builtin"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/kafkacmd"
	"github.com/zoka-project/zoka/shell/shelltest"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// The files of testdata/commands are what people type and what they get, one file a command: see shelltest. Each runs
// on every cluster. $BOOTSTRAP is the cluster's address; its only broker has the id 1.

// TestCommands_Apache27 runs the files on a broker of Kafka 2.7.2.
func TestCommands_Apache27(t *testing.T) {
	zookeeper := peertest.StartZK39(t, peertest.Options{})
	cluster := peertest.StartKafka(t, "27", zookeeper.Addr(), peertest.KafkaOptions{FirstID: 1})
	runFiles(t, cluster.Bootstrap(), "testdata/commands/*.txt")
}

// TestCommands_Apache4 runs them on a broker of Kafka 4.2.
func TestCommands_Apache4(t *testing.T) {
	cluster := peertest.StartKRaft(t, peertest.KafkaOptions{FirstID: 1})
	runFiles(t, cluster.Bootstrap(), "testdata/commands/*.txt")
}

// TestCommands_Own runs them on a broker of zoka's.
func TestCommands_Own(t *testing.T) {
	bootstrap := startOwn(t, 1)
	runFiles(t, bootstrap, "testdata/commands/*.txt")
	for _, line := range []string{"produce 'a b' x", "consume 'a b'", "topics describe 'a b'"} { // which is named once
		fails(t, newSession(t, bootstrap), line, command.ExitFailed, `[a-z ]+ 'a b': INVALID_TOPIC_EXCEPTION: [^:]*`)
	}
}

// startOwn starts zoka's servers and brokers, and returns the brokers' addresses.
func startOwn(t *testing.T, nodes int) string {
	t.Helper()
	e, err := ensemble.Start(t.Context(), ensemble.Options{Nodes: nodes, InMemory: true, Brokers: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e.BootstrapServers()
}

// testTypedPassword: a password is asked for twice, and nothing is done where the two differ.
func testTypedPassword(t *testing.T, s *shelltest.Session) {
	var asked []string
	answers := []string{"one", "other", "secret", "secret"}
	s.Env.ReadSecret = func(_ context.Context, prompt string) (string, error) {
		asked = append(asked, prompt)
		answer := answers[0]
		answers = answers[1:]
		return answer, nil
	}
	fails(t, s, "users set carol", command.ExitFailed, "users set: not done: the two passwords are not the same")
	shows(t, s, "users set carol", "carol: SCRAM-SHA-256, SCRAM-SHA-512\n")
	shows(t, s, "users delete carol", "carol: no SCRAM-SHA-256, SCRAM-SHA-512\n")
	if want := []string{"password of carol: ", "once more: ", "password of carol: ", "once more: "}; !slices.Equal(asked, want) {
		t.Errorf("asked %q", asked)
	}
}

func runFiles(t *testing.T, bootstrap, pattern string) {
	t.Helper()
	t.Run("active group", func(t *testing.T) { testActiveGroup(t, bootstrap) })
	t.Run("typed password", func(t *testing.T) { testTypedPassword(t, newSession(t, bootstrap)) })
	t.Run("confirm", func(t *testing.T) { testConfirm(t, bootstrap) })
	shelltest.RunFiles(t, pattern, map[string]string{"$BOOTSTRAP": bootstrap}, func(t *testing.T) *shelltest.Session {
		return newSession(t, bootstrap)
	})
}

func newSession(t *testing.T, bootstrap string) *shelltest.Session {
	t.Helper()
	registry, err := command.NewRegistry(kafkacmd.Commands, builtin.Commands)
	if err != nil {
		t.Fatal(err)
	}
	options := command.NewOptions(command.DefaultSettings())
	client := command.Client{Kafka: command.KafkaClient{
		Dial: func(ctx context.Context, target command.KafkaTarget) (command.Kafka, error) {
			c, err := kafka.Dial(ctx, kafka.Config{Bootstrap: target.Bootstrap, Timeout: target.Timeout})
			if err != nil {
				return nil, usage(err)
			}
			return cluster{c}, nil
		},
		NewReader: func(layout string, r io.Reader) (command.RecordReader, error) {
			reader, err := kafka.NewReader(layout, r)
			return reader, usage(err)
		},
		NewFormatter: func(layout string) (command.RecordFormatter, error) {
			formatter, err := kafka.NewFormatter(layout)
			return formatter, usage(err)
		},
	}}
	env := &command.Env{Commands: registry, Options: options, Client: client, Stdin: strings.NewReader(""), Version: "test"}
	s := shelltest.NewSession(env)
	env.Session = command.NewSessions(client, options, command.Target{}, env.ShowEvent, func() {})
	env.Brokers = command.NewBrokers(client.Kafka, options, command.KafkaTarget{Bootstrap: bootstrap}, env.Session)
	t.Cleanup(env.Brokers.Close)
	return s
}

// cluster is a kafka.Client with the interfaces that commands know.
type cluster struct{ *kafka.Client }

func (c cluster) Producer(ctx context.Context, o kmodel.ProduceOptions, failed func(int64, kmodel.Record, error)) (command.Producer, error) {
	p, err := c.Client.Producer(ctx, o, failed)
	return p, usage(err)
}

func (c cluster) Consumer(ctx context.Context, o kmodel.ConsumeOptions) (command.Consumer, error) {
	consumer, err := c.Client.Consumer(ctx, o)
	return consumer, usage(err)
}

// usage makes a configuration that cannot be used an error of usage, as cmd/zoka does.
func usage(err error) error {
	var bad *kafka.ConfigError
	if errors.As(err, &bad) {
		return command.Usagef("%v", err)
	}
	return err
}
