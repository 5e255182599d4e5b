package klog

import (
	"context"

	"github.com/zoka-project/zoka/clientproto/kproto"
)

// Dir is one of a broker's log folders with all its logs.
type Dir struct{ o Options }

// Open opens a log folder.
func Open(ctx context.Context, o Options) (*Dir, error) { return &Dir{o}, nil }

func (d *Dir) Path() string                           { return d.o.Path }
func (d *Dir) Logs() []*Log                           { return nil }
func (d *Dir) Log(topic string, partition int32) *Log { return nil }
func (d *Dir) Create(topic string, partition int32, inc Incarnation) (*Log, error) {
	return nil, kproto.KafkaStorageError
}
func (d *Dir) Delete(topic string, partition int32) error { return nil }
func (d *Dir) ConfigChanged(topic string)                 {}
func (d *Dir) Close() error                               { return nil }
func (d *Dir) Abandon()                                   {}
