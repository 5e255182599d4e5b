package kafkatools

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/kafkacmd"
)

var producerTool = &tool{
	about:  "This tool helps to read data from standard input and publish it to Kafka.",
	table:  producerOptions,
	logger: [2]string{"kafka.tools.ConsoleProducer$", "org.apache.kafka.tools.ConsoleProducer"},
	check:  checkProducer,
	run:    runProducer,
}

var producerOptions = []option{
	{name: "topic", kind: value, arg: "topic", help: "where the records go"},
	{name: "bootstrap-server", kind: value, arg: "host:port,…", help: "brokers of the cluster"},
	{name: "broker-list", kind: value, arg: "host:port,…", old: true, help: "as --bootstrap-server"},
	{name: "zookeeper", kind: value, arg: "host:port,…/chroot", old: true, help: "find the brokers through ZooKeeper"},
	{name: "command-config", also: []string{"producer.config"}, kind: value, arg: "file", help: "a client.properties"},
	{name: "command-property", also: []string{"producer-property"}, kind: value, arg: "name=value", many: true, help: "a producer property"},
	{name: "reader-property", kind: value, arg: "name=value", many: true, help: "how a line is a record: parse.key, key.separator, parse.headers, null.marker …"},
	{name: "property", kind: value, arg: "name=value", many: true, help: "as --reader-property"},
	{name: "reader-config", kind: value, arg: "file", help: "a file of reader properties"},
	{name: "line-reader", kind: value, arg: "class", help: "the class of Apache's that reads lines; there is no other"},
	{name: "sync", help: "wait for each record's acknowledgement before the next is read"},
	{name: "compression-codec", kind: maybe, arg: "codec", help: "none, gzip, snappy, lz4 or zstd; gzip where none is named"},
	{name: "request-required-acks", kind: value, arg: "acks", help: "all (the default), 1 or 0"},
	{name: "timeout", kind: number, arg: "ms", help: "how long a record may wait for a fuller batch"},
	{name: "message-send-max-retries", kind: number, arg: "n", help: "how often a batch is sent again"},
	{name: "retry-backoff-ms", kind: number, arg: "ms", help: "the wait before it"},
	{name: "request-timeout-ms", kind: number, arg: "ms", help: "the wait for an answer"},
	{name: "metadata-expiry-ms", kind: number, arg: "ms", help: "how long what is known of the cluster is believed"},
	{name: "max-memory-bytes", kind: number, arg: "bytes", help: "how much may be under way"},
	{name: "max-block-ms", kind: number, arg: "ms", help: "of no effect"},
	{name: "batch-size", kind: number, arg: "bytes", help: "of no effect"},
	{name: "max-partition-memory-bytes", kind: number, arg: "bytes", help: "of no effect"},
	{name: "socket-buffer-size", kind: number, arg: "bytes", help: "of no effect"},
}

func checkProducer(o *options) error {
	if err := o.require("topic"); err != nil {
		return err
	}
	switch {
	case o.any("bootstrap-server", "zookeeper") && o.count("bootstrap-server", "broker-list", "zookeeper") > 1:
		if o.has("zookeeper") { // with both of the others Apache's takes --bootstrap-server
			return usagef("Only one of --bootstrap-server, --broker-list and --zookeeper can be given")
		}
		delete(o.given, "broker-list")
	case !o.any("bootstrap-server", "broker-list", "zookeeper") && o.is27():
		return usagef("Missing required option(s) [bootstrap-server]")
	case !o.any("bootstrap-server", "broker-list", "zookeeper"):
		return o.require("bootstrap-server")
	}
	if class := o.text("line-reader"); class != "" && !strings.HasSuffix(class, "LineMessageReader") {
		return refuse("--line-reader %s: classes of Java are not run here", class)
	}
	switch codec := o.text("compression-codec"); codec {
	case "", "none", "gzip", "snappy", "lz4", "zstd":
	default:
		return usagef("Invalid value %s for configuration compression.type: String must be one of: none, gzip, snappy, lz4, zstd", codec)
	}
	switch acks := o.text("request-required-acks"); acks {
	case "", "all", "-1", "0", "1":
		return nil
	default:
		return usagef("Invalid value %s for configuration acks: String must be one of: all, -1, 0, 1", acks)
	}
}

// produceOptions are what the flags say of the producer.
func (c *call) produceOptions() kmodel.ProduceOptions {
	o := kmodel.DefaultProduceOptions()
	o.Topics, o.AutoCreate, o.Extra = []string{c.text("topic")}, true, c.pairs("command-property")
	switch c.text("request-required-acks") {
	case "0":
		o.Acks = kmodel.AcksNone
	case "1":
		o.Acks = kmodel.AcksLeader
	}
	if c.has("compression-codec") {
		if o.Compression = c.text("compression-codec"); o.Compression == "" {
			o.Compression = "gzip"
		}
	}
	o.LingerMs = c.number("timeout", -1)
	for flag, property := range map[string]string{
		"message-send-max-retries": "retries", "retry-backoff-ms": "retry.backoff.ms", "request-timeout-ms": "request.timeout.ms",
		"metadata-expiry-ms": "metadata.max.age.ms", "max-memory-bytes": "buffer.memory",
	} {
		if c.has(flag) {
			o.Extra[property] = c.text(flag)
		}
	}
	return o
}

// lines are what the reader's properties say of how a line is a record.
func (c *call) lines() (kafkacmd.Lines, error) {
	p, err := c.properties("reader-config", "property", "reader-property")
	if err != nil {
		return kafkacmd.Lines{}, err
	}
	var l kafkacmd.Lines
	l.Lenient = p.is("ignore.error")
	l.Null, l.HasNull = p["null.marker"], p["null.marker"] != ""
	if p.is("parse.key") {
		l.KeyEnd = p.or("key.separator", "\t")
	}
	if p.is("parse.headers") {
		l.HeadersEnd, l.HeaderEnd = p.or("headers.delimiter", "\t"), p.or("headers.separator", ",")
		l.HeaderIs = p.or("headers.key.separator", ":")
	}
	return l, distinct(l)
}

// distinct refuses separators that cannot be told from each other.
func distinct(l kafkacmd.Lines) error {
	names := []string{"headers.delimiter", "headers.separator", "headers.key.separator", "key.separator"}
	texts := []string{l.HeadersEnd, l.HeaderEnd, l.HeaderIs, l.KeyEnd}
	for i := range names {
		if texts[i] != "" && l.HasNull && texts[i] == l.Null {
			return refuse("org.apache.kafka.common.KafkaException: null.marker and %s may not be equal", names[i])
		}
		for j := range i {
			if texts[i] != "" && texts[i] == texts[j] && i < 3 { // the key ends behind the headers
				return refuse("org.apache.kafka.common.KafkaException: %s and %s may not be equal", names[j], names[i])
			}
		}
	}
	return nil
}

// sending is one run of the producer.
type sending struct {
	*call
	lines  kafkacmd.Lines
	number int64 // of the line
	failed atomic.Int64
	mu     sync.Mutex // of what is written about failures
}

// parting is how long what is under way may take once the person has left.
const parting = 5 * time.Second

func runProducer(ctx context.Context, c *call) error {
	lines, err := c.lines()
	if err != nil {
		return err
	}
	c.adviseRenamed("reader-property", "Warning: --%s is deprecated and will be removed in a future version. Use --%s instead.")
	if c.has("max-partition-memory-bytes") && !c.is27() {
		c.advise("Warning: --max-partition-memory-bytes is deprecated and will be removed in Apache Kafka 5.0. Use --batch-size instead.")
	}
	kafka, err := c.open(ctx)
	if err != nil {
		return err
	}
	s := &sending{call: c, lines: lines}
	producer, err := kafka.Producer(ctx, c.produceOptions(), s.fail)
	if err != nil {
		return err
	}
	defer producer.Close()
	// A record that was taken is to be written, even if the person leaves at once.
	under, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(parting, stop) })()
	readErr := s.copy(under, producer)
	err = producer.Flush(under)
	producer.Close() // what is left is told of
	switch {
	case ctx.Err() != nil:
		return reported{ctx.Err()}
	case readErr != nil:
		return readErr
	case s.failed.Load() > 0:
		return reported{fmt.Errorf("%d records not acknowledged", s.failed.Load())}
	}
	return err
}

// copy hands a record for each line to the producer.
func (s *sending) copy(ctx context.Context, producer command.Producer) error {
	in := kafkacmd.NewLineReader(s.Stdin)
	topic := s.text("topic")
	sync := s.has("sync")
	var rec kmodel.Record
	for {
		if s.Prompt {
			s.printf(">")
			if err := s.out.Flush(); err != nil {
				return err
			}
		}
		line, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s.number++
		rec = kmodel.Record{Topic: topic, Partition: -1, Timestamp: -1, Headers: rec.Headers[:0]}
		if err := s.parse(bytes.TrimSuffix(line, []byte("\r")), &rec); err != nil {
			return err
		}
		if err := producer.Produce(ctx, &rec, s.number); err != nil {
			return err
		}
		if sync {
			if err := producer.Flush(ctx); err != nil || s.failed.Load() > 0 {
				return err
			}
		}
	}
}

// parse makes a record of a line. The error is Apache's, which ends the producer: the lines behind it are not read.
func (s *sending) parse(line []byte, rec *kmodel.Record) error {
	err := s.lines.Parse(line, rec)
	if err == nil {
		return nil
	}
	lacks := func(end string) bool { return end != "" && !bytes.Contains(line, []byte(end)) }
	text := fmt.Sprintf("line number %d: %v", s.number, err)
	var header *kafkacmd.HeaderError
	switch {
	case errors.As(err, &header) && header.NullName:
		text = fmt.Sprintf("Header keys should not be equal to the null marker '%s' as they can't be null", s.lines.Null)
	case errors.As(err, &header):
		text = fmt.Sprintf("No header key separator found in pair '%s' on line number %d", header.Pair, s.number)
	case lacks(s.lines.HeadersEnd):
		text = fmt.Sprintf("No headers delimiter found on line number %d: '%s'", s.number, line)
	case lacks(s.lines.KeyEnd) && s.is27():
		text = fmt.Sprintf("No key found on line %d: %s", s.number, line)
	case lacks(s.lines.KeyEnd):
		text = fmt.Sprintf("No key separator found on line number %d: '%s'", s.number, line)
	}
	return refuse("org.apache.kafka.common.KafkaException: %s", text)
}

// fail reports a record that was not acknowledged.
func (s *sending) fail(_ int64, r kmodel.Record, err error) {
	s.failed.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	size := func(b []byte) string {
		if b == nil {
			return "null"
		}
		return fmt.Sprintf("%d bytes", len(b))
	}
	logLine(s.Stderr, "ERROR", fmt.Sprintf("Error when sending message to topic %s with key: %s, value: %s with error:", r.Topic, size(r.Key), size(r.Value)),
		"org.apache.kafka.clients.producer.internals.ErrorLoggingCallback")
	fmt.Fprintln(s.Stderr, exception(err))
}
