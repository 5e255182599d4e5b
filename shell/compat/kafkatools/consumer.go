package kafkatools

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/shell/command"
)

var consumerTool = &tool{
	about:  "This tool helps to read data from Kafka topics and outputs it to standard output.",
	table:  consumerOptions,
	logger: [2]string{"kafka.tools.ConsoleConsumer$", "org.apache.kafka.tools.consumer.ConsoleConsumer"},
	check:  checkConsumer,
	run:    runConsumer,
}

var consumerOptions = []option{
	{name: "topic", kind: value, arg: "topic", help: "the topic to read"},
	{name: "include", also: []string{"whitelist"}, kind: value, arg: "regex", help: "read all topics whose names match"},
	{name: "bootstrap-server", kind: value, arg: "host:port,…", help: "brokers of the cluster"},
	{name: "zookeeper", kind: value, arg: "host:port,…/chroot", old: true, help: "find the brokers through ZooKeeper"},
	{name: "new-consumer", old: true, help: "of no effect: there is no other"},
	{name: "command-config", also: []string{"consumer.config"}, kind: value, arg: "file", help: "a client.properties"},
	{name: "command-property", also: []string{"consumer-property"}, kind: value, arg: "name=value", many: true, help: "a consumer property"},
	{name: "partition", kind: number, arg: "n", help: "read this partition alone, from the end unless --offset says more"},
	{name: "offset", kind: value, arg: "offset", help: "begin at an offset, earliest or latest; with --partition"},
	{name: "from-beginning", help: "begin with the first record; with --group where it has no commit"},
	{name: "max-messages", kind: number, arg: "n", help: "end after so many records"},
	{name: "timeout-ms", kind: number, arg: "ms", help: "end when no record has come for this long"},
	{name: "group", kind: value, arg: "group", help: "read as a member of a group"},
	{name: "formatter-property", kind: value, arg: "name=value", many: true, help: "how records are shown: print.key, print.timestamp, key.separator …"},
	{name: "property", kind: value, arg: "name=value", many: true, help: "as --formatter-property"},
	{name: "formatter-config", kind: value, arg: "file", help: "a file of formatter properties"},
	{name: "formatter", kind: value, arg: "class", help: "the class of Apache's that shows records: Default…, Logging…, NoOp…, Offsets… or GroupMetadataMessageFormatter"},
	{name: "key-deserializer", kind: value, arg: "class", help: "how keys are read: String…, Long…, IntegerDeserializer …"},
	{name: "value-deserializer", kind: value, arg: "class", help: "how values are read"},
	{name: "isolation-level", kind: value, arg: "level", help: "read_committed, or read_uncommitted, the default"},
	{name: "skip-message-on-error", help: "leave out records that cannot be shown"},
	{name: "enable-systest-events", help: "say shutdown_complete at the end"},
}

func checkConsumer(o *options) error {
	switch {
	case o.has("property") && o.has("formatter-property") && !o.is27():
		return usagef("Options --property and --formatter-property cannot be specified together.")
	case o.count("topic", "include") != 1 && o.is27():
		return usagef("Exactly one of whitelist/topic is required.")
	case o.count("topic", "include") != 1:
		return usagef("Exactly one of the following arguments is required: [topic], [include]")
	case !o.any("bootstrap-server", "zookeeper"):
		return o.require("bootstrap-server")
	case o.has("partition") && !o.has("topic"):
		return usagef("The topic is required when partition is specified.")
	case o.has("offset") && !o.has("partition"):
		return usagef("The partition is required when offset is specified.")
	case o.has("offset") && o.has("from-beginning"):
		return usagef("Options from-beginning and offset cannot be specified together.")
	case o.has("group") && o.has("partition"):
		return usagef("Options group and partition cannot be specified together.")
	case o.has("partition") && (o.number("partition", 0) < 0 || o.number("partition", 0) > 1<<31-1):
		return usagef("Cannot parse argument '%s' of option partition", o.text("partition"))
	}
	if level := o.text("isolation-level"); level != "" && level != "read_committed" && level != "read_uncommitted" {
		return usagef("Invalid value %s for configuration isolation.level: String must be one of: read_committed, read_uncommitted", level)
	}
	_, err := o.position()
	return err
}

// position is where to begin.
func (o *options) position() (kmodel.Position, error) {
	reset := o.pairs("command-property")["auto.offset.reset"]
	if reset != "" && reset != "latest" && reset != "earliest" { // none is of no use to a tool that has no offsets of its own
		return kmodel.Position{}, refuse("Invalid value %s for configuration auto.offset.reset: String must be one of: latest, earliest", reset)
	}
	switch offset := strings.ToLower(o.text("offset")); {
	case offset == "earliest":
		return kmodel.Position{Start: kmodel.StartBegin}, nil
	case offset == "latest":
		return kmodel.Position{}, nil
	case offset != "":
		n, err := strconv.ParseInt(offset, 10, 64)
		if err != nil || n < 0 {
			return kmodel.Position{}, usagef("The provided offset value '%s' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.", o.text("offset"))
		}
		return kmodel.Position{Start: kmodel.StartAt, N: n}, nil
	case o.has("from-beginning") && reset != "" && reset != "earliest":
		return kmodel.Position{}, refuse("Can't simultaneously specify --from-beginning and 'auto.offset.reset=%s', please remove one option", reset)
	case o.has("from-beginning"), reset == "earliest":
		return kmodel.Position{Start: kmodel.StartBegin}, nil
	}
	return kmodel.Position{}, nil
}

// consumeOptions are what the flags and the configuration file say of the consumer.
func (c *call) consumeOptions() (kmodel.ConsumeOptions, error) {
	o := kmodel.ConsumeOptions{Topics: []string{c.text("topic")}, Extra: c.pairs("command-property")}
	if c.has("include") {
		o.Topics, o.Regex = []string{strings.ReplaceAll(c.text("include"), ",", "|")}, true
	}
	var err error
	if o.From, err = c.position(); err != nil {
		return o, err
	}
	file, err := readProperties(c.text("command-config"))
	if err != nil {
		return o, refuse("--command-config: %v", err)
	}
	if !c.has("from-beginning") && !c.has("offset") && o.Extra["auto.offset.reset"] == "" && file["auto.offset.reset"] == "earliest" {
		o.From.Start = kmodel.StartBegin
	}
	if o.Group, err = oneGroup(c.text("group"), o.Extra["group.id"], file["group.id"]); err != nil {
		return o, err
	}
	if c.has("partition") {
		o.Partitions, o.Group = []int32{int32(c.number("partition", 0))}, ""
	}
	delete(o.Extra, "auto.offset.reset")
	delete(o.Extra, "group.id")
	o.ReadCommitted = c.text("isolation-level") == "read_committed"
	return o, nil
}

// oneGroup is the group that is named, wherever it is.
func oneGroup(names ...string) (string, error) {
	names = slices.DeleteFunc(names, func(n string) bool { return n == "" })
	if len(names) == 0 {
		return "", nil
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) > 1 {
		return "", usagef("The group ids provided in different places (directly using '--group', via '--consumer-property', or via "+
			"'--consumer.config') do not match. Detected group ids: '%s'", strings.Join(names, "', '"))
	}
	return names[0], nil
}

// firstOf is the first text that is not empty.
func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func runConsumer(ctx context.Context, c *call) error {
	show, err := c.formatter()
	if err != nil {
		return err
	}
	options, err := c.consumeOptions()
	if err != nil {
		return err
	}
	c.adviseRenamed("formatter-property", "Option --%s is deprecated and will be removed in a future version. Use --%s instead.")
	if c.has("zookeeper") {
		c.advise("Using the ConsoleConsumer with old consumer is deprecated and will be removed in a future major release. " +
			"Consider using the new consumer by passing [bootstrap-server] instead of [zookeeper].")
	}
	kafka, err := c.open(ctx)
	if err != nil {
		return err
	}
	consumer, err := kafka.Consumer(ctx, options)
	if err != nil {
		return err
	}
	r := &reading{call: c, show: show, most: c.number("max-messages", -1)}
	err = r.run(ctx, consumer)
	if cerr := consumer.Close(context.WithoutCancel(ctx)); err == nil && ctx.Err() == nil {
		err = cerr
	}
	_ = c.out.Flush() // the end of the run flushes again, and tells
	fmt.Fprintf(c.Stderr, "Processed a total of %d messages\n", r.count)
	if c.has("enable-systest-events") {
		c.printf("shutdown_complete\n")
	}
	if bad := unreadable(""); errors.As(err, &bad) {
		c.log("ERROR", "Unknown error when running consumer: ")
		fmt.Fprintln(c.Stderr, exceptionOf(bad))
		return reported{err}
	}
	return err
}

// unreadable tells that a record's bytes are not what a deserializer reads.
type unreadable string

func (e unreadable) Error() string { return string(e) }

func exceptionOf(e unreadable) string {
	return "org.apache.kafka.common.errors.SerializationException: " + string(e)
}

// reading is one run of the consumer.
type reading struct {
	*call
	show  *formatter
	most  int64 // -1: no bound
	count int64
}

// errEnough ends the reading without a failure.
var errEnough = errors.New("enough")

func (r *reading) run(ctx context.Context, consumer command.Consumer) error {
	idle := time.Duration(r.number("timeout-ms", 0)) * time.Millisecond
	for r.most < 0 || r.count < r.most {
		err := r.poll(ctx, consumer, idle)
		switch {
		case errors.Is(err, errEnough):
			return nil
		case ctx.Err() != nil:
			return reported{ctx.Err()}
		case errors.Is(err, context.DeadlineExceeded) && idle > 0:
			r.log("ERROR", "Error processing message, terminating consumer process: ")
			null := ": null"
			if r.is27() {
				null = ""
			}
			fmt.Fprintf(r.Stderr, "org.apache.kafka.common.errors.TimeoutException%s\n", null)
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// poll shows the records that are at hand, waiting for them as long as it may.
func (r *reading) poll(ctx context.Context, consumer command.Consumer, idle time.Duration) error {
	if idle > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, idle)
		defer cancel()
	}
	var failed error
	err := consumer.Poll(ctx, func(rec *kmodel.Record) bool {
		r.count++
		if failed = r.show.write(r.out, rec); failed != nil && r.has("skip-message-on-error") {
			r.log("ERROR", "Error processing message, skipping this message: ")
			fmt.Fprintln(r.Stderr, exceptionOf(unreadable(failed.Error())))
			failed = nil
		}
		return failed == nil && (r.most < 0 || r.count < r.most)
	})
	if failed != nil {
		return failed
	}
	if werr := r.out.Flush(); werr != nil {
		fmt.Fprintln(r.Stderr, "Unable to write to standard out, closing consumer.")
		r.out.Reset(io.Discard) // who has had enough is no failure
		consumer.Forget()
		return errEnough
	}
	if errors.Is(err, io.EOF) {
		return errEnough
	}
	return err
}
