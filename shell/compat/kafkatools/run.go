package kafkatools

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/shell/command"
)

// Config is what a tool is given of the world.
type Config struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Prompt tells that a person types at Stdin.
	Prompt bool
	// Dial finds a cluster.
	Dial func(context.Context, command.KafkaTarget) (Cluster, error)
	// ZK opens a session with ZooKeeper servers.
	ZK func(ctx context.Context, servers string) (command.ZK, error)
	// Release is whose output is written where Apache's releases differ: "2.7" or "4"; "" is 4, or 2.7 where a flag is
	// given that only 2.7 has.
	Release string
	// Version is what --version writes.
	Version string
}

// Cluster is a Kafka cluster as the tools use it; its methods are those of kafka.Client, whose comments tell more.
type Cluster interface {
	command.Kafka
	// Electable are replicas that are not in sync and may become leaders. It is nil where brokers do not tell.
	Electable(ctx context.Context, topics ...string) (map[kmodel.TopicPartition]kmodel.Electable, error)
}

// call is one run of a tool.
type call struct {
	*options
	Config
	tool  *tool
	out   *bufio.Writer
	kafka Cluster
	zk    command.ZK
}

// told is an error in Apache's words.
type told string

func (e told) Error() string { return string(e) }

// reported is an error that was told already.
type reported struct{ error }

// Run runs a tool, and returns the exit code: 0 if all was done, 1 otherwise. The end of ctx is how a person ends it.
func Run(ctx context.Context, name string, args []string, cfg Config) int {
	t := tools[name]
	o, err := parse(append(t.table[:len(t.table):len(t.table)], common...), args)
	o.release = cfg.Release
	c := &call{options: o, Config: cfg, tool: t, out: bufio.NewWriterSize(cfg.Stdout, 64<<10)}
	switch {
	case o.has("help"):
		_, _ = io.WriteString(cfg.Stderr, Usage(name))
		return 0
	case o.has("version"):
		fmt.Fprintln(cfg.Stdout, cfg.Version)
		return 0
	case err == nil && len(args) == 0:
		err = &usageError{t.about}
	case err == nil:
		err = t.check(o)
	}
	switch {
	case err != nil || o.malformed == "":
	case t.failed != nil:
		err = told(o.malformed)
	default:
		err = usagef("%s", o.malformed)
	}
	if err == nil {
		err = t.run(ctx, c)
		c.close()
	}
	if err == nil {
		err = c.out.Flush()
	}
	return c.end(ctx, err)
}

// end reports an error and returns the exit code.
func (c *call) end(ctx context.Context, err error) int {
	var bad *usageError
	var refused *refusal
	var done reported
	switch {
	case err == nil:
		return 0
	case errors.As(err, &bad):
		_, _ = io.WriteString(c.Stderr, bad.msg+"\n"+usage(c.tool.table))
	case errors.As(err, &refused):
		_, _ = io.WriteString(c.Stderr, refused.msg+"\n")
	case errors.As(err, &done), ctx.Err() != nil:
	default:
		if c.tool.failed != nil {
			c.tool.failed(c, err)
		}
		_ = c.out.Flush() // where to write that it cannot be written?
		c.log("ERROR", message(err))
	}
	_ = c.out.Flush()
	return 1
}

// log writes a line as log4j does with the configuration of Apache's tools.
func (c *call) log(level, text string) {
	logger := c.tool.logger[1]
	if c.is27() {
		logger = c.tool.logger[0]
	}
	logLine(c.Stderr, level, text, logger)
}

func logLine(w io.Writer, level, text, logger string) {
	fmt.Fprintf(w, "[%s] %s %s (%s)\n", time.Now().Format("2006-01-02 15:04:05,000"), level, text, logger)
}

// advise writes a line of advice where Apache's has one.
func (c *call) advise(line string) { fmt.Fprintln(c.Stderr, line) }

// adviseRenamed advises the newer of two spellings, for those that were given by the older: what Kafka 4.2 does. Property
// is the newer name of --property.
func (c *call) adviseRenamed(property, layout string) {
	if c.is27() {
		return
	}
	for _, row := range c.table {
		if name := c.spelled[row.name]; name == "property" {
			c.advise(fmt.Sprintf(layout, name, property))
		} else if name != row.name && name != "" {
			c.advise(fmt.Sprintf(layout, name, row.name))
		}
	}
}

func (c *call) printf(format string, args ...any) { fmt.Fprintf(c.out, format, args...) }

// open finds the cluster by the flags that all tools have: --bootstrap-server, or --zookeeper.
func (c *call) open(ctx context.Context) (Cluster, error) {
	if c.kafka != nil {
		return c.kafka, nil
	}
	target := command.KafkaTarget{Bootstrap: c.text("bootstrap-server") + c.text("broker-list"), Config: c.text("command-config"),
		Warn: func(line string) { c.log("WARN", line) }}
	if c.has("zookeeper") {
		target.Bootstrap = ""
		target.ZK = func(ctx context.Context) (command.ZK, error) {
			if c.zk != nil {
				return c.zk, nil
			}
			var err error
			c.zk, err = c.ZK(ctx, c.text("zookeeper"))
			return c.zk, err
		}
	}
	var err error
	c.kafka, err = c.Dial(ctx, target)
	var misused interface{ Misused() bool }
	if errors.As(err, &misused) && misused.Misused() {
		return nil, refuse("%s", message(err)) // Apache's clients throw it before a tool begins
	}
	return c.kafka, err
}

// close lets go of the cluster.
func (c *call) close() {
	if c.kafka != nil {
		c.kafka.Close()
	}
	if c.zk != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = c.zk.Close(ctx) // the session ends by itself then
	}
}

// message is an error as Java's exceptions have it: the broker's words without the name of the code, or Java's where it
// says nothing. Flags of the shell that it advises are named as the tools have them.
func message(err error) string {
	text := command.Reason(err)
	var code kproto.Error
	if errors.As(err, &code) {
		if java := exceptionTexts[code]; java != "" && strings.HasSuffix(text, code.Error()) {
			return strings.TrimSuffix(text, code.Error()) + java // with what it is about
		}
		if _, words, found := strings.Cut(text, code.Name()+": "); found && !strings.HasSuffix(text, code.Error()) {
			return words
		}
	}
	return strings.NewReplacer("-b HOST:PORT", "--bootstrap-server HOST:PORT", "; -server ", "; --zookeeper ").Replace(text)
}
