package zkcmd

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// Answer is the result of 4lw.
type Answer struct {
	Server string `json:"server"`
	Word   string `json:"word"`
	Text   string `json:"answer"`
}

// View is the answer as it is, a line end behind it.
func (a Answer) View() render.View {
	return render.Blob{Data: []byte(a.Text), Newline: !strings.HasSuffix(a.Text, "\n")}
}

// fourLetterWords are those of ZooKeeper 3.9.
var fourLetterWords = []string{"conf", "cons", "crst", "dirs", "dump", "envi", "gtmk", "hash", "isro", "lsnp", "mntr",
	"orst", "rcvr", "ruok", "srst", "srvr", "stat", "stmk", "wchc", "wchp", "wchs"}

var fourLetter = command.Spec{
	Name:  "4lw",
	Group: command.Ensemble,
	Args: []command.Arg{
		{Name: "WORD", Kind: command.Text, Values: fourLetterWords},
		{Name: "SERVER", Kind: command.Server, Optional: true},
	},
	Short: "ask a server with a four-letter word",
	Long: "Without SERVER the one that the session is connected to is asked. It needs no session. Servers answer\n" +
		"only the words in their 4lw.commands.whitelist: srvr alone unless configured.",
	Examples: []command.Example{
		{Line: "4lw srvr", Means: "version, mode, load"},
		{Line: "4lw mntr zk2:2181", Means: "the counters of another server"},
		{Line: "4lw ruok", Means: "imok"},
	},
	Bind: func(*pflag.FlagSet) command.Run {
		return func(ctx context.Context, env *command.Env, args []lex.Word) (render.Result, error) {
			word := args[0].Text
			if len(word) != 4 {
				return nil, command.Usagef("%s: a word has four letters: %s", lex.Quote(word), strings.Join(fourLetterWords, ", "))
			}
			server := env.Session.Server()
			switch {
			case len(args) > 1:
				server = args[1].Text
			case server == "":
				server = env.Session.Servers()
			}
			if env.Client.FourLetter == nil {
				return nil, errors.New("there is no way to ask servers here")
			}
			text, err := env.Client.FourLetter(ctx, server, word)
			if err != nil {
				return nil, err
			}
			return Answer{Server: server, Word: word, Text: text}, nil
		}
	},
}
