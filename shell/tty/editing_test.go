package tty_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTab_CompletesTheCommonPrefixThenTheMenu(t *testing.T) {
	h := start(t)
	h.typed("cr\t")
	h.waitScreen("the common prefix", func(r []string) bool { return r[0] == "z 0> create" && len(r) == 3 })
	h.typed("T\t") // the only candidate brings its space
	h.waitScreen("the candidate", func(r []string) bool { return strings.HasPrefix(r[0], "z 0> createTTL") })
	h.typed("/b\t\t\t\r")
	h.waitRan("createTTL /brokers/ids")
}

func TestTab_OnAnEmptyLineOffersEverything(t *testing.T) {
	h := start(t)
	h.typed("\t")
	h.waitScreen("the menu", func(r []string) bool { return len(r) == 7 && r[0] == "z 0>" })
	h.typed("\t\t\t") // echo, event, create
	h.waitScreen("the third item", func(r []string) bool { return r[0] == "z 0> create" })
	h.typed("\x1b") // Esc takes the choice back and closes the menu
	h.waitRows("z 0>")
	h.typed("echo a\r")
	h.waitRan("echo a")
}

func TestEscape_ClosesTheMenuUntilTheLineChanges(t *testing.T) {
	h := start(t)
	h.typed("cr\t\t")
	h.waitScreen("a choice", func(r []string) bool { return r[0] == "z 0> create" && len(r) == 3 })
	h.typed("\x1b")
	h.waitRows("z 0> create")
	h.typed("T")
	h.waitScreen("the menu", func(r []string) bool { return r[0] == "z 0> createT" && len(r) == 2 })
}

func TestHistory_UpAndSearch(t *testing.T) {
	h := start(t)
	h.typed("echo alpha\recho beta\recho gamma\r")
	h.waitRan("echo alpha", "echo beta", "echo gamma")
	h.typed(up + up + "X\x7f")
	h.waitScreen("the entry before the last", func(r []string) bool { return r[len(r)-1] == "z 3> echo beta" })
	h.typed(ctrlC)
	last := func(want string) func([]string) bool {
		return func(r []string) bool { return r[len(r)-1] == want }
	}
	h.waitScreen("a clean line", last("z 3>"))

	h.typed(ctrlR + "echo")
	h.waitScreen("the newest match", last("(reverse-i-search)`echo': echo gamma"))
	h.typed(ctrlR)
	h.waitScreen("the match before it", last("(reverse-i-search)`echo': echo beta"))
	h.tell("above event")
	h.waitScreen("the event above the search", func(r []string) bool {
		return r[len(r)-2] == "event" && r[len(r)-1] == "(reverse-i-search)`echo': echo beta"
	})
	h.typed("zzz")
	h.waitScreen("the failure", last("(failed reverse-i-search)`echozzz': echo beta"))
	h.typed("\x07")
	h.waitScreen("the line as it was", last("z 3>"))
	h.typed(ctrlR + "alp\x1b")
	h.waitScreen("the match in the line", func(r []string) bool {
		return strings.Contains(strings.Join(r, "\n"), "\nz 3> echo alpha\n") // and the menu for the cursor
	})
	h.typed("\x05!\r" + ctrlR + "bet\r")
	h.waitRan("echo alpha", "echo beta", "echo gamma", "echo alpha!", "echo beta")
}

func TestHistory_File(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history")
	h := start(t, withEnv("PROGRAM_HISTORY="+path))
	h.typed("echo one\raddauth digest u:secret\r\r")
	h.typed("echo \"two\rlines\"\r")
	h.waitRan("echo one", "addauth digest u:secret", "", "echo \"two\nlines\"")
	h.typed(up + up)
	h.waitScreen("the entry before", func(r []string) bool { return strings.HasSuffix(r[len(r)-1], "> echo one") })
	h.typed(ctrlC + ctrlD)
	h.waitExit(0)
	info, err := os.Stat(path)
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	data, err := os.ReadFile(path)
	check(t, err)
	if want := "echo one\necho \"two\\nlines\"\n"; string(data) != want {
		t.Errorf("history %q, want %q", data, want)
	}

	again := start(t, withEnv("PROGRAM_HISTORY="+path))
	again.typed(up)
	again.waitRows("z 0> echo \"two␊lines\"")
	again.typed("\r")
	again.waitRan("echo \"two\nlines\"")
}

func TestIncomplete_AsksForMore(t *testing.T) {
	h := start(t)
	h.typed("echo \"a\rb")
	h.waitRows("z 0> echo \"a", "> b")
	h.typed(ctrlC)
	h.waitRows("z 0> echo \"a", "> b^C", "z 0>")
	h.typed("echo \"a\rb\"\r")
	h.waitRan("echo \"a\nb\"")
}

func TestWindow_ZeroByZero(t *testing.T) {
	h := start(t, withSize(0, 0))
	h.typed("echo hello")
	h.waitRows("z 0> echo hello")
	h.tell("above event")
	h.waitRows("event", "z 0> echo hello")
	h.typed("\r")
	h.waitRan("echo hello")
}

func TestWindow_LongLine(t *testing.T) {
	h := start(t)
	line := "echo " + strings.Repeat("0123456789", 250)
	h.typed(line)
	h.waitScreen("the end of the line", func(r []string) bool {
		return len(r) == 24 && strings.HasSuffix(r[23], "6789") && !strings.Contains(strings.Join(r, ""), "z 0>")
	})
	h.tell("above event")
	h.typed("\x01") // to the beginning
	h.waitScreen("the beginning of the line", func(r []string) bool { return strings.HasPrefix(r[0], "z 0> echo 0123") })
	h.waitCursor(5, 0)
	h.typed("\r")
	h.waitRan(line)
	h.waitScreen("the next prompt", func(r []string) bool { return r[len(r)-1] == "z 1>" })
}

func TestWindow_OfThreeRows(t *testing.T) {
	h := start(t, withSize(30, 3))
	h.typed("cr\t\t\t")
	h.waitScreen("the choice and what fits of the menu", func(r []string) bool {
		return len(r) == 3 && r[0] == "z 0> createTTL" && strings.Contains(r[2], "createTTL")
	})
	h.typed("\r")
	h.waitRan("createTTL")
}

func TestWindow_Resized(t *testing.T) {
	h := start(t, withSize(20, 10))
	h.typed("echo 0123456789abcdefghij")
	h.waitRows("z 0> echo 0123456789", "abcdefghij")
	h.setSize(40, 10)
	h.waitRows("z 0> echo 0123456789abcdefghij")
	h.waitCursor(30, 0)
	h.tell("above event")
	h.waitRows("event", "z 0> echo 0123456789abcdefghij")
	h.typed("\r")
	h.waitRan("echo 0123456789abcdefghij")
}

func TestOutputWithoutNewline_StaysVisible(t *testing.T) {
	h := start(t)
	h.typed("bare data\r")
	h.waitRows("z 0> bare data", "data", "z 1>")
}

func TestQuestions(t *testing.T) {
	h := start(t)
	h.typed("ask\r")
	h.waitRows("z 0> ask", "sure?")
	h.typed("yes\r")
	h.waitRows("z 0> ask", "sure? yes", "answer \"yes\" <nil>", "z 1>")
	h.typed("password\r")
	h.waitScreen("the question", func(r []string) bool { return r[len(r)-1] == "secret:" })
	h.typed("hunter3\x7f2")
	h.tell("above event")
	h.waitScreen("the event above the question", func(r []string) bool {
		return r[len(r)-2] == "event" && r[len(r)-1] == "secret:"
	})
	h.typed("\r")
	h.waitScreen("the answer", func(r []string) bool { return r[len(r)-2] == `password "hunter2" <nil>` })
	h.typed("ask\r")
	h.waitScreen("the question", func(r []string) bool { return r[len(r)-1] == "sure?" })
	h.typed("ye")
	h.waitScreen("half an answer", func(r []string) bool { return r[len(r)-1] == "sure? ye" })
	h.typed(ctrlC)
	h.waitScreen("the broken answer", func(r []string) bool {
		n := len(r)
		return r[n-3] == "sure? ye^C" && r[n-2] == `answer "" interrupted` && r[n-1] == "z 3>"
	})
}

func TestSuspend_LendsTheTerminal(t *testing.T) {
	h := start(t)
	h.typed("edit\r")
	h.waitScreen("the editor", func(r []string) bool { return r[len(r)-1] == "editor" })
	if now := h.termios(); now != h.before {
		t.Errorf("modes in the editor %+v, want %+v", now, h.before)
	}
	h.tell("say held back")
	h.waitReports(`"edit"`, "said")
	h.typed("text\n")
	h.waitRows("z 0> edit", "editor", "text", `edited "text\n"`, "held back", "edit: <nil>", "z 1>")
	h.typed("echo after\r")
	h.waitReports(`"edit"`, "said", `"echo after"`)
}

func TestSetNext_FillsTheNextPrompt(t *testing.T) {
	h := start(t)
	h.typed("next echo again\r")
	h.waitRows("z 0> next echo again", "z 1> echo again")
	h.typed("!\r")
	h.waitRan("next echo again", "echo again!")
}

func TestRefresh_AsksForThePromptAgain(t *testing.T) {
	h := start(t)
	h.typed("echo half" + left)
	h.waitCursor(13, 0)
	h.tell("refresh")
	h.waitRows("z 100> echo half")
	h.waitCursor(15, 0)
}

// A Tab that comes before the candidates do is not lost: the word is completed when they
// are there, unless something else was typed meanwhile.
func TestTab_WaitsForCandidates(t *testing.T) {
	h := start(t)
	h.typed("echo /la\t")
	h.waitCursor(13, 0)
	h.tell("refresh")
	h.waitRows("z 100> echo /late/answer", strings.Repeat(" ", 25)+"/late/answer")
}

func TestTab_IsForgottenWhenTypingGoesOn(t *testing.T) {
	h := start(t)
	h.typed("echo /la\tx")
	h.waitRows("z 0> echo /lax")
	h.typed("\x7f")
	h.waitRows("z 0> echo /la")
	h.tell("refresh")
	h.waitRows("z 100> echo /la", strings.Repeat(" ", 16)+"/late/answer")
}

func TestCtrlL_ClearsTheScreen(t *testing.T) {
	h := start(t)
	h.typed("echo a\recho half")
	h.waitRows("z 0> echo a", "a", "z 1> echo half")
	h.typed("\x0c")
	h.waitRows("z 1> echo half")
}

func TestCtrlZ_InAnOrphanedGroupGoesOn(t *testing.T) {
	h := start(t) // a session leader: nobody could wake it up
	h.typed("echo half")
	h.waitRows("z 0> echo half")
	h.typed("\x1a")
	h.waitRows("z 0> echo half", "z 0> echo half")
	h.typed("\r")
	h.waitRan("echo half")
}
