package kafkacmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/zoka-project/zoka/clientproto/kmodel"
	"github.com/zoka-project/zoka/shell/command"
)

// prompt asks for a record.
const prompt = ">"

// lineError is a line that is no record. The lines behind it may be.
type lineError struct{ err error }

func (e *lineError) Error() string { return e.err.Error() }
func (e *lineError) Unwrap() error { return e.err }

// valueSource is the arguments of the command.
type valueSource struct {
	*producing
	values [][]byte
	at     int
}

func (s *valueSource) next(r *kmodel.Record) (int64, error) {
	if s.at == len(s.values) {
		return 0, io.EOF
	}
	s.at++
	if err := s.parse(s.values[s.at-1], r); err != nil {
		return int64(s.at), &lineError{err}
	}
	return int64(s.at), nil
}

// lineSource is a file or a pipe.
type lineSource struct {
	*producing
	lines *LineReader
	at    int64
}

func (s *lineSource) next(r *kmodel.Record) (int64, error) {
	line, err := s.lines.Next()
	if err != nil {
		return s.at + 1, err
	}
	s.at++
	if err := s.parse(line, r); err != nil {
		return s.at, &lineError{err}
	}
	return s.at, nil
}

// formatSource is a file or a pipe in a layout. Its numbers are those of the records.
type formatSource struct {
	*producing
	reader command.RecordReader
	at     int64
}

func (s *formatSource) next(r *kmodel.Record) (int64, error) {
	s.begin(r)
	err := s.reader.Read(r)
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return s.at + 1, io.EOF
	}
	s.at++
	if err != nil { // where the next record would begin is not known
		return s.at, fmt.Errorf("record %d does not fit the layout: %w", s.at, err)
	}
	r.Headers = append(r.Headers, s.headers...)
	r.Key, r.Value = s.marked(r.Key), s.marked(r.Value)
	s.override(r)
	return s.at, nil
}

// marked is a key or value that may be marked as null. What is null already stays so.
func (p *producing) marked(b []byte) []byte {
	if b == nil {
		return nil
	}
	return p.lines.data(b)
}

// typedSource is a person.
type typedSource struct {
	*producing
	ctx context.Context
	ask func(context.Context, string) (string, error)
	at  int64
}

func (s *typedSource) next(r *kmodel.Record) (int64, error) {
	line, err := s.ask(s.ctx, prompt)
	if err != nil {
		return s.at + 1, err
	}
	s.at++
	if err := s.parse([]byte(line), r); err != nil {
		return s.at, &lineError{err}
	}
	return s.at, nil
}

// typedReader is what a person types, as one stream: for layouts, which need not end a record with a line.
type typedReader struct {
	ctx  context.Context
	ask  func(context.Context, string) (string, error)
	rest []byte
}

func (t *typedReader) Read(b []byte) (int, error) {
	if len(t.rest) == 0 {
		line, err := t.ask(t.ctx, prompt)
		if err != nil {
			return 0, err
		}
		t.rest = append([]byte(line), '\n')
	}
	n := copy(b, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}
