package txnlog

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// tail is the newest log file, as far as it may be read.
type tail struct {
	path  string // "": there is no log
	start zkproto.Zxid
	last  zkproto.Zxid
	end   int64 // the offset behind the last entry
}

// recoverTail makes the newest file of dir whole: it removes a file that holds no entry,
// cuts a torn end, and makes what is left durable, because what a killed process wrote may
// be in the page cache alone and is about to be built upon.
func recoverTail(fsys storage.FS, dir string, opts Options) (tail, error) {
	files, err := listFiles(fsys, dir, logPrefix)
	if err != nil {
		return tail{}, fmt.Errorf("list the transaction logs: %w", err)
	}
	for i := len(files) - 1; i >= 0; i-- {
		t, err := recoverFile(fsys, files[i], opts)
		if err != nil {
			return tail{}, err
		}
		if t.last != 0 {
			// The newest file's name may not be durable either.
			return t, fsys.SyncDir(dir)
		}
		// Apache cannot read an empty log, and the next one may need the name.
		if err := fsys.Remove(files[i].path); err != nil {
			return tail{}, fmt.Errorf("remove a transaction log without entries: %w", err)
		}
		if err := fsys.SyncDir(dir); err != nil {
			return tail{}, err
		}
		opts.Logger.Info("removed a transaction log without entries", "file", files[i].path)
	}
	return tail{}, nil
}

// recoverFile returns what the file holds once its tail is cut; last is 0 if that is nothing.
func recoverFile(fsys storage.FS, f file, opts Options) (tail, error) {
	s, err := openScanner(fsys, f.path, -1)
	if errors.Is(err, errNoEntries) {
		return tail{path: f.path, start: f.zxid}, nil
	}
	if err != nil {
		return tail{}, err
	}
	defer s.close()
	reason, err := scanTail(s)
	if err != nil {
		return tail{}, err
	}
	t := tail{path: f.path, start: f.zxid, last: s.last, end: s.off}
	if t.last == 0 {
		return t, nil
	}
	if reason != "" {
		opts.Logger.Warn("cut the torn end of a transaction log", "file", f.path, "offset", s.off,
			"bytes", s.limit-s.off, "reason", reason, "last_zxid", s.last)
	}
	if reason == "" && opts.NoSync {
		return t, nil
	}
	// A file of ours also loses the room it did not use, and what a torn batch may have left
	// there. One of Apache's keeps its shape if it is whole.
	return t, settle(fsys, s, reason != "" || s.marked)
}

// scanTail reads to the end of the entries. It returns what is wrong with the entry that
// stands there, if one does and it may be torn, or "".
func scanTail(s *scanner) (string, error) {
	for {
		_, err := s.next()
		if err == nil {
			continue
		}
		d := (*damage)(nil)
		if !errors.As(err, &d) && err != io.EOF {
			return "", err
		}
		switch {
		case d != nil && (!d.torn || s.off < s.mark):
			return "", s.corrupt(s.off, d.reason)
		case d != nil:
			return d.reason, nil
		case s.off < s.mark:
			return "", s.corrupt(s.off, endsEarly(s.mark))
		}
		return "", nil
	}
}

func endsEarly(durable int64) string {
	return fmt.Sprintf("the entries end here, but bytes up to %d were durable", durable)
}

// settle cuts the file if asked to, makes its end durable and moves the mark there.
func settle(fsys storage.FS, s *scanner, cut bool) (err error) {
	f, err := fsys.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("settle a transaction log: %w", err)
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	if cut {
		if err := f.Truncate(s.off); err != nil {
			return fmt.Errorf("cut a torn transaction log: %w", err)
		}
	}
	if s.marked {
		if err := rewrite(f, s.mark, s.off); err != nil {
			return fmt.Errorf("write a transaction log's end again: %w", err)
		}
	}
	// What is read now must be durable before the mark may say so.
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync a transaction log: %w", err)
	}
	if !s.marked || s.mark == s.off {
		return nil
	}
	return writeMark(f, s.off)
}

// rewrite writes the bytes of a part over themselves. If the last run ended because a sync
// failed, the kernel shows its bytes but holds them for saved: only new writes reach the disk.
func rewrite(f storage.File, from, to int64) error {
	buf := make([]byte, min(scanBuffer, to-from))
	for from < to {
		part := buf[:min(int64(len(buf)), to-from)]
		if _, err := f.ReadAt(part, from); err != nil {
			return err
		}
		if _, err := f.WriteAt(part, from); err != nil {
			return err
		}
		from += int64(len(part))
	}
	return nil
}

// writeMark moves a file's mark, durably.
func writeMark(f storage.File, mark int64) error {
	if _, err := f.WriteAt(appendMark(nil, mark), 8); err != nil {
		return fmt.Errorf("write a transaction log's header: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync a transaction log's header: %w", err)
	}
	return nil
}
