package kbroker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"

	"github.com/zoka-project/zoka/clientproto/kzk"
	"github.com/zoka-project/zoka/clientproto/properties"
	"github.com/zoka-project/zoka/testcluster/storage"
)

// findID settles the broker's id: broker.id, or the one in the log folders, or a new one from ZooKeeper,
// above reserved.broker.max.id. Source: KafkaServer.getOrGenerateBrokerId.
func (b *Broker) findID(ctx context.Context) error {
	c := b.o.Config
	if b.id = c.ID; b.id >= 0 {
		return nil // the log folders say if it is another one
	}
	for _, dir := range c.LogDirs {
		id, err := storedID(b.o.FS, dir)
		if err != nil {
			return err
		}
		if id >= 0 {
			b.id = id
			return nil
		}
	}
	stat, err := b.zk.Set(ctx, kzk.BrokerSequencePath, nil, -1)
	if err != nil {
		return fmt.Errorf("generate a broker.id: %w", err)
	}
	b.id = c.ReservedMaxID + stat.Version
	return nil
}

// storedID is the broker.id in a log folder's meta.properties, -1 for none.
func storedID(fsys storage.FS, dir string) (int32, error) {
	path := filepath.Join(dir, "meta.properties")
	text, err := storage.ReadFile(fsys, path)
	if errors.Is(err, fs.ErrNotExist) {
		return -1, nil
	}
	if err != nil {
		return -1, err
	}
	entries, err := properties.Parse(string(text))
	if err != nil {
		return -1, fmt.Errorf("%s: %w", path, err)
	}
	for _, e := range entries {
		if e.Key != "broker.id" {
			continue
		}
		id, err := strconv.ParseInt(e.Value, 10, 32)
		if err != nil {
			return -1, fmt.Errorf("%s:%d: broker.id: %w", path, e.Line, err)
		}
		return int32(id), nil
	}
	return -1, nil
}
