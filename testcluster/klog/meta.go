package klog

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/properties"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// checkMeta compares meta.properties with the broker's own ids. A folder that has none is a new one, or an old one whose
// file was removed on purpose: it becomes this broker's. A damaged one stops the start, since nobody can say whose
// folder it is.
// Source: BrokerMetadataCheckpoint.
func (d *Dir) checkMeta() error {
	path := filepath.Join(d.o.Path, metaFile)
	text, err := storage.ReadFile(d.o.FS, path)
	if errors.Is(err, fs.ErrNotExist) {
		return d.writeMeta(path)
	}
	if err != nil {
		return err
	}
	meta, err := parseMeta(path, string(text))
	if err != nil {
		return err
	}
	if want := strconv.Itoa(int(d.o.BrokerID)); meta.broker.Value != want {
		return &MismatchError{File: path, Line: meta.broker.Line, Key: brokerKey, Have: meta.broker.Value, Want: want}
	}
	if meta.cluster.Key == "" && d.o.ClusterID != "" {
		return d.writeMeta(path)
	}
	if want := d.o.ClusterID; want != "" && meta.cluster.Value != want {
		return &MismatchError{File: path, Line: meta.cluster.Line, Key: clusterKey, Have: meta.cluster.Value, Want: want}
	}
	return nil
}

const (
	brokerKey  = "broker.id"
	clusterKey = "cluster.id"
)

// meta are the entries of meta.properties. That of the cluster may be missing: no Key.
type meta struct{ broker, cluster properties.Entry }

func parseMeta(path, text string) (meta, error) {
	bad := func(line int, format string, args ...any) (meta, error) {
		return meta{}, &FormatError{File: path, Line: line, Reason: fmt.Sprintf(format, args...)}
	}
	entries, err := properties.Parse(text)
	if wrong := (*properties.Error)(nil); errors.As(err, &wrong) {
		return bad(wrong.Line, "%s", wrong.Reason())
	}
	var m meta
	var version properties.Entry
	for _, e := range entries {
		switch e.Key {
		case "version":
			version = e
		case brokerKey:
			m.broker = e
		case clusterKey:
			m.cluster = e
		}
	}
	end := strings.Count(text, "\n") + 1
	switch id, err := strconv.ParseInt(m.broker.Value, 10, 32); {
	case version.Key == "":
		return bad(end, "there is no version: the file is damaged")
	case version.Value != "0":
		return bad(version.Line, "version %q, only 0 is known", version.Value)
	case m.broker.Key == "":
		return bad(end, "there is no %s: the file is damaged", brokerKey)
	case err != nil || id < 0:
		return bad(m.broker.Line, "%s %q is no number of a broker", brokerKey, m.broker.Value)
	}
	return m, nil
}

// writeMeta makes the folder this broker's.
func (d *Dir) writeMeta(path string) error {
	lines := fmt.Sprintf("#\nversion=0\n%s=%d\n", brokerKey, d.o.BrokerID)
	if d.o.ClusterID != "" {
		lines += fmt.Sprintf("%s=%s\n", clusterKey, d.o.ClusterID)
	}
	return storage.WriteFile(d.o.FS, path, []byte(lines))
}
