package txnlog

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

// TruncateAfter removes all transactions above zxid, durably, the batch not yet synced
// among them: what a learner does when its leader sends TRUNC. Last tells the caller whether
// zxid itself is there. A crash on the way leaves a log that ends somewhere between the new
// and the old end, never one with a hole.
func (l *Log) TruncateAfter(zxid zkproto.Zxid) error {
	l.batch.reset()
	if err := l.endFile(); err != nil {
		return err
	}
	if l.err == nil && l.readable().last > zxid {
		if err := l.truncate(zxid); err != nil {
			return l.fail(fmt.Errorf("truncate the transaction log after %v: %w", zxid, err))
		}
	}
	return l.err
}

func (l *Log) truncate(zxid zkproto.Zxid) error {
	files, err := listFiles(l.fs, l.dir, logPrefix)
	if err != nil {
		return err
	}
	for i := len(files) - 1; i >= 0; i-- {
		if files[i].zxid > zxid {
			if err := l.removeFile(files[i]); err != nil {
				return err
			}
			continue
		}
		t, err := l.cut(files[i], zxid)
		if err != nil {
			return err
		}
		if t.last != 0 {
			l.setTail(t)
			return nil
		}
		if err := l.removeFile(files[i]); err != nil { // a header alone
			return err
		}
	}
	l.setTail(tail{})
	return nil
}

// removeFile is durable before it returns: of two removals not yet synced a crash might undo
// the second alone, which would leave a hole.
func (l *Log) removeFile(f file) error {
	if err := l.fs.Remove(f.path); err != nil {
		return err
	}
	return l.fs.SyncDir(l.dir)
}

// cut ends a file behind the last entry that is not above zxid.
func (l *Log) cut(f file, zxid zkproto.Zxid) (tail, error) {
	s, err := openScanner(l.fs, f.path, -1)
	if errors.Is(err, errNoEntries) {
		return tail{}, nil
	}
	if err != nil {
		return tail{}, err
	}
	defer s.close()
	t := tail{path: f.path, start: f.zxid, end: s.off}
	for s.last < zxid { // what lies behind it, be it broken, is cut unread
		_, err := s.next()
		if d := (*damage)(nil); errors.As(err, &d) {
			return tail{}, s.corrupt(s.off, d.reason)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return tail{}, err
		}
		if s.last > zxid {
			break
		}
		t.last, t.end = s.last, s.off
	}
	if t.last == 0 {
		return t, nil
	}
	return t, l.shorten(s, t.end)
}

// shorten moves the mark down before it cuts: in the other order a crash could leave a file
// that ends before its mark, which is how rot looks.
func (l *Log) shorten(s *scanner, end int64) error {
	w, err := l.fs.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if s.marked && s.mark > end {
		err = writeMark(w, end)
	}
	if err == nil {
		err = w.Truncate(end)
	}
	if err == nil {
		err = w.Sync()
	}
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	return err
}
