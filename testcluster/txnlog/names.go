package txnlog

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/testcluster/storage"
)

const (
	logPrefix  = "log."
	snapPrefix = "snapshot."
	// tempPrefix comes first in the name: Apache takes snapshot.5.tmp for a snapshot.
	tempPrefix = "tmp."
)

// Compression is how a snapshot file is packed; its value is the file's extension without
// the dot, as in snapshot.compression.method.
type Compression string

const (
	Plain  Compression = ""
	Gzip   Compression = "gz"
	Snappy Compression = "snappy" // known by name only: such a file is refused
)

// file is a log or snapshot by its name.
type file struct {
	path   string
	zxid   zkproto.Zxid
	packed Compression // snapshots only
}

func logName(zxid zkproto.Zxid) string {
	return logPrefix + strconv.FormatUint(uint64(zxid), 16)
}

func snapName(zxid zkproto.Zxid, packed Compression) string {
	name := snapPrefix + strconv.FormatUint(uint64(zxid), 16)
	if packed != Plain {
		name += "." + string(packed)
	}
	return name
}

// parseName reads prefix<hex> and, for snapshots, an extension.
func parseName(name, prefix string) (file, bool) {
	rest, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return file{}, false
	}
	hex, ext, dotted := strings.Cut(rest, ".")
	zxid, err := strconv.ParseUint(hex, 16, 64)
	if err != nil {
		return file{}, false
	}
	if !dotted {
		return file{zxid: zkproto.Zxid(zxid)}, true
	}
	packed := Compression(ext)
	known := prefix == snapPrefix && (packed == Gzip || packed == Snappy)
	return file{zxid: zkproto.Zxid(zxid), packed: packed}, known
}

// listFiles returns the files with the prefix, by growing zxid.
func listFiles(fsys storage.FS, dir, prefix string) ([]file, error) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var list []file
	for _, e := range entries {
		if f, ok := parseName(e.Name(), prefix); ok && !e.IsDir() {
			f.path = filepath.Join(dir, e.Name())
			list = append(list, f)
		}
	}
	slices.SortStableFunc(list, func(a, b file) int {
		switch {
		case a.zxid < b.zxid:
			return -1
		case a.zxid > b.zxid:
			return 1
		}
		return 0
	})
	return list, nil
}

// startFor returns the index of the file in which zxid would stand: the last one that
// starts at or below it, or the first.
func startFor(files []file, zxid zkproto.Zxid) int {
	for i := len(files) - 1; i > 0; i-- {
		if files[i].zxid <= zxid {
			return i
		}
	}
	return 0
}
