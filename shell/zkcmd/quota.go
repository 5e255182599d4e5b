package zkcmd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zoka-project/zoka/clientproto/zkproto"
	"github.com/zoka-project/zoka/shell/command"
)

// What setquota, listquota and delquota share. Servers keep the limits of /a in the znode
// /zookeeper/quota/a/zookeeper_limits, and count what is used in zookeeper_stats beside it.

const (
	quotaRoot  = "/zookeeper/quota"
	limitsNode = "zookeeper_limits"
	statsNode  = "zookeeper_stats"
)

// Limits is the content of a limits znode, or, as far as Count and Bytes go, of a stats znode. None of a limit is
// -1. Source: org.apache.zookeeper.StatsTrack.
type Limits struct {
	Count, Bytes         int64 // soft: only logged by servers
	HardCount, HardBytes int64 // what enforceQuota makes servers refuse
}

// noLimits is the quota that limits nothing.
var noLimits = Limits{-1, -1, -1, -1}

// each returns the limits with the names that the text has for them, in its order.
func (l *Limits) each() [4]struct {
	key   string
	value *int64
} {
	return [4]struct {
		key   string
		value *int64
	}{{"count", &l.Count}, {"bytes", &l.Bytes}, {"byteHardLimit", &l.HardBytes}, {"countHardLimit", &l.HardCount}}
}

// String is the text that the limits znode holds: "count=3,bytes=-1=;byteHardLimit=-1;countHardLimit=-1". The
// second = behind the bytes makes servers before 3.7 overlook the rest.
func (l Limits) String() string {
	return fmt.Sprintf("count=%d,bytes=%d=;byteHardLimit=%d;countHardLimit=%d", l.Count, l.Bytes, l.HardBytes, l.HardCount)
}

// ParseLimits reads the text of a limits or stats znode, of any release. What it does not know is passed over.
func ParseLimits(text string) (Limits, error) {
	l := noLimits
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' }) {
		key, value, _ := strings.Cut(part, "=")
		for _, e := range l.each() {
			if e.key != key {
				continue
			}
			n, err := strconv.ParseInt(strings.TrimSuffix(value, "="), 10, 64)
			if err != nil {
				return l, fmt.Errorf("the quota's text %q has no number for %s", text, key)
			}
			*e.value = n
		}
	}
	return l, nil
}

// limitFlag is one limit as a flag.
type limitFlag struct {
	name, short, what string
	least             int64
	of                func(*Limits) *int64
}

// changed tells whether the flag was given.
func (f limitFlag) changed(fs *pflag.FlagSet) bool { return fs.Changed(f.name) }

var limitFlags = []limitFlag{
	{"count", "n", "soft limit of znodes", 1, func(l *Limits) *int64 { return &l.Count }},
	{"bytes", "b", "soft limit of bytes of data", 0, func(l *Limits) *int64 { return &l.Bytes }},
	{"hard-count", "N", "hard limit of znodes", 1, func(l *Limits) *int64 { return &l.HardCount }},
	{"hard-bytes", "B", "hard limit of bytes of data", 0, func(l *Limits) *int64 { return &l.HardBytes }},
}

// quotaPath is the znode below which the quota of path is kept.
func quotaPath(path string) string {
	if path == "/" {
		return quotaRoot
	}
	return quotaRoot + path
}

var (
	// ErrNoQuota is the error of listquota and delquota.
	ErrNoQuota = errors.New("it has no quota of its own")
	// errChroot: the session's /zookeeper is not the servers'.
	errChroot = errors.New("quotas are kept in the servers' /zookeeper, which a session below a chroot does not reach: connect without the chroot")
)

// quotaZK returns the session for commands on quotas.
func quotaZK(ctx context.Context, env *command.Env) (command.ZK, error) {
	zk, err := env.ZK(ctx)
	if err == nil && strings.Contains(strings.TrimRight(env.Session.Servers(), "/"), "/") {
		err = errChroot
	}
	return zk, err
}

// readLimits reads a limits or stats znode of path; none is [ErrNoQuota].
func readLimits(ctx context.Context, zk command.ZK, path, node string) (Limits, error) {
	data, _, err := zk.Get(ctx, zkproto.Join(quotaPath(path), node), nil)
	if errors.Is(err, zkproto.NoNode) {
		err = ErrNoQuota
	}
	if err != nil {
		return noLimits, command.At(path, err)
	}
	l, err := ParseLimits(string(data))
	return l, command.At(path, err)
}
