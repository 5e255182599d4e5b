package tty_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/zoka-project/zoka/shell/tty"
)

// The tests drive a real process on a real pty: this test binary, started again
// with programEnv set. It is a shell with a few commands of its own.
const programEnv = "ZOKA_TTY_PROGRAM"

func TestMain(m *testing.M) {
	switch os.Getenv(programEnv) {
	case "":
		os.Exit(m.Run())
	default:
		os.Exit(program())
	}
}

// vocabulary is what the program completes: words, and paths below /.
var vocabulary = []string{
	"echo", "event", "create", "createTTL", "quit", "sleep",
	"/brokers", "/brokers/ids", "/brokers/topics", "/zookeeper",
}

// lateWord is a candidate that is known only after a refresh, as if it had to be fetched.
const lateWord = "/late/answer"

var late atomic.Bool

// complete answers for the last word of the line.
func complete(line string, cursor int) []tty.Candidate {
	from := strings.LastIndexByte(line[:cursor], ' ') + 1
	word := line[from:cursor]
	var out []tty.Candidate
	for _, v := range vocabulary {
		if strings.HasPrefix(v, word) && strings.HasPrefix(v, "/") == (from > 0) {
			out = append(out, tty.Candidate{Text: v, Description: "about " + v, ReplaceFrom: from, Append: " "})
		}
	}
	if late.Load() && from > 0 && word != "" && strings.HasPrefix(lateWord, word) {
		out = append(out, tty.Candidate{Text: lateWord, ReplaceFrom: from})
	}
	return out
}

// A shell is the program's state. Descriptor 3 brings commands from the test,
// 4 takes what was run, one quoted line each; both may be missing.
type shell struct {
	term    *tty.Terminal
	count   atomic.Int64 // commands run, shown in the prompt
	ran     *os.File
	control *os.File
	proceed chan struct{} // a token for each "go" of the test
}

func program() int {
	s := &shell{proceed: make(chan struct{}), control: os.NewFile(3, "control"), ran: os.NewFile(4, "ran")}
	history, err := tty.OpenHistory(os.Getenv("PROGRAM_HISTORY"), func(line string) bool {
		return strings.HasPrefix(line, "addauth")
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	s.term, err = tty.Open(tty.Config{
		Prompt:      func() string { return fmt.Sprintf("z %d> ", s.count.Load()) },
		PromptStyle: func() string { return os.Getenv("PROGRAM_STYLE") },
		Color:       os.Getenv("PROGRAM_COLOR") != "",
		Complete:    complete,
		Incomplete:  func(line string) bool { return strings.Count(line, `"`)%2 == 1 },
		History:     history,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 9
	}
	defer s.term.Close()
	return s.run()
}

// run is what package main does with a Terminal: signals and the exit code.
func (s *shell) run() int {
	ctx, cancel := context.WithCancelCause(context.Background())
	if os.Getenv(programEnv) == "nohup" {
		signal.Ignore(syscall.SIGHUP)
	} else {
		sig := make(chan os.Signal, 1)
		signal.Notify(sig, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT)
		go func() {
			got := <-sig
			s.term.Restore()
			os.Exit(128 + int(got.(syscall.Signal)))
		}()
	}
	go func() {
		in := bufio.NewScanner(s.control)
		for in.Scan() {
			verb, rest, _ := strings.Cut(in.Text(), " ")
			switch verb {
			case "say":
				s.term.PrintAbove(rest)
				fmt.Fprintln(s.ran, "said")
			case "above":
				s.term.PrintAbove(strings.ReplaceAll(rest, "|", "\n"))
			case "go":
				s.proceed <- struct{}{}
			case "refresh":
				late.Store(true)
				s.count.Add(100)
				s.term.Refresh()
			case "cancel":
				cancel(errors.New("told to stop"))
			}
		}
	}()
	err := s.term.Run(ctx, s.exec)
	fmt.Fprintf(s.ran, "end %v\n", err)
	if err != nil {
		return 2
	}
	return 0
}

func (s *shell) exec(ctx context.Context, line string) bool {
	fmt.Fprintf(s.ran, "%q\n", line)
	s.count.Add(1)
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "quit":
		return true
	case "echo":
		fmt.Println(rest)
	case "bare":
		fmt.Print(rest)
	case "sleep":
		fmt.Println("asleep")
		<-ctx.Done()
		fmt.Println("awake:", context.Cause(ctx))
	case "wait":
		fmt.Println("waiting")
		<-s.proceed
	case "panic":
		panic("the command's own fault")
	case "next":
		s.term.SetNext(rest)
	case "ask":
		answer, err := s.term.ReadLine(ctx, "sure? ")
		fmt.Printf("answer %q %v\n", answer, err)
	case "password":
		answer, err := s.term.ReadPassword(ctx, "secret: ")
		fmt.Printf("password %q %v\n", answer, err)
	case "edit":
		err := s.term.Suspend(func() error {
			fmt.Println("editor")
			answer, err := bufio.NewReader(os.Stdin).ReadString('\n')
			fmt.Printf("edited %q\n", answer)
			return err
		})
		fmt.Println("edit:", err)
	}
	return false
}
