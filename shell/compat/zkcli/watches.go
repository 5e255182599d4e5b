package zkcli

import (
	"context"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
)

func (f *Front) addWatch(ctx context.Context, l line) error {
	if len(l.args) > 1 {
		return f.row("addWatch").usageError()
	}
	mode := zkproto.AddWatchPersistentRecursive
	if l.has("m") {
		switch strings.ToUpper(l.values["m"]) {
		case "PERSISTENT":
			mode = zkproto.AddWatchPersistent
		case "PERSISTENT_RECURSIVE":
		default:
			return f.row("addWatch").usageError()
		}
	}
	return failed(l.path(), f.now.AddWatch(ctx, l.path(), mode, f.cfg.Watch))
}

func (f *Front) removeWatches(ctx context.Context, l line) error {
	kind := zkproto.WatcherAny
	switch {
	case l.has("c"):
		kind = zkproto.WatcherChildren
	case l.has("d"):
		kind = zkproto.WatcherData
	case l.has("p"):
		kind = zkproto.WatcherPersistent
	case l.has("r"):
		kind = zkproto.WatcherPersistentRecursive
	}
	err := zkproto.ValidatePath(l.path())
	if err == nil && !l.has("l") {
		err = f.ready(ctx)
	}
	if err == nil {
		err = f.now.RemoveWatches(ctx, l.path(), kind, l.has("l"))
	}
	return failed(l.path(), err)
}
