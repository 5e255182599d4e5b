package kafkacmd

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

var consume = command.Spec{
	Name:  "consume",
	Habit: habitOf("consume"),
	Group: command.Topics,
	Args:  []command.Arg{topicArg},
	Short: "show the records of a topic, as they come, until Ctrl-C",
	Long: "Without further word only what comes from now on is shown. POSITION is start, end, an offset, -N for the last\n" +
		"N of each partition, +N for N after the start, or @TIME: @1700000000000 (milliseconds), @2023-11-14,\n" +
		"@2023-11-14T22:13:20Z, @-1h. --tail N is the newest N of all partitions together. With --group the group's\n" +
		"commits come first, and what is shown is committed.\n" +
		"A record is its value and a line end; a null value is shown as null. -f tells more: %t topic, %p partition,\n" +
		"%o offset, %d time, %k key, %v value, %H and %h{%k=%v} headers, each with forms such as %v{hex}, %v{base64},\n" +
		"%d{strftime[%F %T]}. -o json tells all, an object on each line: topic, partition, offset, timestamp (in\n" +
		"milliseconds), key and value (null, or text; key_base64 and value_base64 where it is no UTF-8), and headers as\n" +
		"a list of [name, value] or [name, value, \"base64\"].",
	Examples: []command.Example{
		{Line: "consume orders", Means: "what comes from now on"},
		{Line: "consume --from-beginning --until-end orders", Means: "all there is"},
		{Line: "consume --tail 20 orders", Means: "the newest 20, and then what comes"},
		{Line: "consume --since -1h -e orders", Means: "the last hour"},
		{Line: "consume --offset 1000 -p 0 -n 5 orders", Means: "five records of partition 0"},
		{Line: `consume -f '%t[%p]@%o %d{strftime[%F %T]} %k: %v\n' orders`, Means: "in franz-go's format language"},
		{Line: "consume --from-beginning -e -o json orders > orders.json", Means: "for produce -i json"},
		{Line: "consume --group billing orders", Means: "as a member of a group"},
	},
	Bind: bindConsume,
}

// consuming is one run of consume: what its flags say.
type consuming struct {
	topic   string
	options kmodel.ConsumeOptions
	most    int64 // 0: no bound
	idle    time.Duration
	json    bool
	format  command.RecordFormatter
	keyEnd  []byte
}

func bindConsume(fs *pflag.FlagSet) command.Run {
	c := &consuming{}
	beginning := fs.Bool("from-beginning", false, "begin with the first record that is kept")
	offset := fs.String("offset", "", "begin at a `POSITION`: start, end, N, -N, +N or @TIME")
	since := fs.String("since", "", "begin with the first record at or after a `TIME`: -1h, a date, RFC 3339, milliseconds")
	tail := fs.Int64("tail", 0, "begin with the newest `N` records of all partitions together")
	partitions := fs.StringP("partition", "p", "", "read only the `PARTITIONS` of a list such as 0,2-4")
	fs.StringVarP(&c.options.Group, "group", "g", "", "read as a member of `GROUP`")
	fs.BoolVar(&c.options.NoCommit, "no-commit", false, "commit nothing for the group")
	fs.Int64VarP(&c.most, "max-messages", "n", 0, "end after `N` records")
	fs.BoolVarP(&c.options.UntilEnd, "until-end", "e", false, "end with the last record that is there when this begins")
	idle := fs.VarPF((*command.Millis)(&c.idle), "timeout", "", "end when no record has come for this long; the exit code is 3 then")
	layout := fs.StringP("format", "f", "", "show records by a `LAYOUT` in franz-go's format language, such as '%k\\t%v\\n'")
	output := outputFlag("")
	fs.VarP(&output, "output", "o", "show records as `text|json`, whatever the shell's option says")
	keyEnd := fs.StringP("key-separator", "K", "", "show the key and this `TEXT` before each value")
	fs.BoolVar(&c.options.ReadCommitted, "read-committed", false, "hide records of transactions that are open or were aborted")
	properties := fs.StringArrayP("property", "X", nil, "a consumer property of Java's clients, `NAME=VALUE`")
	return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
		var err error
		c.topic = args[0].Text
		c.options.Topics = []string{c.topic}
		if c.options.Extra, err = parsePairs("-X", *properties); err != nil {
			return nil, err
		}
		if err := c.takeGroup(); err != nil {
			return nil, err
		}
		fromStart, err := takeReset(c.options.Extra)
		if err != nil {
			return nil, err
		}
		if c.options.From, err = startOf(fs, *beginning || fromStart, *offset, *since, *tail); err != nil {
			return nil, err
		}
		if fs.Changed("partition") {
			if c.options.Partitions, err = parsePartitions(*partitions); err != nil {
				return nil, err
			}
		}
		if err := c.check(fs, idle.Changed, *layout, string(output)); err != nil {
			return nil, err
		}
		c.json = output == "json" || output == "" && *layout == "" && *keyEnd == "" && env.Options.Now().Output == render.FormatJSON
		if *layout != "" {
			if c.format, err = env.Client.Kafka.NewFormatter(*layout); err != nil {
				return nil, layoutError(*layout, err)
			}
		}
		separator, err := unescape(*keyEnd)
		if err != nil {
			return nil, command.Usagef("-K %s: %v", *keyEnd, err)
		}
		c.keyEnd = []byte(separator)
		return c.start(ctx, env)
	}
}

// layoutError says what an error of a layout is about, and how one looks.
func layoutError(layout string, err error) error {
	return command.Usagef(`-f %s: %v; a layout is as in '%%t %%k: %%v\n', with headers '%%h{%%k=%%v }%%v\n'`, lex.Quote(layout), err)
}

// takeGroup has -X group.id mean what --group does.
func (c *consuming) takeGroup() error {
	name := c.options.Extra["group.id"]
	if name != "" && c.options.Group != "" && c.options.Group != name {
		return command.Usagef("-X group.id=%s: --group says %s", name, c.options.Group)
	}
	c.options.Group = cmp.Or(c.options.Group, name)
	delete(c.options.Extra, "group.id")
	return nil
}

// takeReset tells whether auto.offset.reset has reading begin at the beginning, where no flag says where.
func takeReset(extra map[string]string) (fromStart bool, err error) {
	reset, given := extra["auto.offset.reset"]
	delete(extra, "auto.offset.reset")
	switch {
	case !given, reset == "latest":
		return false, nil
	case reset == "earliest":
		return true, nil
	}
	return false, command.Usagef("-X auto.offset.reset=%s: earliest or latest", reset)
}

// startOf is where to begin, by at most one of the flags that say it.
func startOf(fs *pflag.FlagSet, beginning bool, offset, since string, tail int64) (kmodel.Position, error) {
	given := 0
	for _, name := range []string{"from-beginning", "offset", "since", "tail"} {
		if fs.Changed(name) {
			given++
		}
	}
	switch {
	case given > 1:
		return kmodel.Position{}, command.Usagef("--from-beginning, --offset, --since and --tail exclude each other")
	case fs.Changed("tail") && (tail < 1 || tail > maxTail):
		return kmodel.Position{}, command.Usagef("--tail %d: between 1 and %d records", tail, maxTail)
	case fs.Changed("tail"):
		return kmodel.Position{Start: kmodel.StartTail, N: tail}, nil
	case fs.Changed("offset"):
		return parsePosition(offset)
	case fs.Changed("since"):
		return parsePosition("@" + since)
	case beginning:
		return kmodel.Position{Start: kmodel.StartBegin}, nil
	}
	return kmodel.Position{Start: kmodel.StartEnd}, nil
}

// maxTail bounds what --tail keeps in memory.
const maxTail = 1_000_000

// check refuses flags that exclude each other.
func (c *consuming) check(fs *pflag.FlagSet, idle bool, layout, output string) error {
	group := c.options.Group != ""
	switch {
	case fs.Changed("group") && !group:
		return command.Usagef("--group: the name is empty")
	case group && c.options.Partitions != nil:
		return command.Usagef("-p and --group exclude each other: the group gives its members their partitions")
	case group && c.options.From.Start == kmodel.StartTail:
		return command.Usagef("--tail and --group exclude each other")
	case c.options.NoCommit && !group:
		return command.Usagef("--no-commit is for --group")
	case fs.Changed("max-messages") && c.most < 1:
		return command.Usagef("-n %d: at least one record", c.most)
	case layout != "" && output == "json":
		return command.Usagef("-f and -o json exclude each other")
	case layout != "" && fs.Changed("key-separator"):
		return command.Usagef("-f and -K exclude each other")
	case output == "json" && fs.Changed("key-separator"):
		return command.Usagef("-o json and -K exclude each other")
	}
	if !idle {
		c.idle = 0
	}
	return nil
}

// outputFlag is the flag of how records are shown.
type outputFlag string

// Set takes text or json.
func (f *outputFlag) Set(s string) error { return setChoice((*string)(f), s, "text", "json") }

func (f *outputFlag) String() string { return string(*f) }

// Type names the kind of value in usage texts.
func (f *outputFlag) Type() string { return "text|json" }
