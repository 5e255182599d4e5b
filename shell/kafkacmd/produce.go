package kafkacmd

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Produced is the result of produce.
type Produced struct {
	Topic        string `json:"topic"`
	Acknowledged int64  `json:"acknowledged"` // with acks=0: sent
}

// View is nothing: what was to be done is done.
func (p Produced) View() render.View { return render.Empty{} }

var produce = command.Spec{
	Name:  "produce",
	Habit: habitOf("produce"),
	Group: command.Topics,
	Args: []command.Arg{
		topicArg,
		{Name: "VALUE", Kind: command.Data, Optional: true, Repeat: true},
	},
	Short: "write records to a topic: each line that is typed or piped is one",
	Long: "At a terminal each line is asked for by >; Ctrl-D or Ctrl-C ends that, and the shell goes on. VALUEs are\n" +
		"records too, and then nothing is read. Records are written with acks=all and idempotence unless you say\n" +
		"otherwise. Each record that was not acknowledged is reported with its line, and makes the exit code 1.\n" +
		"A separator may have \\t, \\n and \\xNN in it.",
	Examples: []command.Example{
		{Line: "produce orders", Means: "a record for each line"},
		{Line: "produce orders 'one' 'two'", Means: "two records"},
		{Line: `produce -K '\t' orders`, Means: "each line is a key, a tab and a value"},
		{Line: "produce -k customer1 -H source=shell -p 0 orders hello", Means: "a key, a header, a partition"},
		{Line: `produce -f '%k %d %v\n' orders`, Means: "key, time and value in franz-go's format language"},
		{Line: "produce -i json -l orders.json orders", Means: "what consume -o json has written"},
	},
	Bind: bindProduce,
}

// producing is one run of produce: what its flags say.
type producing struct {
	topic   string
	options kmodel.ProduceOptions
	lines   Lines
	format  string
	json    bool
	keep    bool // the partitions of JSON records
	file    string

	key       string
	hasKey    bool
	headers   []kmodel.Header
	partition int32
	timestamp int64
}

func bindProduce(fs *pflag.FlagSet) command.Run {
	p := &producing{options: kmodel.DefaultProduceOptions()}
	key := fs.StringP("key", "k", "", "the `KEY` of all records")
	separator := fs.StringP("key-separator", "K", "", "each line is a key, this `TEXT` and a value")
	headers := fs.StringArrayP("header", "H", nil, "a header of all records, `NAME=VALUE`; several are kept in their order")
	lineHeaders := fs.Bool("line-headers", false, "each line begins with its headers, name:value,name:value, and a tab")
	fs.Int32VarP(&p.partition, "partition", "p", -1, "the `PARTITION` of all records, instead of the one that the key chooses")
	timestamp := fs.String("timestamp", "", "the `TIME` of all records: milliseconds, RFC 3339, a date, or -1h for an hour ago")
	null := fs.String("null-marker", "", "a key, value or header that reads `TEXT` is null")
	fs.BoolVarP(&p.lines.EmptyIsNull, "empty-null", "Z", false, "an empty key or value is null: a tombstone")
	fs.StringVarP(&p.format, "format", "f", "", "read records by a `LAYOUT` in franz-go's format language, such as '%k\\t%v\\n'")
	input := inputFlag("text")
	fs.VarP(&input, "input", "i", "what the lines are: `text|json`; json is what consume -o json writes")
	fs.BoolVar(&p.keep, "keep-partition", false, "JSON records go to the partition that they name")
	fs.StringVarP(&p.file, "file", "l", "", "read `FILE` instead of standard input")
	fs.StringVarP(&p.options.Compression, "compression", "z", "", "compress batches by `CODEC`: none, gzip, snappy, lz4, zstd")
	acks := fs.String("acks", "", "wait for `REPLICAS` to have each record: all, 1 (the leader alone) or 0")
	fs.BoolVar(&p.options.AutoCreate, "create", false, "let the broker create the topic, where it is configured to")
	fs.Var((*millis)(&p.options.TimeoutMs), "timeout", "give a record up that is not acknowledged after this time")
	properties := fs.StringArrayP("property", "X", nil, "a producer property of Java's clients, `NAME=VALUE`")
	return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
		var err error
		p.key, p.hasKey, p.json = *key, fs.Changed("key"), input == "json"
		p.lines.Null, p.lines.HasNull = *null, fs.Changed("null-marker")
		if p.options.Acks, err = parseAcks(*acks); err != nil {
			return nil, err
		}
		if p.options.Extra, err = parsePairs("-X", *properties); err != nil {
			return nil, err
		}
		if p.headers, err = parseHeaders(*headers); err != nil {
			return nil, err
		}
		if p.timestamp, err = p.parseTimestamp(*timestamp); err != nil {
			return nil, err
		}
		if p.lines.KeyEnd, err = unescape(*separator); err != nil {
			return nil, command.Usagef("-K %s: %v", *separator, err)
		}
		if *lineHeaders {
			p.lines.HeadersEnd, p.lines.HeaderEnd, p.lines.HeaderIs = "\t", ",", ":"
		}
		if err := p.check(fs); err != nil {
			return nil, err
		}
		p.topic = args[0].Text
		return p.run(ctx, env, args[1:])
	}
}

// check refuses flags that exclude each other.
func (p *producing) check(fs *pflag.FlagSet) error {
	how := map[string]bool{"-f": p.format != "", "-i json": p.json, "-K": fs.Changed("key-separator"), "--line-headers": p.lines.HeadersEnd != ""}
	for _, pair := range [][2]string{{"-f", "-i json"}, {"-f", "-K"}, {"-i json", "-K"}, {"-f", "--line-headers"}, {"-i json", "--line-headers"}} {
		if how[pair[0]] && how[pair[1]] {
			return command.Usagef("%s and %s exclude each other", pair[0], pair[1])
		}
	}
	switch {
	case fs.Changed("key-separator") && p.lines.KeyEnd == "":
		return command.Usagef("-K: an empty separator separates nothing")
	case p.hasKey && p.lines.KeyEnd != "":
		return command.Usagef("-k and -K exclude each other")
	case fs.Changed("partition") && p.partition < 0:
		return command.Usagef("-p %d: partitions are counted from 0", p.partition)
	case p.keep && !p.json:
		return command.Usagef("--keep-partition is for -i json")
	}
	return nil
}

// run writes the records of the arguments, or of the input.
func (p *producing) run(ctx context.Context, env *command.Env, values []lex.Word) (render.Result, error) {
	records, done, err := p.records(ctx, env, values)
	if err != nil {
		return nil, err
	}
	defer done()
	kafka, err := env.Kafka(ctx)
	if err != nil {
		return nil, err
	}
	p.options.Topics = []string{p.topic}
	if p.partition >= 0 && !p.options.AutoCreate {
		if _, err := partitionsOf(ctx, kafka, []lex.Word{{Text: p.topic}}, []int32{p.partition}); err != nil {
			return nil, err
		}
	}
	_, typed := records.(*typedSource)
	w := &writing{producing: p, env: env, report: failures{notify: env.Notify, topic: p.topic, typed: typed}}
	err = w.run(ctx, kafka, records)
	if errors.Is(err, kproto.UnknownTopicOrPartition) && w.sent == 0 {
		err = noTopic(ctx, kafka, p.topic)
	}
	if err != nil {
		return nil, command.At(p.topic, err)
	}
	return Produced{Topic: p.topic, Acknowledged: w.sent - w.report.count}, nil
}

// noTopic tells that there is no topic of a name, and which are near.
func noTopic(ctx context.Context, kafka command.Kafka, name string) error {
	var names []string
	if all, err := kafka.Topics(ctx); err == nil {
		for _, t := range all {
			names = append(names, t.Name)
		}
	}
	return command.NotFound("topic", name, names)
}

// source gives a record after the other; io.EOF is the end. The number is that of its line.
type source interface {
	next(r *kmodel.Record) (number int64, err error)
}

// records opens where the records come from.
func (p *producing) records(ctx context.Context, env *command.Env, values []lex.Word) (source, func(), error) {
	nothing := func() {}
	switch {
	case len(values) > 0 && p.file != "":
		return nil, nothing, command.Usagef("VALUE and -l exclude each other")
	case len(values) > 0:
		s := &valueSource{producing: p}
		for _, w := range values {
			data, err := env.Data(w)
			if err != nil {
				return nil, nothing, err
			}
			s.values = append(s.values, data)
		}
		return s, nothing, nil
	case p.file != "":
		f, err := os.Open(p.file)
		if err != nil {
			return nil, nothing, command.Usagef("-l %v", err)
		}
		s, err := p.reader(env, f)
		return s, func() { f.Close() }, err
	case env.ReadLine != nil:
		if p.format != "" {
			s, err := p.reader(env, &typedReader{ctx: ctx, ask: env.ReadLine})
			return s, nothing, err
		}
		return &typedSource{producing: p, ctx: ctx, ask: env.ReadLine}, nothing, nil
	case env.Stdin == nil:
		return nil, nothing, command.Usagef("standard input is where the commands come from: name VALUEs, or a file by -l")
	}
	s, err := p.reader(env, env.Stdin)
	return s, nothing, err
}

func (p *producing) reader(env *command.Env, src io.Reader) (source, error) {
	if p.format == "" {
		return &lineSource{producing: p, lines: NewLineReader(src)}, nil
	}
	r, err := env.Client.Kafka.NewReader(p.format, src)
	if err != nil {
		return nil, layoutError(p.format, err)
	}
	return &formatSource{producing: p, reader: r}, nil
}

// begin makes a record of what all records have.
func (p *producing) begin(r *kmodel.Record) {
	*r = kmodel.Record{Topic: p.topic, Partition: p.partition, Timestamp: p.timestamp, Headers: append(r.Headers[:0], p.headers...)}
	if p.hasKey {
		r.Key = p.lines.data([]byte(p.key))
	}
}

// parse makes a record of a line.
func (p *producing) parse(line []byte, r *kmodel.Record) error {
	p.begin(r)
	if !p.json {
		return p.lines.Parse(line, r)
	}
	if err := ParseRecordJSON(line, r); err != nil {
		return err
	}
	p.override(r)
	if p.partition < 0 && !p.keep {
		r.Partition = -1
	}
	r.Headers = append(r.Headers, p.headers...)
	return nil
}

// override puts what the flags say of all records over what a record says itself.
func (p *producing) override(r *kmodel.Record) {
	r.Topic = p.topic
	if p.partition >= 0 {
		r.Partition = p.partition
	}
	if p.timestamp >= 0 {
		r.Timestamp = p.timestamp
	}
	if p.hasKey {
		r.Key = []byte(p.key)
	}
}

func (p *producing) parseTimestamp(text string) (int64, error) {
	if text == "" {
		return -1, nil
	}
	ms, err := parseTime(text, time.Now())
	if err != nil {
		return 0, command.Usagef("--timestamp %v", err)
	}
	return ms, nil
}

func parseAcks(text string) (kmodel.Acks, error) {
	switch text {
	case "", "all", "-1":
		return kmodel.AcksAll, nil
	case "0":
		return kmodel.AcksNone, nil
	case "1":
		return kmodel.AcksLeader, nil
	}
	return 0, command.Usagef("--acks %s: one of all, 1, 0", text)
}

// parsePairs reads NAME=VALUE of a flag that may stand there several times.
func parsePairs(flag string, pairs []string) (map[string]string, error) {
	out := map[string]string{}
	for _, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return nil, command.Usagef("%s %s: wants NAME=VALUE", flag, lex.Quote(pair))
		}
		out[name] = value
	}
	return out, nil
}

func parseHeaders(pairs []string) ([]kmodel.Header, error) {
	var out []kmodel.Header
	for _, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		if name == "" {
			return nil, command.Usagef("-H %s: wants NAME=VALUE", lex.Quote(pair))
		}
		h := kmodel.Header{Key: name, Value: []byte(value)}
		if !found {
			h.Value = nil
		}
		out = append(out, h)
	}
	return out, nil
}
