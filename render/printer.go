package render

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/zoka-project/zoka/render/theme"
)

// Printer draws Results on one output. It keeps no state between two calls of Print; the output must not be
// written by others during one.
type Printer struct {
	Out      io.Writer
	Format   Format
	Theme    theme.Theme
	Width    int  // columns of the terminal, 0: unknown. Boxes are fitted to it, by breaking long cells.
	Terminal bool // Out is a terminal: text is laid out for eyes, and control characters are escaped
}

// WriteError tells that the output could not be written, a closed pipe for one, apart from the errors that
// a Stream ends with.
type WriteError struct{ Err error }

func (e *WriteError) Error() string { return "write the output: " + e.Err.Error() }
func (e *WriteError) Unwrap() error { return e.Err }

// Print draws r; nil is nothing, in every format. Everything drawn is written out when it returns, also upon an error: a *WriteError, the
// error of a Stream, ctx's, or that of a value that cannot be encoded.
func (p Printer) Print(ctx context.Context, r Result) error {
	if r == nil {
		return nil
	}
	d := drawing{Printer: p, w: bufio.NewWriter(output{p.Out})}
	err := d.result(ctx, r)
	if flushErr := d.w.Flush(); err == nil {
		err = flushErr
	}
	return err
}

// output marks the errors of a writer. A bufio.Writer keeps the first one, so it is enough to look at Flush.
type output struct{ w io.Writer }

func (o output) Write(b []byte) (int, error) {
	n, err := o.w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err != nil {
		err = &WriteError{err}
	}
	return n, err
}

// drawing is one call of Print.
type drawing struct {
	Printer
	w *bufio.Writer
}

func (d *drawing) result(ctx context.Context, r Result) error {
	v := r.View()
	if s, ok := v.(Stream); ok {
		return d.stream(ctx, s)
	}
	if d.Format == FormatJSON {
		return d.json(r)
	}
	return d.view(ctx, v)
}

func (d *drawing) view(ctx context.Context, v View) error {
	switch v := v.(type) {
	case Table:
		return d.table(v)
	case Tree:
		d.tree(v)
	case Fields:
		return d.fields(v)
	case Blob:
		d.blob(v)
	case Text:
		d.text(v)
	case List:
		return d.list(v)
	case Group:
		for _, member := range v.Views {
			if err := d.view(ctx, member); err != nil {
				return err
			}
		}
	case Stream:
		return d.stream(ctx, v)
	case Empty, nil:
	default:
		return fmt.Errorf("draw a %T: no such view", v)
	}
	return nil
}

func (d *drawing) stream(ctx context.Context, s Stream) error {
	if s.Rows == nil {
		return nil
	}
	for r, err := range s.Rows {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = d.result(ctx, r)
		}
		if err == nil && (s.Live || d.Terminal) {
			err = d.w.Flush()
		}
		if err == nil {
			_, err = d.w.Write(nil) // a pipe that is closed ends the rows, whenever the buffer met it
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (d *drawing) json(r Result) error {
	if raw, ok := r.(Raw); ok {
		d.encoded(raw.JSON())
		return nil
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf) // its own buffer: nothing is written of a value that fails half-way
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("encode %T as JSON: %w", r, err)
	}
	d.encoded(buf.Bytes())
	return nil
}

// encoded writes JSON, so that it stays that on a terminal too.
func (d *drawing) encoded(text []byte) {
	if d.Terminal {
		d.w.WriteString(escapeJSON(string(text)))
	} else {
		d.w.Write(text)
	}
}

// paint prepares a text that stands on one line.
func (d *drawing) paint(role theme.Role, s string) string { return d.paintKeeping(role, s, "") }

// paintKeeping leaves the control characters in keep alone on a terminal.
func (d *drawing) paintKeeping(role theme.Role, s, keep string) string {
	if d.Terminal {
		s = escape(s, keep)
	}
	return d.Theme.Paint(role, s)
}
