package zkcli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/zoka-project/zoka/shell/command"
	"github.com/zoka-project/zoka/shell/lex"
)

// current is the number of the command that runs.
func (f *Front) current() int {
	if f.running {
		return len(f.history) - 1
	}
	return len(f.history)
}

func (f *Front) quit(ctx context.Context, _ []lex.Word) error {
	if f.due {
		_ = f.ready(ctx) // there is nothing to be done without
	}
	if f.now.alive() {
		f.endSession(ctx)
	}
	return command.ErrQuit
}

func (f *Front) showHistory(context.Context, []lex.Word) error {
	const shown = 10 // and the command itself
	for i := max(0, f.current()-shown); i <= f.current(); i++ {
		text := "null"
		if i < len(f.history) {
			text = f.history[i]
		}
		fmt.Fprintf(f.out, "%d - %s\n", i, text)
	}
	return nil
}

func (f *Front) redo(ctx context.Context, words []lex.Word) error {
	if len(words) == 0 {
		return nil
	}
	n, err := strconv.ParseInt(words[0].Text, 0, 32)
	switch {
	case err != nil:
		return failuref("redo %s: not the number of a command", lex.Quote(words[0].Text))
	case n < 0 || int(n) >= f.current():
		return failuref("Command index out of range")
	}
	text := f.history[n]
	again := splitLine(text)
	if again[0].Text == "redo" {
		return failuref("No redoing redos")
	}
	f.history[f.current()] = text
	if err := f.run(ctx, again); err != nil {
		if errors.Is(err, command.ErrQuit) {
			return err
		}
		f.finish(err)
		return &failure{code: f.code}
	}
	return nil
}

func (f *Front) switchWatches(_ context.Context, words []lex.Word) error {
	switch {
	case len(words) > 0:
		f.watches.set(words[0].Text == "on")
	case f.watches.on():
		fmt.Fprintln(f.out, "printwatches is on")
	default:
		fmt.Fprintln(f.out, "printwatches is off")
	}
	return nil
}
