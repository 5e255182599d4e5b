package zkcli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/shell/zkcmd"
)

func (f *Front) addAuth(ctx context.Context, l line) error {
	var auth []byte
	if len(l.args) > 1 {
		auth = []byte(l.args[1])
	}
	err := f.now.AddAuth(ctx, l.args[0], auth)
	if errors.Is(err, zkproto.AuthFailed) {
		f.settle(ctx) // the event says so
		f.silence(ctx, f.now)
		return errSaid
	}
	return failed("", err)
}

func (f *Front) whoAmI(ctx context.Context, _ line) error {
	infos, err := f.now.WhoAmI(ctx)
	if err != nil {
		return failed("", err)
	}
	fmt.Fprintln(f.out, "Auth scheme: User")
	for _, info := range infos {
		fmt.Fprintf(f.out, "%s: %s\n", info.Scheme, info.User)
	}
	return nil
}

func (f *Front) sync(ctx context.Context, l line) error {
	if err := zkproto.ValidatePath(l.path()); err != nil {
		return failed(l.path(), err)
	}
	err := f.ready(ctx)
	if err == nil {
		err = f.now.Sync(ctx, l.path())
	}
	var code zkproto.Code
	switch {
	case err == nil:
		fmt.Fprintln(f.out, "Sync is OK")
		return nil
	case errors.As(err, &code):
		fmt.Fprintf(f.out, "Sync has failed. rc=%d\n", int32(code))
		return errSaid
	}
	return failed(l.path(), err)
}

func (f *Front) version(_ context.Context, l line) error {
	if len(l.args) > 0 {
		return f.row("version").usageError()
	}
	fmt.Fprintln(f.out, "ZooKeeper CLI version: "+f.cfg.Version())
	return nil
}

func (f *Front) config(ctx context.Context, l line) error {
	const path = "/zookeeper/config"
	if err := f.ready(ctx); err != nil {
		return failed(path, err)
	}
	data, stat, err := f.now.Config(ctx, f.watch(l.has("w")))
	if err != nil {
		return failed(path, err)
	}
	if data == nil {
		data = []byte("null")
	}
	if l.has("c") {
		config := zkcmd.ParseConfig(string(data))
		var clients []string
		for _, s := range config.Servers {
			clients = append(clients, s.Client)
		}
		fmt.Fprintln(f.out, config.Version+" "+strings.Join(clients, ","))
	} else {
		fmt.Fprintln(f.out, string(data))
	}
	if l.has("s") {
		return f.printStat(ctx, stat)
	}
	return nil
}

func (f *Front) reconfig(ctx context.Context, l line) error {
	whole := l.has("file") || l.has("members")
	if !whole && !l.has("add") && !l.has("remove") {
		return f.row("reconfig").usageError()
	}
	from := int64(-1)
	if l.has("v") {
		var err error
		if from, err = strconv.ParseInt(l.values["v"], 16, 64); err != nil {
			return failuref("-v must be followed by a long (configuration version)")
		}
	}
	switch {
	case whole && (l.has("add") || l.has("remove")):
		return failuref("Can't use -file or -members together with -add or -remove (mixing incremental" +
			" and non-incremental modes is not allowed)")
	case l.has("file") && l.has("members"):
		return failuref("Can't use -file and -members together (conflicting non-incremental modes)")
	}
	members := strings.ToLower(l.values["members"])
	if l.has("file") {
		var err error
		if members, err = zkcmd.ReadMembers(l.values["file"]); err != nil {
			return failuref("Error processing %s: %v", l.values["file"], err)
		}
	}
	text, stat, err := f.now.Reconfig(ctx, strings.ToLower(l.values["add"]), strings.ToLower(l.values["remove"]), members, from)
	if err != nil {
		return failed("", err)
	}
	fmt.Fprintf(f.out, "Committed new configuration:\n%s\n", text)
	if l.has("s") {
		return f.printStat(ctx, stat)
	}
	return nil
}
