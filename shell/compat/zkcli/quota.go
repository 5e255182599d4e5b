package zkcli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/shell/zkcmd"
)

// quotaRoot is where servers keep quotas: those of /a in /zookeeper/quota/a, in two znodes.
const quotaRoot = "/zookeeper/quota"

func limitsPath(path string) string { return quotaRoot + path + "/zookeeper_limits" }
func statsPath(path string) string  { return quotaRoot + path + "/zookeeper_stats" }

func (f *Front) setQuota(ctx context.Context, l line) error {
	path := l.path()
	if strings.HasPrefix(path, quotaRoot) {
		return failuref("cannot set a quota under the path: %s", quotaRoot)
	}
	limits, err := askedLimits(l)
	if err != nil {
		return err
	}
	if path == "/" { // as Apache's, which looks for /zookeeper/quota/
		return failuref("Path must not end with / character")
	}
	limits, err = zkcmd.SetLimits(ctx, f.now, path, limits)
	var conflict *zkcmd.QuotaConflictError
	switch {
	case errors.As(err, &conflict):
		return failuref("%s %s", path, strings.TrimPrefix(conflict.Error(), "it "))
	case errors.Is(err, zkproto.NoNode):
		return failuref("%s does not exist.", path)
	case err != nil:
		return failed(path, err)
	}
	return f.warnOfUse(ctx, path, limits)
}

// askedLimits reads the one flag of setquota.
func askedLimits(l line) (zkcmd.Limits, error) {
	limits := zkcmd.Limits{Count: -1, Bytes: -1, HardCount: -1, HardBytes: -1}
	for _, flag := range []struct {
		name  string
		bits  int
		least int64
		to    *int64
	}{
		{"n", 32, 1, &limits.Count}, {"b", 64, 0, &limits.Bytes},
		{"N", 32, 1, &limits.HardCount}, {"B", 64, 0, &limits.HardBytes},
	} {
		if !l.has(flag.name) {
			continue
		}
		n, ok := number(l.values[flag.name], flag.bits)
		switch {
		case !ok:
			return limits, failuref("NumberFormatException happens when parsing the option value")
		case n < flag.least && flag.least > 0:
			return limits, failuref("the num quota must be greater than zero")
		case n < flag.least:
			return limits, failuref("the bytes quota must be greater than or equal to zero")
		}
		*flag.to = n
	}
	return limits, nil
}

// warnOfUse tells of limits that are passed already.
func (f *Front) warnOfUse(ctx context.Context, path string, limits zkcmd.Limits) error {
	used, err := f.readQuota(ctx, statsPath(path))
	if err != nil {
		return failed(statsPath(path), err)
	}
	below := func(limit, used int64) bool { return limit > -1 && limit < used }
	if below(limits.Count, used.Count) || below(limits.HardCount, used.Count) {
		fmt.Fprintf(f.out, "[Warning]: the count quota you create is less than the existing count:%d\n", used.Count)
	}
	if below(limits.Bytes, used.Bytes) || below(limits.HardBytes, used.Bytes) {
		fmt.Fprintf(f.out, "[Warning]: the bytes quota you create is less than the existing bytes:%d\n", used.Bytes)
	}
	return nil
}

func (f *Front) readQuota(ctx context.Context, znode string) (zkcmd.Limits, error) {
	data, _, err := f.now.Get(ctx, znode, nil)
	if err != nil {
		return zkcmd.Limits{}, err
	}
	return zkcmd.ParseLimits(string(data))
}

// listQuota shows the texts of the two znodes, which are as Apache's would write them.
func (f *Front) listQuota(ctx context.Context, l line) error {
	path := l.path()
	fmt.Fprintln(f.stderr, "absolute path is "+limitsPath(path))
	for _, node := range []struct{ what, path string }{{"quota", limitsPath(path)}, {"stat", statsPath(path)}} {
		data, _, err := f.now.Get(ctx, node.path, nil)
		if errors.Is(err, zkproto.NoNode) {
			return failuref("quota for %s does not exist.", path)
		}
		if err != nil {
			return failed(node.path, err)
		}
		fmt.Fprintf(f.out, "Output %s for %s %s\n", node.what, path, data)
	}
	return nil
}

func (f *Front) delQuota(ctx context.Context, l line) error {
	path := l.path()
	limits, err := f.readQuota(ctx, limitsPath(path))
	if errors.Is(err, zkproto.NoNode) {
		fmt.Fprintln(f.out, "Quota does not exist for "+path)
		return errSaid
	}
	if err != nil {
		return failed(limitsPath(path), err)
	}
	for name, limit := range map[string]*int64{
		"n": &limits.Count, "b": &limits.Bytes, "N": &limits.HardCount, "B": &limits.HardBytes,
	} {
		if l.has(name) {
			*limit = -1
		}
	}
	if len(l.values) == 0 {
		return failed(path, zkcmd.DeleteQuota(ctx, f.now, path))
	}
	_, err = f.now.Set(ctx, limitsPath(path), []byte(limits.String()), -1)
	return failed(limitsPath(path), err)
}
