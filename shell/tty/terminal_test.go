package tty_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const (
	ctrlC = "\x03"
	ctrlD = "\x04"
	ctrlR = "\x12"
	up    = "\x1b[A"
	left  = "\x1b[D"
)

func TestTyping(t *testing.T) {
	h := start(t)
	h.typed("echo hello\r")
	h.waitRows("z 0> echo hello", "hello", "z 1>")
	h.waitCursor(5, 2)
	h.waitRan("echo hello")
}

func TestKeys_EditTheLine(t *testing.T) {
	tests := []struct{ name, keys, want string }{
		{"arrows", "acd" + left + left + "b", "abcd"},
		{"ctrl-a, ctrl-e", "b\x01a\x05c", "abc"},
		{"home, end", "b\x1b[Ha\x1b[Fc", "abc"},
		{"home, end of an application keypad", "b\x1bOHa\x1bOFc", "abc"},
		{"backspace", "abx\x7fc", "abc"},
		{"delete", "axb" + left + left + "\x1b[3~", "ab"},
		{"ctrl-d deletes", "axb" + left + left + ctrlD, "ab"},
		{"ctrl-k", "abcxx" + left + left + "\x0b", "abc"},
		{"ctrl-u", "xxabc" + left + left + left + "\x15", "abc"},
		{"ctrl-w", "a b xyz\x17c", "a b c"},
		{"alt-b, alt-f", "a path\x1bb\x1bb-\x1bf-", "-a- path"},
		{"ctrl-left, alt-d", "a path\x1b[1;5D\x1bd", "a "},
		{"alt-backspace", "/a/path\x1b\x7fb", "/a/b"},
		{"unknown keys", "a\x1b[24~\x1bx\x1b[1;2A\x0f\x1b[[Ab", "ab"},
		{"wide and combined", "日本e\u0301\x7f\x7f語", "日本語"},
		{"not UTF-8", "a\xffb", "a\xffb"},
	}
	h := start(t)
	var want []string
	for _, test := range tests {
		h.typed(test.keys + "\r")
		want = append(want, test.want)
		h.waitRan(append([]string(nil), want...)...)
	}
}

func TestPrintAbove_HalfTypedLine(t *testing.T) {
	h := start(t)
	h.typed("echo hello" + left + left)
	h.waitRows("z 0> echo hello")
	h.waitCursor(13, 0)
	h.tell("above WATCHER::|created /a")
	h.waitRows("WATCHER::", "created /a", "z 0> echo hello")
	h.waitCursor(13, 2)
	h.typed("X\r")
	h.waitRows("WATCHER::", "created /a", "z 0> echo helXlo", "helXlo", "z 1>")
}

func TestPrintAbove_AtTheBottomOfTheWindow(t *testing.T) {
	h := start(t, withSize(30, 4))
	h.typed("echo a\recho b\r")
	h.waitRan("echo a", "echo b")
	h.typed("echo c")
	h.waitScreen("the third line", func(r []string) bool { return r[len(r)-1] == "z 2> echo c" })
	h.tell("above one|two")
	h.waitRows("b", "one", "two", "z 2> echo c")
}

func TestPrintAbove_OpenMenu(t *testing.T) {
	h := start(t)
	h.typed("cr\t\t\t")
	indent := strings.Repeat(" ", 14) // the menu stands below the cursor
	open := []string{
		"z 0> createTTL",
		indent + " create     about create",
		indent + " createTTL  about createTTL",
	}
	h.waitRows(open...)
	h.tell("above event")
	h.waitRows(append([]string{"event"}, open...)...)
	h.waitCursor(14, 1)
	h.typed(" /a\r") // typing on accepts the choice
	h.waitRows("event", "z 0> createTTL /a", "z 1>")
	h.waitRan("createTTL /a")
}

func TestPrintAbove_WrappedLine(t *testing.T) {
	h := start(t, withSize(20, 10))
	h.typed("echo 0123456789abcdefghij")
	h.waitRows("z 0> echo 0123456789", "abcdefghij")
	h.waitCursor(10, 1)
	h.tell("above event")
	h.waitRows("event", "z 0> echo 0123456789", "abcdefghij")
	h.waitCursor(10, 2)
	h.typed(strings.Repeat(left, 12))
	h.waitCursor(18, 1)
	h.tell("above more")
	h.waitRows("event", "more", "z 0> echo 0123456789", "abcdefghij")
	h.waitCursor(18, 2)
	h.typed("\r")
	h.waitRows("event", "more", "z 0> echo 0123456789", "abcdefghij", "0123456789abcdefghij", "z 1>")
}

func TestPrintAbove_LineThatFillsItsRow(t *testing.T) {
	h := start(t, withSize(20, 10))
	h.typed("echo 0123456789")
	h.waitCursor(0, 1)
	h.tell("above event")
	h.waitRows("event", "z 0> echo 0123456789")
	h.waitCursor(0, 2)
	h.typed("\r")
	h.waitRows("event", "z 0> echo 0123456789", "0123456789", "z 1>")
}

func TestPrintAbove_WhileACommandRuns(t *testing.T) {
	h := start(t)
	h.typed("wait\r")
	h.waitRows("z 0> wait", "waiting")
	h.tell("above event")
	h.waitRows("z 0> wait", "waiting", "event")
	h.tell("go")
	h.waitRows("z 0> wait", "waiting", "event", "z 1>")
}

func TestPrintAbove_ManyEvents(t *testing.T) {
	h := start(t, withSize(40, 10))
	h.typed("echo hello")
	h.waitRows("z 0> echo hello")
	for range 200 {
		h.tell("above event")
	}
	h.tell("above last")
	h.waitScreen("200 events above the line", func(r []string) bool {
		return len(r) == 10 && r[7] == "event" && r[8] == "last" && r[9] == "z 0> echo hello"
	})
	h.typed("\r")
	h.waitRan("echo hello")
}

func TestPaste_RunsLineByLine(t *testing.T) {
	for _, paste := range []struct{ name, keys string }{
		{"bracketed", "\x1b[200~echo one\recho two\recho thr\x1b[201~ee"},
		{"bracketed with LF", "\x1b[200~echo one\necho two\necho three\x1b[201~"},
		{"bracketed with CRLF", "\x1b[200~echo one\r\necho two\r\necho three\x1b[201~"},
		{"typed ahead", "echo one\recho two\recho three"},
	} {
		t.Run(paste.name, func(t *testing.T) {
			h := start(t)
			h.typed(paste.keys)
			h.waitRows("z 0> echo one", "one", "z 1> echo two", "two", "z 2> echo three")
			h.waitRan("echo one", "echo two")
			h.typed("\r")
			h.waitRan("echo one", "echo two", "echo three")
		})
	}
}

func TestPaste_GoesIntoTheLineAndKeepsTabs(t *testing.T) {
	h := start(t)
	h.typed("echo x")
	h.waitRows("z 0> echo x")
	h.typed("\x7f\x1b[200~a\tb\x1b[A\x1b[201~c")
	h.waitRows("z 0> echo a␉b␛[Ac")
	h.typed("\r")
	h.waitRan("echo a\tb\x1b[Ac")
}

func TestPaste_ThousandLines(t *testing.T) {
	h := start(t)
	var lines []string
	for range 1000 {
		lines = append(lines, "x")
	}
	h.typed("\x1b[200~" + strings.Join(lines, "\r") + "\r\x1b[201~")
	h.waitRan(lines...)
}

func TestTypedAhead_IsKeptForTheNextPrompt(t *testing.T) {
	h := start(t)
	h.typed("wait\r")
	h.waitRan("wait")
	h.typed("echo typed" + left + left + "X") // not echoed while the command runs
	h.waitRows("z 0> wait", "waiting")
	h.tell("go")
	h.waitRows("z 0> wait", "waiting", "z 1> echo typXed")
}

func TestCtrlC_CancelsTheCommandOnly(t *testing.T) {
	h := start(t)
	h.typed("sleep\r")
	h.waitRows("z 0> sleep", "asleep")
	h.typed("echo never\r" + ctrlC)
	h.waitRows("z 0> sleep", "asleep", "^C", "awake: interrupted", "z 1>")
	h.typed("echo alive\r")
	h.waitRan("sleep", "echo alive")
}

func TestCtrlC_AtThePromptClearsTheLine(t *testing.T) {
	h := start(t)
	h.typed("echo half")
	h.waitRows("z 0> echo half")
	h.typed(ctrlC)
	h.waitRows("z 0> echo half^C", "z 0>")
	h.typed("echo whole\r")
	h.waitRan("echo whole")
}

func TestCtrlD_LeavesOnAnEmptyLineOnly(t *testing.T) {
	h := start(t)
	h.typed("x" + ctrlD) // nothing to delete at the end of the line
	h.waitRows("z 0> x")
	h.typed("\x7f" + ctrlD)
	h.waitExit(0)
	h.waitReports("end <nil>")
	h.waitRows("z 0>")
	h.waitCursor(0, 1)
}

func TestRestore(t *testing.T) {
	t.Run("quit", func(t *testing.T) {
		h := start(t)
		h.typed("quit\r")
		h.waitExit(0)
	})
	t.Run("panic", func(t *testing.T) {
		h := start(t)
		h.typed("panic\r")
		h.waitExit(2)
		h.waitScreen("the panic", func(r []string) bool {
			return strings.Contains(strings.Join(r, "\n"), "panic: the command's own fault")
		})
	})
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT} {
		t.Run(sig.String()+" at the prompt", func(t *testing.T) {
			h := start(t)
			h.typed("echo half\t")
			h.waitScreen("the line", func(r []string) bool { return r[0] == "z 0> echo half" })
			check(t, h.cmd.Process.Signal(sig))
			h.waitExit(128 + int(sig))
			h.waitRows("z 0> echo half")
			h.waitCursor(0, 1)
		})
		t.Run(sig.String()+" in a command", func(t *testing.T) {
			h := start(t)
			h.typed("sleep\r")
			h.waitRows("z 0> sleep", "asleep")
			check(t, h.cmd.Process.Signal(sig))
			h.waitExit(128 + int(sig))
		})
	}
	t.Run("ctrl-backslash in a command", func(t *testing.T) {
		h := start(t)
		h.typed("sleep\r")
		h.waitRows("z 0> sleep", "asleep")
		h.typed("\x1c")
		h.waitExit(128 + int(syscall.SIGQUIT))
	})
	t.Run("context ends at the prompt", func(t *testing.T) {
		h := start(t)
		h.typed("echo half")
		h.waitRows("z 0> echo half")
		h.tell("cancel")
		h.waitExit(2)
		h.waitReports("end told to stop")
	})
	t.Run("context ends in a command", func(t *testing.T) {
		h := start(t)
		h.typed("sleep\r")
		h.waitRows("z 0> sleep", "asleep")
		h.tell("cancel")
		h.waitExit(2)
		h.waitReports(`"sleep"`, "end told to stop")
	})
}

func TestHangup_EndsRun(t *testing.T) {
	h := start(t, withEnv(programEnv+"=nohup"))
	check(t, h.slave.Close())
	check(t, h.master.Close())
	h.wait("the end of Run", func() bool {
		return len(h.ran) == 1 && strings.HasPrefix(h.ran[0], "end terminal hung up")
	})
	<-h.exited
}

func TestNoTerminal(t *testing.T) {
	f, err := os.Open(os.DevNull)
	check(t, err)
	defer f.Close()
	h := launch(t, func(h *host) { h.cmd.Stdin = f; h.cmd.SysProcAttr.Ctty = 1 })
	h.waitScreen("the reason", func(r []string) bool {
		return strings.Contains(r[0], "no terminal: standard input is not a terminal")
	})
	<-h.exited
}

func TestStdout_CarriesNoTalk(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	check(t, err)
	defer out.Close()
	h := start(t, withStdout(out))
	h.typed("echo data\r")
	h.waitRows("z 0> echo data", "z 1>")
	h.typed(ctrlD)
	h.waitExit(0)
	got, err := os.ReadFile(out.Name())
	check(t, err)
	if string(got) != "data\n" {
		t.Errorf("stdout %q", got)
	}
}
