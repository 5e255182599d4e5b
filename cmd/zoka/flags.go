package main

import (
	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/zkclient"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
	"github.com/zoka-project/zoka/testcluster/ensemble"
)

// defaultServer is where a server is looked for that nobody has named.
const defaultServer = "127.0.0.1:2181"

// shellFlags are zoka's own flags.
type shellFlags struct {
	server   string
	named    bool // the server was given, by flag or environment
	kafka    command.KafkaTarget
	readOnly bool
	file     string
	line     string
	embedded bool
	own      ensemble.Cluster // of --embedded, once it runs
	version  bool
	help     bool
	settings command.Settings
	hasFile  bool
	hasLine  bool
	words    []lex.Word // the command
}

// newShellFlags returns the flags with their defaults, and where their values go.
func newShellFlags(p *process) (*pflag.FlagSet, *shellFlags) {
	f := &shellFlags{server: defaultServer, settings: command.DefaultSettings()}
	if env := p.getenv("ZOKA_SERVER"); env != "" {
		f.server, f.named = env, true
	}
	f.kafka.Bootstrap, f.kafka.Config = p.getenv("ZOKA_BOOTSTRAP"), p.getenv("ZOKA_KAFKA_CONFIG")
	fs := pflag.NewFlagSet("zoka", pflag.ContinueOnError)
	fs.SortFlags = false
	fs.StringVarP(&f.server, "server", "s", f.server, "`HOST:PORT`[,HOST:PORT…][/CHROOT] to connect to")
	fs.StringVarP(&f.kafka.Bootstrap, "bootstrap-server", "b", f.kafka.Bootstrap, "`HOST:PORT`[,HOST:PORT…] of Kafka brokers; without it they are found through ZooKeeper")
	fs.StringVar(&f.kafka.Config, "command-config", f.kafka.Config, "client.properties `FILE` with how to reach Kafka: TLS, SASL, secrets")
	fs.StringVar(&f.kafka.Listener, "listener", "", "the `NAME` of the brokers' listener, where they are found through ZooKeeper")
	fs.VarP((*command.Millis)(&f.settings.Timeout), "timeout", "t", "session timeout, and limit for connecting, in `MILLISECONDS`")
	fs.BoolVarP(&f.readOnly, "readonly", "r", false, "accept a server that can only be read")
	fs.VarP(&f.settings.Output, "output", "o", "draw results as `text|table|json`")
	fs.StringVarP(&f.file, "file", "f", "", "run the commands of `FILE`; - is standard input")
	fs.StringVarP(&f.line, "command", "c", "", "run the commands of `LINE`, parted by \"; \"")
	fs.BoolVarP(&f.settings.KeepGoing, "keep-going", "k", false, "go on after a command that failed, and pipeline commands")
	fs.BoolVar(&f.embedded, "embedded", false, "start an ensemble of its own, gone when the shell ends")
	fs.Var(&f.settings.Color, "color", "colours: `auto|always|never`")
	fs.BoolVar(&f.version, "version", false, "show zoka's version")
	fs.BoolVarP(&f.help, "help", "h", false, "show this text")
	return fs, f
}

// parseShellFlags reads the command line. zoka's own flags end at the first word; that word and what follows is
// one command.
func parseShellFlags(p *process) (*shellFlags, error) {
	fs, f := newShellFlags(p)
	words := make([]lex.Word, len(p.args))
	for i, arg := range p.args {
		words[i] = lex.Word{Text: arg}
	}
	rest, err := command.ParseFlags(fs, words, true)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 && len(rest[0].Text) > 1 && rest[0].Text[0] == '-' && !rest[0].Quoted {
		return nil, command.Usagef("%s: unknown flag; `zoka --help` lists them", rest[0].Text)
	}
	f.words = rest
	if f.embedded && fs.Changed("server") {
		return nil, command.Usagef("--embedded starts an ensemble of its own: it excludes -server")
	}
	if f.embedded && fs.Changed("bootstrap-server") {
		return nil, command.Usagef("--embedded starts an ensemble of its own: it excludes -b")
	}
	f.named = f.named || fs.Changed("server")
	f.hasFile, f.hasLine = fs.Changed("file"), fs.Changed("command")
	if f.help || f.version {
		return f, nil
	}
	return f, f.check()
}

func (f *shellFlags) check() error {
	sources := 0
	for _, given := range []bool{f.hasFile, f.hasLine, len(f.words) > 0} {
		if given {
			sources++
		}
	}
	switch {
	case sources > 1 && len(f.words) > 0:
		return command.Usagef("%s: a command as well as -f or -c", lex.Quote(f.words[0].Text))
	case sources > 1:
		return command.Usagef("-f and -c exclude each other")
	}
	if _, _, err := zkclient.ParseConnectString(f.server); err != nil {
		return command.Usagef("%v", err)
	}
	return nil
}
