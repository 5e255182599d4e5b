package archtest

// Kind says which of the standard library, and of the language, a package may use.
type Kind int

const (
	// Open packages use what they need.
	Open Kind = iota
	// Pure packages turn bytes and values into bytes and values.
	Pure
	// Core packages are state machines: inputs are calls, outputs are values, time is handed in.
	Core
)

// Row is the permission of one package and, unless Alone is set, of the folders below it that have no row of their own.
type Row struct {
	// Package is a path below the module's root.
	Package string
	// Imports are the packages of ours it may import: a path, or a path with /... for the whole subtree;
	// "..." alone is everything. The row's own subtree goes without saying.
	Imports []string
	Kind    Kind
	// Alone keeps the row from reaching the folders below, and from importing them unnamed.
	Alone bool
}

// Library is an outside module with the packages that may import it.
type Library struct {
	// Path is a prefix of import paths, cut at a slash.
	Path string
	// Importers are patterns like those of Row.Imports. Without any, the library is for test files and scripts.
	Importers []string
	// Values marks a library of plain values and their codecs: a Core package may be among its importers.
	Values bool
}

// pureWire are the codecs of clientproto that every other part of the tree may use.
var pureWire = []string{"clientproto/jute", "clientproto/properties", "clientproto/zkproto", "clientproto/kproto",
	"clientproto/kzk", "clientproto/kmodel"}

// commandImports is what a package of commands may import.
var commandImports = with(pureWire, "shell/command", "shell/lex", "render/...")

// diskImports is what the packages between the state machines and the disk or the network may import.
var diskImports = with(pureWire, "testcluster/storage", "testcluster/txn", "testcluster/zab")

// Packages is the import table.
var Packages = []Row{
	{Package: "clientproto/jute", Kind: Pure},
	{Package: "clientproto/properties", Kind: Pure},
	{Package: "clientproto/zkproto", Kind: Pure, Imports: []string{"clientproto/jute"}},
	{Package: "clientproto/kproto", Kind: Pure, Imports: []string{"clientproto/jute"}},
	{Package: "clientproto/kzk", Kind: Pure, Imports: []string{"clientproto/jute", "clientproto/kproto", "clientproto/zkproto"}},
	// What commands and the Kafka client have in common: commands may not import the client.
	{Package: "clientproto/kmodel", Kind: Pure, Imports: []string{"clientproto/kproto"}},
	{Package: "clientproto/keystore", Imports: []string{"clientproto/jute"}},
	{Package: "clientproto/zkclient", Imports: []string{"clientproto/..."}},
	{Package: "clientproto/flw", Imports: []string{"clientproto/..."}},
	{Package: "clientproto/kafka", Imports: []string{"clientproto/..."}},
	{Package: "clientproto/survey", Imports: []string{"clientproto/..."}},

	{Package: "render"},
	{Package: "render/theme", Imports: []string{"render"}},
	{Package: "render/web", Imports: []string{"render/..."}},

	{Package: "shell", Alone: true, Imports: []string{"shell/...", "render/..."}},
	{Package: "shell/lex", Kind: Pure},
	// A word knows whether it was quoted, and only the lexer can tell: the rows take its words.
	{Package: "shell/command", Imports: with(pureWire, "shell/lex", "render/...")},
	{Package: "shell/zkcmd", Imports: commandImports},
	{Package: "shell/kafkacmd", Imports: commandImports},
	{Package: "shell/builtin", Imports: commandImports},
	{Package: "shell/clustercmd", Imports: commandImports},
	{Package: "shell/complete", Imports: commandImports},
	// For the tests of packages of commands.
	{Package: "shell/shelltest", Imports: []string{"shell", "shell/command"}},
	{Package: "shell/compat", Imports: with(commandImports, "shell/zkcmd", "shell/kafkacmd")},
	{Package: "shell/tty", Imports: []string{"shell", "shell/command", "shell/complete"}},
	{Package: "shell/monitor", Imports: []string{"clientproto/...", "shell/command"}},

	{Package: "testcluster/txn", Kind: Core, Imports: pureWire},
	{Package: "testcluster/znode", Kind: Core, Imports: with(pureWire, "testcluster/txn")},
	{Package: "testcluster/prep", Kind: Core, Imports: with(pureWire, "testcluster/txn", "testcluster/znode")},
	{Package: "testcluster/lease", Kind: Core, Imports: pureWire},
	{Package: "testcluster/zab", Kind: Core, Imports: pureWire},
	{Package: "testcluster/replica", Kind: Core, Imports: pureWire},
	{Package: "testcluster/controller", Kind: Core, Imports: pureWire},
	{Package: "testcluster/group", Kind: Core, Imports: pureWire},
	{Package: "testcluster/storage", Imports: diskImports},
	{Package: "testcluster/txnlog", Imports: diskImports},
	{Package: "testcluster/klog", Imports: diskImports},
	{Package: "testcluster/transport", Imports: diskImports},
	{Package: "testcluster/zkserver", Imports: with(diskImports,
		"testcluster/prep", "testcluster/znode", "testcluster/lease", "testcluster/txnlog", "testcluster/transport")},
	{Package: "testcluster/kbroker", Imports: with(pureWire, "clientproto/zkclient", "testcluster/storage",
		"testcluster/klog/...", "testcluster/replica", "testcluster/controller", "testcluster/group")},
	{Package: "testcluster/ensemble", Imports: []string{"testcluster/...", "clientproto/..."}},
	// Of the state machines' tests alone.
	{Package: "testcluster/manual"},
	{Package: "testcluster/check", Imports: []string{"testcluster/...", "clientproto/..."}},

	{Package: "cmd", Imports: []string{"..."}},
	{Package: "scripts", Imports: []string{"..."}},
}

// Libraries says which package stands in front of which outside library.
var Libraries = []Library{
	{Path: "github.com/c-bata/go-prompt", Importers: []string{"shell/tty"}},
	{Path: "github.com/fatih/color", Importers: []string{"render/theme"}},
	// How many cells a character takes; go-prompt counts with it, and who draws around go-prompt must agree.
	{Path: "github.com/mattn/go-runewidth", Importers: []string{"shell/tty", "render"}},
	{Path: "github.com/olekukonko/tablewriter", Importers: []string{"render"}},
	{Path: "github.com/spf13/pflag", Importers: []string{"shell/command", "shell/zkcmd", "shell/kafkacmd",
		"shell/builtin", "shell/clustercmd", "shell/compat", "cmd/..."}},
	// The Go project's own extensions of the standard library need nobody in front of them.
	{Path: "golang.org/x/sys", Importers: []string{"..."}},
	{Path: "golang.org/x/term", Importers: []string{"..."}},

	// Kafka's messages, for who speaks the protocol; its client, for the one package that wraps it.
	{Path: "github.com/twmb/franz-go/pkg/kmsg", Importers: []string{"clientproto/kafka", "testcluster/controller",
		"testcluster/replica", "testcluster/group", "testcluster/kbroker/..."}, Values: true},
	{Path: "github.com/twmb/franz-go", Importers: []string{"clientproto/kafka", "testcluster/check/...", "scripts/bench"}},
	{Path: "software.sslmate.com/src/go-pkcs12", Importers: []string{"clientproto/keystore"}},
	{Path: "github.com/klauspost/compress", Importers: []string{"testcluster/klog/..."}},
	{Path: "github.com/pierrec/lz4/v4", Importers: []string{"testcluster/klog/..."}},

	{Path: "github.com/anishathalye/porcupine", Importers: []string{"testcluster/check/history"}},
	{Path: "github.com/rogpeppe/go-internal"},
	{Path: "github.com/creack/pty"},
	{Path: "github.com/hinshun/vt10x"},
	{Path: "github.com/go-zookeeper/zk"},
}

// with returns a new slice of base and more, so that rows never share a backing array.
func with(base []string, more ...string) []string {
	return append(append([]string(nil), base...), more...)
}
