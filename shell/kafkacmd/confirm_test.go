package kafkacmd_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/zoka-project/zoka/shell/command"
)

// testConfirm: what a pattern finds is deleted when the person who types says so, and only then.
func testConfirm(t *testing.T, bootstrap string) {
	s := newSession(t, bootstrap)
	shows(t, s, "topics create confirm-a confirm-b", "created confirm-a\ncreated confirm-b\n")
	var answer func() (string, error)
	s.Env.ReadLine = func(_ context.Context, prompt string) (string, error) {
		if prompt != "do it? (y/n) " {
			t.Errorf("asked %q", prompt)
		}
		return answer()
	}
	for _, tt := range []struct {
		name string
		line string
		err  error
		code command.ExitCode
		want string
	}{
		{"no", "n", nil, command.ExitFailed, "topics delete: not done: it was not confirmed"},
		{"nothing", "", nil, command.ExitFailed, "topics delete: not done: it was not confirmed"},
		{"end", "", io.EOF, command.ExitFailed, "topics delete: not done: it was not confirmed"},
		{"Ctrl-C", "", context.Canceled, command.ExitInterrupted, "topics delete: interrupted"},
		{"broken", "y", errors.New("no terminal"), command.ExitFailed, "topics delete: no terminal"},
	} {
		answer = func() (string, error) { return tt.line, tt.err }
		fails(t, s, "topics delete --regex confirm-.*", tt.code, tt.want)
		if talk := s.Talk(); !slices.Contains(talk, "delete 2 topics: confirm-a, confirm-b") {
			t.Errorf("%s: says %q", tt.name, talk)
		}
	}
	shows(t, s, "topics list --regex confirm-.*", "confirm-a\nconfirm-b\n")
	answer = func() (string, error) { return " Yes ", nil }
	shows(t, s, "topics delete --regex confirm-.*", "deleted confirm-a\ndeleted confirm-b\n")
}
