package kafkacmd

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

var configs = command.Spec{
	Name:  "configs",
	Habit: habitOf("configs"),
	Group: command.Cluster,
	Short: "show and change the configuration of topics and brokers, the quotas of users and clients",
	Long: "TYPE and NAME say whose: topic NAME, broker ID, logger ID (the levels of a broker's log), user NAME, client\n" +
		"NAME, user NAME client NAME, ip ADDRESS. The name default is for all brokers, users or clients without a value\n" +
		"of their own; in quotes it is a name. The keys of users and clients are their quotas: producer_byte_rate,\n" +
		"consumer_byte_rate, request_percentage, controller_mutation_rate; of addresses it is connection_creation_rate.",
	Examples: []command.Example{
		{Line: "configs describe topic orders", Means: "what a topic has for itself"},
		{Line: "configs set topic orders retention.ms=86400000", Means: "keep records for a day"},
		{Line: "configs describe broker 1 --all", Means: "all that a broker has, with the defaults"},
		{Line: "configs set user alice producer_byte_rate=1048576", Means: "a megabyte in a second"},
	},
	Verbs: command.Verbs("configs", configsDescribe, configsSet, configsDelete),
}

// resourceArgs say whose configuration it is.
var resourceArgs = []command.Arg{
	{Name: "TYPE", Kind: command.Choice, Values: []string{"topic", "broker", "logger", "user", "client", "ip"}},
	{Name: "NAME", Kind: command.ConfigOwner},
}

// parseResource reads the arguments of resourceArgs.
func parseResource(args []lex.Word) (kmodel.Resource, error) {
	name := args[1].Text
	switch args[0].Text {
	case "topic":
		return kmodel.Resource{Type: kmodel.TopicResource, Name: name}, nil
	case "broker":
		if name == "default" {
			return kmodel.Resource{Type: kmodel.BrokerResource}, nil
		}
	}
	if id, err := strconv.ParseInt(name, 10, 32); err != nil || id < 0 {
		return kmodel.Resource{}, command.Usagef("%s: a broker is a number", lex.Quote(name))
	}
	if args[0].Text == "logger" {
		return kmodel.Resource{Type: kmodel.BrokerLoggerResource, Name: name}, nil
	}
	return kmodel.Resource{Type: kmodel.BrokerResource, Name: name}, nil
}

// title is how a resource is called in what people read.
func title(r kmodel.Resource) string {
	if r.Name == "" {
		return "all brokers"
	}
	return r.Type.String() + " " + r.Name
}

// owner is a resource as it is typed.
func owner(r kmodel.Resource) string {
	if r.Name == "" {
		return "default"
	}
	return r.Name
}

// describeConfigs asks for one configuration. A topic or broker that is not there is an error with near names.
func describeConfigs(ctx context.Context, kafka command.Kafka, docs bool, r kmodel.Resource) ([]kmodel.Config, error) {
	if err := knownBroker(ctx, kafka, r); err != nil {
		return nil, err
	}
	described, err := kafka.Configs(ctx, docs, r)
	if err != nil {
		return nil, err
	}
	switch err := described[0].Err; {
	case errors.Is(err, kproto.UnknownTopicOrPartition):
		return nil, noTopic(ctx, kafka, r.Name)
	case err != nil:
		return nil, command.At(owner(r), err)
	}
	return described[0].Entries, nil
}

// knownBroker checks that a broker is there: the client would look for one that is not until its time is over.
func knownBroker(ctx context.Context, kafka command.Kafka, r kmodel.Resource) error {
	if r.Type == kmodel.TopicResource || r.Name == "" {
		return nil
	}
	cluster, err := kafka.Cluster(ctx)
	if err != nil {
		return err
	}
	var known []string
	for _, b := range cluster.Brokers {
		known = append(known, itoa(int64(b.ID)))
	}
	if slices.Contains(known, r.Name) {
		return nil
	}
	return command.At(r.Name, &noBrokerError{known})
}

// noBrokerError tells that there is no broker of an id, and which there are: numbers have no near ones.
type noBrokerError struct{ known []string }

func (e *noBrokerError) Error() string {
	if len(e.known) == 0 {
		return "no such broker, and no other"
	}
	return "no such broker; there are " + shorten(e.known, 20)
}

// alter makes changes, after checking that there are such keys: brokers take the deletion of any.
func alter(ctx context.Context, kafka command.Kafka, r kmodel.Resource, changes []kmodel.ConfigChange, dryRun bool) error {
	known := r
	if r.Name == "" { // its keys are those of any broker
		cluster, err := kafka.Cluster(ctx)
		if err != nil {
			return err
		}
		if len(cluster.Brokers) > 0 {
			known.Name = itoa(int64(cluster.Brokers[0].ID))
		}
	}
	entries, err := describeConfigs(ctx, kafka, false, known)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if r.Type == kmodel.BrokerResource && strings.HasPrefix(c.Name, "listener.name.") {
			continue // a key for one listener: brokers list those that are set
		}
		if err := unknownKey(entries, []string{c.Name}, r.Type.String(), nil); err != nil {
			return err
		}
	}
	if err := kafka.AlterConfigs(ctx, r, changes, dryRun); err != nil {
		return command.At(owner(r), &refusedError{err})
	}
	if !dryRun {
		settleConfigs(ctx, kafka, r, changes)
	}
	return nil
}

// refusedError is a broker's refusal of a value, in the words that are for people: the key, the value and what it may be.
// Brokers put the resource before them as Java writes it.
type refusedError struct{ err error }

func (e *refusedError) Error() string {
	text := e.err.Error()
	before, rest, found := strings.Cut(text, "Invalid config value for resource ConfigResource(")
	if _, words, closed := strings.Cut(rest, "): "); found && closed {
		return before + words
	}
	return text
}

func (e *refusedError) Unwrap() error { return e.err }
