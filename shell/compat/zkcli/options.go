package zkcli

import (
	"fmt"
	"io"
	"strings"

	"github.com/zoka-project/zoka/shell/lex"
)

// Options are the words of the command line that zkCli.sh was called with.
type Options struct {
	Server     string // a connect string
	Timeout    string // the session timeout in milliseconds, as it was given
	ReadOnly   bool
	Properties string // the file of -client-configuration, "" for none
	Wait       bool   // -waitforconnection
	// Words are one command; without any, commands are read or typed.
	Words []lex.Word
}

// ParseOptions reads the command line. As in Apache's, an unknown word that begins with - is passed over, and an
// option that lacks its value is told of and counts as not given.
func ParseOptions(args []string, stderr io.Writer) Options {
	o := Options{Server: "localhost:2181", Timeout: "30000"}
	valued := map[string]*string{"-server": &o.Server, "-timeout": &o.Timeout, "-client-configuration": &o.Properties}
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		opt := args[0]
		args = args[1:]
		switch value := valued[opt]; {
		case value != nil && len(args) == 0:
			fmt.Fprintln(stderr, "Error: no argument found for option "+opt)
		case value != nil:
			*value, args = args[0], args[1:]
		case opt == "-r":
			o.ReadOnly = true
		case opt == "-waitforconnection":
			o.Wait = true
		}
	}
	for _, arg := range args {
		o.Words = append(o.Words, lex.Word{Text: arg})
	}
	return o
}
