package zkcli

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/shell/zkcmd"
)

func (f *Front) get(ctx context.Context, l line) error {
	watch := f.legacyWatch(l, "get", "get [-s] [-w]")
	data, stat, err := f.now.Get(ctx, l.path(), f.watch(watch))
	if err != nil {
		return failed(l.path(), err)
	}
	if data == nil {
		data = []byte("null")
	}
	switch {
	case l.has("x") && len(data) == 0:
		data = nil
	case l.has("x"):
		data = []byte(zkcmd.HexDump(data))
	case l.has("b"):
		data = []byte(base64.StdEncoding.EncodeToString(data))
	}
	f.out.Write(data)
	f.out.WriteByte('\n')
	if l.has("s") {
		return f.printStat(ctx, stat)
	}
	return nil
}

func (f *Front) ls(ctx context.Context, l line) error {
	if l.has("?") {
		fmt.Fprint(f.out, "usage: ls [options] path\n -?   help\n -R   recurse\n -s   stat\n -w   watch\n")
	}
	if len(l.args) == 0 {
		return f.row("ls").usageError()
	}
	watch := f.watch(f.legacyWatch(l, "ls", "ls [-w]"))
	if l.has("R") {
		return failedAt(walk(ctx, f.now, l.path(), watch, func(path string) {
			fmt.Fprintln(f.out, path)
		}))
	}
	names, stat, err := f.now.Children(ctx, l.path(), watch)
	if err != nil {
		return failed(l.path(), err)
	}
	fmt.Fprintf(f.out, "[%s]\n", strings.Join(names, ", "))
	if l.has("s") {
		return f.printStat(ctx, stat)
	}
	return nil
}

func (f *Front) stat(ctx context.Context, l line) error {
	watch := f.legacyWatch(l, "stat", "stat [-w]")
	stat, err := f.now.Exists(ctx, l.path(), f.watch(watch))
	if err != nil {
		return failed(l.path(), err)
	}
	return f.printStat(ctx, stat)
}

func (f *Front) allChildrenNumber(ctx context.Context, l line) error {
	n, err := f.now.AllChildrenNumber(ctx, l.path())
	if err != nil {
		return failed(l.path(), err)
	}
	fmt.Fprintln(f.out, n)
	return nil
}

func (f *Front) ephemerals(ctx context.Context, l line) error {
	prefix := "/"
	if len(l.args) > 0 {
		prefix = l.path()
	}
	err := zkproto.ValidatePath(prefix)
	var paths []string
	if err == nil {
		paths, err = f.now.Ephemerals(ctx, prefix)
	}
	if err != nil {
		return failed("", err)
	}
	fmt.Fprintf(f.out, "[%s]\n", strings.Join(paths, ", "))
	return nil
}
