package zkcli

import (
	"context"
	"slices"
	"strings"

	"github.com/zoka-project/zoka/shell/lex"
)

// row is a command.
type row struct {
	name, usage string
	// table describes the flags below the usage line, for the commands that do so.
	table string
	flags []flag
	// oneOf: the flags exclude each other. required is the text about them when one has to be there.
	oneOf    bool
	required string
	// min is how many arguments are needed. Those beyond max are an error, where it is not 0: Apache's drops them.
	min, max int
	// data is the index of the argument that may begin with a dash, 0 for none: the first is always a path.
	data int
	// free commands take any words, and look at none.
	free bool
	// offline commands need no connection, or look for it themselves.
	offline bool

	// own is what the front end itself does; words are those of the line behind the name. run is the command on
	// the session.
	own func(f *Front, ctx context.Context, words []lex.Word) error
	run func(f *Front, ctx context.Context, l line) error
}

// table has the commands in the order of Apache's usage text.
func table() []row {
	return []row{
		{name: "addWatch", usage: "[-m mode] path # optional mode is one of [PERSISTENT, PERSISTENT_RECURSIVE] - " +
			"default is PERSISTENT_RECURSIVE", flags: switches("m:"), min: 1, run: (*Front).addWatch},
		{name: "addauth", usage: "scheme auth", min: 1, max: 2, data: 1, run: (*Front).addAuth},
		{name: "close", free: true, offline: true, run: (*Front).closeSession},
		{name: "config", usage: "[-c] [-w] [-s]", flags: switches("swc"), offline: true, run: (*Front).config},
		{name: "connect", usage: "host:port", own: (*Front).reconnect},
		{name: "create", usage: "[-s] [-e] [-c] [-t ttl] path [data] [acl]", flags: switches("esct:"), min: 1, max: 3,
			data: 1, run: (*Front).create},
		{name: "delete", usage: "[-v version] path", flags: switches("v:"), min: 1, max: 2, run: (*Front).delete},
		{name: "deleteall", usage: "path [-b batch size]", flags: switches("b:"), min: 1, max: 1, run: (*Front).deleteAll},
		{name: "delquota", usage: "[-n|-b|-N|-B] path", flags: switches("nbNB"), oneOf: true, min: 1, max: 1,
			run: (*Front).delQuota},
		{name: "get", usage: "[-s] [-w] [-b] [-x] path", flags: switches("swbx"), min: 1, run: (*Front).get,
			table: " -b   Output data in base64 format\n -s   Print znode stats additionally\n" +
				" -w   Watch for changes on the znode\n -x   Output data in hexdump format\n"},
		{name: "getAcl", usage: "[-s] path", flags: switches("s"), min: 1, run: (*Front).getACL},
		{name: "getAllChildrenNumber", usage: "path", min: 1, run: (*Front).allChildrenNumber},
		{name: "getEphemerals", usage: "path", run: (*Front).ephemerals},
		{name: "history", own: (*Front).showHistory},
		{name: "listquota", usage: "path", min: 1, run: (*Front).listQuota},
		{name: "ls", usage: "[-s] [-w] [-R] path", flags: switches("?swR"), run: (*Front).ls},
		{name: "printwatches", usage: "on|off", own: (*Front).switchWatches},
		{name: "quit", own: (*Front).quit},
		{name: "reconfig", usage: "[-s] [-v version] [[-file path] | " +
			"[-members serverID=host:port1:port2;port3[,...]*]] | " +
			"[-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]",
			flags: append(switches("sv:"), flag{"file", true}, flag{"members", true}, flag{"add", true}, flag{"remove", true}),
			run:   (*Front).reconfig},
		{name: "redo", usage: "cmdno", own: (*Front).redo},
		{name: "removewatches", usage: "path [-c|-d|-a] [-l]", flags: switches("cdpral"), min: 1, offline: true,
			run: (*Front).removeWatches},
		{name: "set", usage: "path data [-s] [-v version] [-b]", flags: switches("sv:b"), min: 2, max: 3, data: 1,
			run: (*Front).set,
			table: " -b         Supply data in base64 format\n -s         Print znode stats additionally\n" +
				" -v <arg>   Set with an expected version\n"},
		{name: "setAcl", usage: "[-s] [-v version] [-R] path acl", flags: switches("sv:R"), min: 2, max: 2,
			run: (*Front).setACL},
		{name: "setquota", usage: "-n|-b|-N|-B val path", flags: switches("n:b:N:B:"), oneOf: true, min: 1, max: 1,
			required: "[-n num soft quota, -b bytes soft quota, -N num hard quota, -B bytes hard quota]",
			run:      (*Front).setQuota},
		{name: "stat", usage: "[-w] path", flags: switches("w"), min: 1, run: (*Front).stat},
		{name: "sync", usage: "path", min: 1, offline: true, run: (*Front).sync},
		{name: "version", offline: true, run: (*Front).version},
		{name: "whoami", free: true, run: (*Front).whoAmI},
	}
}

// usageText is what Apache prints for a command that it does not know.
func (f *Front) usageText() string {
	var b strings.Builder
	b.WriteString("ZooKeeper -server host:port -client-configuration properties-file cmd args\n")
	for _, r := range f.rows {
		b.WriteString("\t" + r.name + " " + r.usage + "\n")
	}
	return b.String()
}

// usageError is the error for missing arguments: the usage, and the description of the flags if there is one.
func (r *row) usageError() error {
	text := r.name + " " + r.usage
	if r.table != "" {
		text += "\n" + r.table
	}
	return failuref("%s", text)
}

// check compares the number of the arguments with what the command wants.
func (r *row) check(l line) error {
	switch {
	case len(l.args) < r.min:
		return r.usageError()
	case r.max > 0 && len(l.args) > r.max:
		surplus := l.args[r.max]
		hint := ""
		if r.data > 0 {
			hint = "; data with blanks wants quotes"
		}
		return failuref("%s: %s: one argument too many%s; usage: %s %s", r.name, lex.Quote(surplus), hint, r.name, r.usage)
	}
	return nil
}

// Commands are the names of all commands, for completion.
func Commands() []string {
	var names []string
	for _, r := range table() {
		names = append(names, r.name)
	}
	return names
}

func (f *Front) row(name string) *row {
	i := slices.IndexFunc(f.rows, func(r row) bool { return r.name == name })
	if i < 0 {
		return nil
	}
	return &f.rows[i]
}
