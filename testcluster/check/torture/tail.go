package torture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
	"github.com/zoka-project/zoka/testcluster/txnlog"
)

// What a power cut would have left is made from what kill -9 leaves. The system has kept all bytes that the node has
// written; those that it has not synced nobody can tell from outside. So nothing is touched that another may rely on:
// tear adds what a batch leaves that was never whole, and cutLone takes away only what no other node has in its log.

func (r *run) dataDir(id int) string {
	return filepath.Join(r.cluster.Dir(), "node"+strconv.Itoa(id), "data")
}

// newestLog is a node's last log file, "" of none.
func (r *run) newestLog(id int) string {
	dir := filepath.Join(r.dataDir(id), "version-2")
	files, _ := os.ReadDir(dir) // none is none
	newest, at := "", uint64(0)
	for _, f := range files {
		zxid, isLog := zxidOf(f.Name(), "log.")
		if isLog && (newest == "" || zxid > at) {
			newest, at = filepath.Join(dir, f.Name()), zxid
		}
	}
	return newest
}

func zxidOf(name, prefix string) (uint64, bool) {
	if len(name) <= len(prefix) || name[:len(prefix)] != prefix {
		return 0, false
	}
	zxid, err := strconv.ParseUint(name[len(prefix):], 16, 64)
	return zxid, err == nil
}

// tear writes the beginning of a batch behind the last entry of each node's log.
func (s *scene) tear(ids []int) {
	for _, id := range ids {
		if s.kafka != nil {
			s.try(fmt.Sprintf("the logs of the broker of node %d are torn", id), s.tearBroker(id))
		}
		path := s.newestLog(id)
		if path == "" {
			continue
		}
		err := s.tearFile(path)
		s.try(fmt.Sprintf("the tail of %s is torn", path), err)
	}
}

func (s *scene) tearFile(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	end := usedEnd(b)
	if end < logHeader {
		return nil // it was never begun, and no batch comes before the header is durable
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt(s.tornEntry(), int64(end))
	return err
}

// logHeader is the length of a log file's header.
const logHeader = 16

// usedEnd is where the entries of a log file end.
func usedEnd(b []byte) int {
	const prefix = 12
	off := logHeader
	for off+prefix < len(b) {
		length := int(binary.BigEndian.Uint32(b[off+8:]))
		if length == 0 || off+prefix+length+1 > len(b) || b[off+prefix+length] != 'B' {
			break
		}
		off += prefix + length + 1
	}
	return min(off, len(b))
}

// tornEntry is an entry as it stands in a log, of which the disk has only the beginning.
func (s *scene) tornEntry() []byte {
	txn := make([]byte, 40+s.rnd.IntN(2000))
	for i := range txn {
		txn[i] = byte(1 + s.rnd.IntN(255))
	}
	entry := binary.BigEndian.AppendUint64(nil, uint64(adler32.Checksum(txn)))
	entry = binary.BigEndian.AppendUint32(entry, uint32(len(txn)))
	entry = append(append(entry, txn...), 'B')
	return entry[:1+s.rnd.IntN(len(entry)-1)]
}

// cutLone is for when all nodes are dead: what one of them alone has in its log nobody was told of.
func (s *scene) cutLone(ids []int) {
	last := make([]zkproto.Zxid, len(ids))
	for i, id := range ids {
		var err error
		if last[i], err = s.lastLogged(id); err != nil {
			s.try(fmt.Sprintf("read the log of node %d", id), err)
			return
		}
	}
	ordered := slices.Sorted(slices.Values(last))
	second := ordered[len(ordered)-2]
	for i, id := range ids {
		if last[i] > second && second > 0 {
			s.try(fmt.Sprintf("the log of node %d loses what is above %v, it ends at %v", id, second, last[i]), s.cutLog(id, second))
		}
	}
}

// lastLogged is the last zxid that a dead node has on its disk, in its log or in a snapshot.
func (r *run) lastLogged(id int) (zkproto.Zxid, error) {
	last := zkproto.Zxid(0)
	err := r.withLog(id, func(folder *txnlog.Folder, log *txnlog.Log) error {
		snapshots, err := folder.Snapshots()
		last = log.Last()
		for _, s := range snapshots {
			last = max(last, s.Zxid)
		}
		return err
	})
	return last, err
}

// cutLog takes the transactions above a zxid out of a dead node's log: a cut of the last file as a power cut makes it,
// for as much as that file has. A node with a snapshot above is left alone: a snapshot is durable when it has its name.
func (r *run) cutLog(id int, zxid zkproto.Zxid) error {
	return r.withLog(id, func(folder *txnlog.Folder, log *txnlog.Log) error {
		snapshots, err := folder.Snapshots()
		if err != nil {
			return err
		}
		for _, s := range snapshots {
			if s.Zxid > zxid {
				return nil
			}
		}
		return log.TruncateAfter(zxid)
	})
}

// withLog opens a dead node's log, which cuts its torn tail as a start would.
func (r *run) withLog(id int, f func(*txnlog.Folder, *txnlog.Log) error) error {
	folder, err := txnlog.OpenFolder(storage.Disk(), txnlog.FolderConfig{DataDir: r.dataDir(id), NoCreate: true})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	log, err := folder.OpenLog(txnlog.Options{})
	if err != nil {
		return err
	}
	return errors.Join(f(folder, log), log.Close())
}
