package command_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/render"
	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

func TestPath(t *testing.T) {
	env := &command.Env{}
	env.SetDir("/before")
	env.SetDir("/app/conf")
	for text, want := range map[string]string{
		"/":           "/",
		"/a":          "/a",
		"a":           "/app/conf/a",
		"a/b/":        "/app/conf/a/b",
		".":           "/app/conf",
		"./x":         "/app/conf/x",
		"..":          "/app",
		"../..":       "/",
		"../../../..": "/",
		"../x":        "/app/x",
		"/a/../b":     "/b",
		"-":           "/before",
		"a b":         "/app/conf/a b",
	} {
		if got, err := env.Path(lex.Word{Text: text}); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", text, got, err, want)
		}
	}
	if got, err := env.Path(lex.Word{Text: "-", Quoted: true}); err != nil || got != "/app/conf/-" {
		t.Errorf("a quoted - : %q, %v", got, err)
	}
	for text, want := range map[string]string{
		"":     "the path is empty",
		"//a":  "//a: Invalid path string \"//a\" caused by empty node name specified @1",
		"/a/":  "/a/: Path must not end with / character",
		"a//b": "a//b: Invalid path string \"/app/conf/a//b\" caused by empty node name specified @12",
	} {
		_, err := env.Path(lex.Word{Text: text})
		if err == nil || err.Error() != want || command.ExitCodeOf(err) != command.ExitUsage {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if got, err := env.SequentialPath(lex.Word{Text: "q/"}); err != nil || got != "/app/conf/q/" {
		t.Errorf("a sequential path that ends with a slash: %q, %v", got, err)
	}
}

func TestData(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(file, []byte("\x00bytes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := &command.Env{Stdin: strings.NewReader("from stdin")}
	for _, tt := range []struct {
		word lex.Word
		want string
	}{
		{lex.Word{Text: "x"}, "x"},
		{lex.Word{Text: ""}, ""},
		{lex.Word{Text: "@" + file}, "\x00bytes\n"},
		{lex.Word{Text: "@" + file, Quoted: true}, "@" + file},
		{lex.Word{Text: "a@b"}, "a@b"},
		{lex.Word{Text: "@-"}, "from stdin"},
		{lex.Word{Text: "@-"}, "from stdin"}, // read once, meant twice
		{lex.Word{Text: "@-", Quoted: true}, "@-"},
	} {
		got, err := env.Data(tt.word)
		if err != nil || string(got) != tt.want || got == nil {
			t.Errorf("%+v: %q, %v, want %q", tt.word, got, err, tt.want)
		}
	}
	for _, text := range []string{"@", "@/nowhere/at/all"} {
		if _, err := env.Data(lex.Word{Text: text}); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
	if _, err := new(command.Env).Data(lex.Word{Text: "@-"}); command.ExitCodeOf(err) != command.ExitUsage {
		t.Errorf("@- without standard input: %v", err)
	}
}

func TestExitCodeOf(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		err  error
		want command.ExitCode
	}{
		{nil, command.ExitOK},
		{command.ErrQuit, command.ExitOK},
		{command.At("/a", zkproto.NoNode), command.ExitFailed},
		{fmt.Errorf("wrapped: %w", zkproto.BadVersion), command.ExitFailed},
		{command.At("/a", zkproto.ConnectionLoss), command.ExitIncomplete},
		{zkproto.SessionExpired, command.ExitIncomplete},
		{context.DeadlineExceeded, command.ExitIncomplete},
		{&command.PartialError{Err: zkproto.NotEmpty}, command.ExitIncomplete},
		{&command.ConnectError{Err: errors.New("refused")}, command.ExitIncomplete},
		{command.ErrNotConnected, command.ExitIncomplete},
		{&net.OpError{Err: syscall.ECONNREFUSED}, command.ExitIncomplete},
		{&os.PathError{Err: syscall.ENOENT}, command.ExitFailed},
		{&render.WriteError{Err: os.ErrClosed}, command.ExitIncomplete},
		{command.At("/a", command.Usagef("no")), command.ExitUsage},
		{&command.ConnectError{Err: command.Usagef("no")}, command.ExitUsage},
		{&lex.Error{}, command.ExitUsage},
		{&command.UnknownError{Name: "x"}, command.ExitUnknown},
		{command.At("/a", canceled.Err()), command.ExitInterrupted},
	} {
		if got := command.ExitCodeOf(tt.err); got != tt.want {
			t.Errorf("%v: %d, want %d", tt.err, got, tt.want)
		}
	}
}

func TestEventText(t *testing.T) {
	for _, tt := range []struct {
		ev   zkproto.WatchedEvent
		want string
	}{
		{zkproto.WatchedEvent{Type: zkproto.EventNodeDataChanged, Path: "/a", Zxid: 0x12}, "event NodeDataChanged /a zxid=0x12"},
		{zkproto.WatchedEvent{Type: zkproto.EventNodeCreated, Path: "/a b"}, "event NodeCreated '/a b'"},
		{zkproto.WatchedEvent{Type: zkproto.EventNone}, "session Disconnected"},
		{zkproto.WatchedEvent{Type: zkproto.EventNone, State: zkproto.StateExpired, Path: "/a"}, "watch on /a ended: session Expired"},
	} {
		if got := command.EventText(tt.ev); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestOptions(t *testing.T) {
	o := command.NewOptions(command.DefaultSettings())
	for _, row := range command.OptionTable {
		before, err := o.Get(row.Name)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Set(row.Name, before); err != nil {
			t.Errorf("%s: its own value %q: %v", row.Name, before, err)
		}
		err = o.Set(row.Name, "bogus")
		if command.ExitCodeOf(err) != command.ExitUsage {
			t.Errorf("%s bogus: %v", row.Name, err)
		}
		if after, _ := o.Get(row.Name); after != before {
			t.Errorf("%s: a bad value left %q", row.Name, after)
		}
	}
	if err := o.Set("timeout", "1500"); err != nil || o.Now().Timeout != 1500*time.Millisecond {
		t.Errorf("timeout: %v, %v", o.Now().Timeout, err)
	}
	for _, bad := range []string{"-5", "0", "1ns", "99999999999"} {
		if o.Set("timeout", bad) == nil {
			t.Errorf("timeout %s was taken", bad)
		}
	}
	if err := o.Set("outptu", "json"); command.ExitCodeOf(err) != command.ExitUsage {
		t.Errorf("unknown option: %v", err)
	}
}
