package klog

import (
	"fmt"
	"io"

	"github.com/zoka-project/zoka/clientproto/kproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

const (
	// headerWindow is what is read at once where only the headers are wanted: of small batches many, of
	// large ones not much more than the header.
	headerWindow = 4 << 10
	// bodyWindow is what is read at once where all bytes are.
	bodyWindow = 256 << 10
)

// scanner walks the batches of a log file from a position on.
type scanner struct {
	file   storage.File
	pos    int64 // of the batch that header returns
	end    int64 // the file's size
	window int

	buf []byte
	at  int64 // position of buf[0]
}

// tornError says that what stands at a position is no batch.
type tornError struct {
	pos int64
	err error
}

func (e *tornError) Error() string { return fmt.Sprintf("no batch at position %d: %v", e.pos, e.err) }
func (e *tornError) Unwrap() error { return e.err }

// header returns the header of the batch at pos: io.EOF at the end, a tornError where there is none
// that fits in the file.
func (s *scanner) header() (kproto.BatchHeader, error) {
	if s.pos >= s.end {
		return kproto.BatchHeader{}, io.EOF
	}
	b, err := s.bytes(kproto.BatchHeaderSize)
	if err != nil {
		return kproto.BatchHeader{}, err
	}
	h, err := kproto.ParseBatchHeader(b)
	if err != nil {
		return h, &tornError{s.pos, err}
	}
	if int64(h.Size()) > s.end-s.pos {
		return h, &tornError{s.pos, io.ErrUnexpectedEOF}
	}
	return h, nil
}

// batch returns all bytes of the batch whose header is h. They are valid until the next call.
func (s *scanner) batch(h kproto.BatchHeader) ([]byte, error) { return s.bytes(h.Size()) }

// skip goes on to the batch behind h.
func (s *scanner) skip(h kproto.BatchHeader) { s.pos += int64(h.Size()) }

// bytes returns n bytes from pos on.
func (s *scanner) bytes(n int) ([]byte, error) {
	if int64(n) > s.end-s.pos {
		return nil, &tornError{s.pos, io.ErrUnexpectedEOF}
	}
	from := s.pos - s.at
	if from < 0 || from+int64(n) > int64(len(s.buf)) {
		want := int(min(int64(max(n, s.window)), s.end-s.pos))
		if cap(s.buf) < want {
			s.buf = make([]byte, want)
		}
		s.buf = s.buf[:want]
		got, err := s.file.ReadAt(s.buf, s.pos)
		s.buf, s.at, from = s.buf[:got], s.pos, 0
		if got < n { // more than that may be beyond a cut that has just been made
			if err == io.EOF {
				err = &tornError{s.pos, io.ErrUnexpectedEOF}
			}
			return nil, err
		}
	}
	return s.buf[from : from+int64(n)], nil
}
