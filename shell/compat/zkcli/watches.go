package zkcli

import (
	"context"
	"errors"
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
	if err := zkproto.ValidatePath(l.path()); err != nil {
		return failed(l.path(), err)
	}
	unready := f.ready(ctx)
	if unready != nil && !l.has("l") {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		cancel() // that there is no such watch is known without a server
	}
	err := f.now.RemoveWatches(ctx, l.path(), kind, l.has("l"))
	if errors.Is(err, context.Canceled) && unready != nil {
		err = unready
	}
	return failed(l.path(), err)
}
