package archtest

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestCheck runs the rules on small modules. Each has at most one fault, and want is a part of what is said of it.
func TestCheck(t *testing.T) {
	const znode = "// Package znode is a tree.\npackage znode\n"
	tests := []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"allowed import", map[string]string{
			"clientproto/zkproto/a.go": "// Package zkproto is a codec.\npackage zkproto\nimport (\n\"errors\"\n_ \"m.test/m/clientproto/jute\"\n)\nvar _ = errors.New\n",
		}, ""},
		{"import outside the row", map[string]string{
			"clientproto/zkproto/a.go": "// Package zkproto is a codec.\npackage zkproto\nimport _ \"m.test/m/render\"\n",
		}, "clientproto/zkproto/a.go:3: clientproto/zkproto may not import render"},
		{"siblings of the shell", map[string]string{
			"shell/zkcmd/a.go": "// Package zkcmd is commands.\npackage zkcmd\nimport _ \"m.test/m/shell/kafkacmd\"\n",
		}, "shell/zkcmd may not import shell/kafkacmd"},
		{"command may not know the cluster", map[string]string{
			"shell/builtin/a.go": "// Package builtin is commands.\npackage builtin\nimport _ \"m.test/m/testcluster/zkserver\"\n",
		}, "shell/builtin may not import testcluster/zkserver"},
		{"import of the root", map[string]string{
			"shell/command/a.go": "// Package command is rows.\npackage command\nimport _ \"m.test/m\"\n",
		}, "shell/command may not import ."},

		{"child follows its parent's row", map[string]string{
			"testcluster/zkserver/admin/a.go": "// Package admin is HTTP.\npackage admin\nimport (\n_ \"net/http\"\n_ \"m.test/m/testcluster/zkserver/stats\"\n_ \"m.test/m/testcluster/znode\"\n)\n",
		}, ""},
		{"child breaks its parent's row", map[string]string{
			"testcluster/zab/zabtest/a.go": "// Package zabtest is a simulator.\npackage zabtest\nimport _ \"m.test/m/testcluster/znode\"\n",
		}, "testcluster/zab/zabtest may not import testcluster/znode (row testcluster/zab"},
		{"child is as strict as its parent", map[string]string{
			"testcluster/zab/zabtest/a.go": "// Package zabtest is a simulator.\npackage zabtest\nimport _ \"net\"\n",
		}, "may not import net"},
		{"package in no row", map[string]string{
			"testcluster/novel/a.go": "// Package novel is new.\npackage novel\n",
		}, "add a row"},
		{"new folder below the shell", map[string]string{
			"shell/novel/a.go": "// Package novel is new.\npackage novel\n",
		}, "add a row"},

		{"pure package with a lock", map[string]string{
			"clientproto/jute/a.go": "// Package jute is a codec.\npackage jute\nimport _ \"sync/atomic\"\n",
		}, "clientproto/jute is pure and may not import sync/atomic"},
		{"pure package with a logger", map[string]string{
			"shell/lex/a.go": "// Package lex is words.\npackage lex\nimport _ \"log/slog\"\n",
		}, "shell/lex is pure and may not import log/slog"},
		{"pure package with an outside library", map[string]string{
			"clientproto/kzk/a.go": "// Package kzk is paths.\npackage kzk\nimport _ \"golang.org/x/sys/unix\"\n",
		}, "clientproto/kzk is pure and may not import golang.org/x/sys/unix"},
		{"pure package with a goroutine", map[string]string{
			"clientproto/jute/a.go": "// Package jute is a codec.\npackage jute\nfunc f() { go f() }\n",
		}, "clientproto/jute/a.go:3: clientproto/jute is pure and may not start a goroutine"},
		{"state machine with a lock and durations", map[string]string{
			"testcluster/znode/a.go": znode + "import (\n\"sync\"\n\"time\"\n)\nvar _ sync.Mutex\nconst d = 3 * time.Second\n",
		}, ""},
		{"state machine with the disk", map[string]string{
			"testcluster/znode/a.go": znode + "import _ \"os\"\n",
		}, "testcluster/znode is a state machine and may not import os"},
		{"state machine with a goroutine", map[string]string{
			"testcluster/znode/a.go": znode + "func f() { func() { go f() }() }\n",
		}, "may not start a goroutine"},
		{"state machine with the clock", map[string]string{
			"testcluster/znode/a.go": znode + "import \"time\"\nfunc f() int64 { return time.Now().Unix() }\n",
		}, "may not use time.Now"},
		{"state machine with the clock as a value under another name", map[string]string{
			"testcluster/znode/a.go": znode + "import t \"time\"\nvar since = t.Since\n",
		}, "may not use time.Since"},
		{"state machine that waits", map[string]string{
			"testcluster/znode/a.go": znode + "import \"time\"\nfunc f() { time.Sleep(1) }\n",
		}, "may not use time.Sleep"},
		{"state machine with a hidden clock", map[string]string{
			"testcluster/znode/a.go": znode + "import . \"time\"\nvar now = Now\n",
		}, "imported with a dot"},

		{"library at its one importer", map[string]string{
			"shell/tty/a.go": "// Package tty is a terminal.\npackage tty\nimport _ \"github.com/c-bata/go-prompt\"\n",
		}, ""},
		{"go-prompt elsewhere", map[string]string{
			"shell/a.go": "// Package shell is a loop.\npackage shell\nimport _ \"github.com/c-bata/go-prompt\"\n",
		}, "github.com/c-bata/go-prompt is imported only by shell/tty"},
		{"color elsewhere", map[string]string{
			"render/a.go": "// Package render draws.\npackage render\nimport _ \"github.com/fatih/color\"\n",
		}, "imported only by render/theme"},
		{"tablewriter elsewhere", map[string]string{
			"render/web/a.go": "// Package web draws.\npackage web\nimport _ \"github.com/olekukonko/tablewriter/tw\"\n",
		}, "imported only by render"},
		{"pflag elsewhere", map[string]string{
			"shell/complete/a.go": "// Package complete guesses.\npackage complete\nimport _ \"github.com/spf13/pflag\"\n",
		}, "imported only by shell/command"},
		{"test library in the product", map[string]string{
			"testcluster/check/a.go": "// Package check judges.\npackage check\nimport _ \"github.com/go-zookeeper/zk\"\n",
		}, "is for test files and scripts"},
		{"test library in a script", map[string]string{
			"scripts/bench/a.go": "// Package bench measures.\npackage bench\nimport _ \"github.com/go-zookeeper/zk\"\n",
		}, ""},
		{"unknown library", map[string]string{
			"cmd/zoka/a.go": "// Command zoka is a shell.\npackage main\nimport _ \"example.com/novel\"\n",
		}, "example.com/novel is in no row of the libraries"},

		{"test files are free", map[string]string{
			"clientproto/jute/a.go":      "// Package jute is a codec.\npackage jute\n",
			"clientproto/jute/a_test.go": "package jute\nimport (\n_ \"os\"\n_ \"m.test/m/shell\"\n_ \"example.com/novel\"\n)\nfunc f() { go f() }\n",
		}, ""},
		{"no doc comment", map[string]string{
			"testcluster/znode/a.go": "// znode is a tree.\npackage znode\n",
		}, "testcluster/znode: no doc comment"},
		{"no doc comment on a program", map[string]string{
			"cmd/zoka/a.go": "package main\n",
		}, "cmd/zoka: no doc comment"},
		{"what is not of the module", map[string]string{
			"scripts/other/go.mod":                "module other.test\n",
			"scripts/other/a.go":                  "package other\n",
			"testcluster/znode/a.go":              znode,
			"testcluster/znode/testdata/a.go":     "package nothing\n",
			"testcluster/znode/_old/a.go":         "package nothing\n",
			"testcluster/znode/.hidden/a.go":      "package nothing\n",
			"testcluster/znode/_left_out.go":      "package nothing\n",
			"testcluster/znode/vendor/x.y/z/a.go": "package nothing\n",
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{"go.mod": {Data: []byte("module m.test/m\n")}}
			for name, text := range tt.files {
				fsys[name] = &fstest.MapFile{Data: []byte(text)}
			}
			found, err := Check(fsys, "m.test/m")
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case tt.want == "" && len(found) > 0:
				t.Errorf("found %v, want nothing", found)
			case tt.want != "" && (len(found) != 1 || !strings.Contains(found[0].String(), tt.want)):
				t.Errorf("found %v, want one that says %q", found, tt.want)
			}
		})
	}
}

func TestCheck_BrokenFile(t *testing.T) {
	fsys := fstest.MapFS{"shell/lex/a.go": {Data: []byte("package lex\nfunc {\n")}}
	if _, err := Check(fsys, "m.test/m"); err == nil || !strings.Contains(err.Error(), "shell/lex/a.go:2") {
		t.Errorf("Check = %v, want an error that names shell/lex/a.go:2", err)
	}
}

// TestPackages_NoDuplicates: of two rows for one package the second would be dead.
func TestPackages_NoDuplicates(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Packages {
		if seen[r.Package] {
			t.Errorf("two rows for %s", r.Package)
		}
		seen[r.Package] = true
	}
}
